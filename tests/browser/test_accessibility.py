"""No page breaks a rule of axe-core, in light or dark; all can be used from the keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from experiments.models import Dataset
from realtime.login import login_link
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
AXE = (Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js").read_text()
NARROW = ViewportSize(width=390, height=844)
# Of what breaks no rule, nothing is told: to say where each of it lies takes as long as to apply the rules.
BROKEN_RULES = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ")}`
)"""


async def broken_rules(page: Page) -> list[str]:
    """Return what axe-core finds; evaluated by the debugger, which no content policy binds."""
    await page.evaluate(AXE)
    found: list[str] = await page.evaluate(BROKEN_RULES)
    return found


async def expect_motion(page: Page, *, wished: Literal["no-preference", "reduce"]) -> None:
    """Expect that something on the page moves by itself for a reader, unless they wish for less of that.

    The wish reaches the page a moment after it is expressed.
    """
    await page.emulate_media(reduced_motion=wished)
    moves = "document.getAnimations().length > 0"
    await page.wait_for_function(moves if wished == "no-preference" else f"!({moves})")


def runs_in_every_state(owner: User) -> dict[str, Run]:
    """Create a run in each status; the completed one has all that a page can show."""
    runs = {}
    for status in ("completed", "failed", "cancelled"):
        run = story.start(story.submit(owner, f"It {status}"))
        for number in range(3):
            story.train(run, number)
        if status == "completed":
            story.tell(run, [story.early_stop(2), story.final(2)])
        story.end(run, status, None if status == "completed" else "ValueError: in words.")
        runs[status] = run
    runs["in_progress"] = story.start(story.submit(owner, "It goes on"))
    story.train(runs["in_progress"], 0)
    runs["queued"] = story.submit(owner, "It waits")
    return runs


@pytest.mark.parametrize("dark", [False, True])
async def test_runs(visitors: Visitors, owner: User, dark: bool) -> None:
    runs = await in_thread(runs_in_every_state, owner)
    page = await visitors.visit("/", dark=dark)
    await expect(page.locator("tbody tr")).to_have_count(len(runs))
    assert await broken_rules(page) == []
    for status, run in runs.items():
        await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
        await expect(page.locator("#connection")).to_contain_text("Live" if status in Run.UNFINISHED else "Ended")
        await page.mouse.move(5, 5)  # what is below the first screen comes with the reader
        await expect(page.locator("#about details").first).to_be_attached()
        if status == "completed":
            await expect(page.locator("#results .matrix")).to_be_visible()
        if status == "in_progress":
            await expect_motion(page, wished="no-preference")
            await expect_motion(page, wished="reduce")
        assert await broken_rules(page) == [], status


@pytest.mark.parametrize("dark", [False, True])
async def test_the_other_pages(visitors: Visitors, owner: User, dark: bool) -> None:
    folds = await in_thread(story.submit_folds, owner, 2)
    await in_thread(Dataset.objects.create, name="lungs", owner=owner, kind="folder", path="/data/lungs", state="ready")
    other = await in_thread(User.objects.create_user, "grace")
    link = await in_thread(login_link, other)
    page = await visitors.visit("/", dark=dark, size=NARROW)
    visitors.expected = re.compile("404")
    for path in (f"/groups/{folds[0].group_id}/", "/datasets/", "/datasets/lungs/", "/nothing/here/", link):
        await page.goto(visitors.server.url + path)
        await expect(page.locator("h1")).to_be_visible()
        assert await broken_rules(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await page.get_by_role("button", name="End that login, and log in as grace").click()
    await expect(page.locator("header form a")).to_have_text("grace")
    await page.goto("about:blank")  # what the list still asks for would be refused
    await page.context.clear_cookies()
    await page.goto(f"{visitors.server.url}/login/")
    assert await broken_rules(page) == []


async def test_colours_follow_the_switch_and_are_kept(visitors: Visitors) -> None:
    page = await visitors.visit("/", dark=True)
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    background = "getComputedStyle(document.body).backgroundColor"
    dark = await page.evaluate(background)
    switch = page.get_by_role("button", name="Colours")
    await switch.click()
    await expect(switch).to_have_attribute("title", "Colours: light")
    assert await page.evaluate(scheme) == "light"
    assert await page.evaluate(background) != dark
    await page.reload()
    assert await page.locator("html").get_attribute("data-theme") == "light"
    await switch.click()
    assert await page.evaluate(background) == dark
    await switch.click()
    await expect(switch).to_have_attribute("title", "Colours: as the system")
    await page.reload()
    assert await page.locator("html").get_attribute("data-theme") is None


async def test_keys_are_listed_and_work(visitors: Visitors) -> None:
    page = await visitors.visit("/")
    await page.keyboard.press("?")
    keys: Any = page.get_by_role("dialog", name="Keys on this page")
    await expect(keys).to_contain_text("Data sets")
    assert await broken_rules(page) == []
    await page.keyboard.press("Escape")
    await expect(keys).to_be_hidden()
    await page.keyboard.press("d")
    await expect(page).to_have_url(f"{visitors.server.url}/datasets/")
    await page.get_by_label("Path").or_(page.locator("#upload-name")).first.focus()
    await page.keyboard.type("g")
    await expect(page).to_have_url(f"{visitors.server.url}/datasets/")
