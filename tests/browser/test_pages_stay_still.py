"""Pages of data do not jump while they open: what is drawn later stands below what is there, or comes all at once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from experiments.models import Dataset
from tests.browser.conftest import Visitors
from tests.browser.test_preflight_page import made
from tests.browser.test_reading_pages import report_of
from tests.experiments.training.readings import QUESTIONS, class_folders
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

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
