"""Pages do not jump while they open: what is drawn later stands below what is there, or comes all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from experiments.models import Dataset
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_error_gallery import SLOW, digits
from tests.browser.test_group_page import complete
from tests.browser.test_preflight_page import made
from tests.browser.test_reading_pages import report_of
from tests.experiments.training.readings import QUESTIONS, class_folders
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATIENCE = 15_000  # milliseconds
WHILE = 1_000  # milliseconds in which something may still come
NOTES = [
    {"code": "shifted_scores", "text": "In the test split the mean score of “8” is 0.668 at a prevalence of 0.5. " * 3},
    {"code": "diverged", "text": "In epoch 2 the loss was not finite. Lower optimizer.learning_rate (try 0.001)."},
    {"code": "crashed_1", "text": "Attempt 1: The training process was killed by SIGKILL."},
]
MOST = 0.1  # of Chromium's own score; up to here it is called good
WATCH = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def two_pages(owner: User) -> int:
    row = made(owner, report_of(class_folders(QUESTIONS)))
    classes = [["healthy", 620], ["ill", 580]]
    Dataset.objects.create(
        name="lungs",
        owner=owner,
        kind="folder",
        path="/data/lungs",
        state="ready",
        preflight=row,
        layout="directory",
        classes=classes,
    )
    return row.pk


async def shift_of(page: Page, drawn: str) -> float:
    await expect(page.locator(drawn).first).to_be_visible()
    await page.wait_for_load_state("networkidle")
    return float(await page.evaluate("window.shifted"))


@pytest.mark.parametrize("width", [1440, 390])
async def test_pages_of_data_stay_still(visitors: Visitors, owner: User, width: int) -> None:
    number = await in_thread(two_pages, owner)
    size = ViewportSize(width=width, height=900)
    page = await visitors.visit("/new/", size=size, script=WATCH)
    found = {"/new/": await shift_of(page, "#form[data-ready]")}
    pages = {
        "/new/?dataset=lungs": ".question",
        "/datasets/lungs/": ".question",
        f"/preflights/{number}/": "#reading .part",
    }
    for path, drawn in pages.items():
        await page.goto(visitors.server.url + path)
        found[path] = await shift_of(page, drawn)
    assert {path: shift for path, shift in found.items() if shift > MOST} == {}


def folds_and_errors(owner: User, home: Path) -> tuple[Run, Run]:
    """Make a cross-validation of two folds, and a run on the digits that keeps its predictions."""
    folds = story.submit_folds(owner, 2)
    for fold in folds:
        complete(fold)
    return folds[0], digits(owner, home)


@pytest.mark.parametrize("width", [1440, 390])
async def test_pages_of_several_runs_stay_still(visitors: Visitors, owner: User, width: int) -> None:
    home = Path(visitors.server.log.parent) / "home"
    fold, run = await in_thread(folds_and_errors, owner, home)
    size = ViewportSize(width=width, height=900)
    page = await visitors.visit("/", size=size, script=WATCH)
    pages = {
        "/": "tbody tr",
        f"/groups/{fold.group_id}/": "[data-split=val] .matrix",
        f"/label-errors/?runs={run.pk}": ".label-list tbody tr",
    }
    found = {}
    for path, drawn in pages.items():
        await page.goto(visitors.server.url + path)
        await expect(page.locator(drawn).first).to_be_visible(timeout=SLOW)
        await page.wait_for_timeout(WHILE)
        found[path] = float(await page.evaluate("window.shifted"))
    await page.context.clear_cookies()
    await page.goto(f"{visitors.server.url}/login/")
    found["/login/"] = await shift_of(page, "#id_username")
    assert {path: shift for path, shift in found.items() if shift > MOST} == {}


def runs_of_all_kinds(owner: User) -> dict[str, Run]:
    """Make runs in each state in which a page looks different."""
    names = ("completed", "in progress", "failed", "cancelled", "queued")
    runs = {name: story.submit(owner, f"Is it an eight? {name}") for name in names}
    for name in names[:-1]:
        run = runs[name] = story.start(runs[name])
        if name == "failed":
            story.end(run, "failed", "The loss is no longer a number since epoch 1: lower the learning rate.")
            continue
        for number in range(4):
            story.train(run, number)
        story.tell(run, [story.usage(), story.usage()])
        if name == "completed":
            story.tell(run, [story.early_stop(3), story.final(3)], notes=NOTES)
        if name != "in progress":
            story.end(run, name)
    return runs


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)], ids=str)
async def test_pages_of_runs_stay_still(visitors: Visitors, owner: User, size: tuple[int, int]) -> None:
    runs = await in_thread(runs_of_all_kinds, owner)
    page = await visitors.visit("/datasets/", size=ViewportSize(width=size[0], height=size[1]), script=WATCH)
    found = {}
    for name, run in runs.items():
        await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
        await expect(page.locator("html[data-settled]")).to_be_attached(timeout=PATIENCE)
        await expect(page.get_by_role("heading", name="Events")).to_be_visible()
        await page.wait_for_timeout(WHILE)
        found[name] = float(await page.evaluate("window.shifted"))
    assert {name: shift for name, shift in found.items() if shift > MOST} == {}
