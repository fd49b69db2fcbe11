"""The list of runs in real Chromium: true without reload."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CONTRAST_PAIRS = [
    ("--text", "--bg"),
    ("--text", "--surface"),
    ("--muted", "--bg"),
    ("--muted", "--surface"),
    ("--accent", "--bg"),
    ("--accent", "--surface"),
    ("--accent-text", "--accent"),
    ("--ok", "--ok-bg"),
    ("--run", "--run-bg"),
    ("--warn", "--warn-bg"),
    ("--bad", "--bad-bg"),
    ("--bad", "--bg"),
    ("--idle", "--idle-bg"),
    ("--best", "--surface"),
]
LUMINANCES = """names => {
    const probe = document.body.appendChild(document.createElement("i"));
    return names.map(name => {
        probe.style.color = `var(${name})`;
        const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(part => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    });
}"""


async def test_runs_come_and_change_without_reload(visitors: Visitors, owner: User) -> None:
    page = await visitors.visit("/")
    await expect(page.locator("#empty")).to_be_visible()
    await expect(page.locator("#empty")).to_contain_text("curl http://127.0.0.1")
    run = await in_thread(story.submit, owner)
    row = page.locator(f'tr[data-run="{run.pk}"]')
    await expect(row.locator(".pill")).to_have_text("Queued")
    await expect(page.locator("#empty")).to_be_hidden()
    run = await in_thread(story.start, run)
    await expect(row.locator(".pill")).to_have_text("In progress")
    await in_thread(story.train, run, 2)
    await expect(row.locator(".wide")).to_contain_text("42 % of 6 epochs · about 1 min 15 s left")
    await expect(row.locator("progress")).to_have_attribute("value", re.compile(r"^0\.41"))
    await in_thread(story.tell, run, [story.final(2)])
    await in_thread(story.end, run)
    await expect(row.locator(".pill")).to_have_text("Completed")
    await expect(row.locator("[data-label='Final AUROC']")).to_have_text("0.9312")
    await expect(row.locator("[data-label='Final recall']")).to_have_text("75.0 %")
    await expect(row.locator("progress")).to_be_hidden()


async def test_filters_and_names(visitors: Visitors, owner: User) -> None:
    eight = await in_thread(story.submit, owner, "Is it an eight?")
    nine = await in_thread(lambda: story.start(story.submit(owner, "Nine & more")))
    page = await visitors.visit("/")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.get_by_label("Status").select_option("in_progress")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator(f'tr[data-run="{nine.pk}"]')).to_be_visible()
    await in_thread(story.end, nine)
    await expect(page.locator("#none")).to_be_visible()
    await page.get_by_role("link", name="Clear").click()
    await page.get_by_label("Name").fill("EIGHT")
    await page.get_by_label("Name").press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("link", name="Is it an eight?").click()
    await expect(page).to_have_url(re.compile(rf"/runs/{eight.pk}/$"))


async def test_older_runs_are_on_further_pages(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [story.submit(owner, f"Run {number}") for number in range(60)])
    page = await visitors.visit("/")
    newest = page.locator(f'tr[data-run="{runs[-1].pk}"]')
    await expect(newest).to_be_visible()
    shown = await page.locator("tbody tr").count()
    assert 0 < shown < 60
    await page.get_by_role("link", name="Older").click()
    await expect(page.locator(f'tr[data-run="{runs[-1 - shown].pk}"]')).to_be_visible()
    await expect(newest).to_have_count(0)
    await page.get_by_role("link", name="Newer").click()
    await expect(newest).to_be_visible()


async def test_the_list_and_a_group_outlive_their_server(visitors_of_own_server: Visitors, owner: User) -> None:
    visitors = visitors_of_own_server
    run, _ = await in_thread(lambda: [story.start(fold) for fold in story.submit_folds(owner, 2)])
    pages = [await visitors.visit("/"), await visitors.visit(f"/groups/{run.group_id}/")]
    rows = [page.locator(f'tr[data-run="{run.pk}"]') for page in pages]
    for row in rows:
        await expect(row.locator(".pill")).to_have_text("In progress")
    await in_thread(visitors.server.kill)
    for page in pages:
        await expect(page.locator("#connection")).to_contain_text("Reconnecting")
    await in_thread(story.tell, run, [story.final(0)])
    await in_thread(story.end, run)
    await in_thread(visitors.server.start)
    for row in rows:
        await expect(row.locator(".pill")).to_have_text("Completed", timeout=20_000)
    await expect(pages[1].locator("tfoot")).to_contain_text("over 1 of 2 folds")


async def test_text_can_be_read_in_light_and_dark(visitors: Visitors) -> None:
    """WCAG AA: 4.5 to 1."""
    for dark in (False, True):
        page = await visitors.visit("/", dark=dark)
        names = sorted({name for pair in CONTRAST_PAIRS for name in pair})
        light = dict(zip(names, await page.evaluate(LUMINANCES, names), strict=True))
        for pair in CONTRAST_PAIRS:
            low, high = sorted(light[name] for name in pair)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (pair, dark)


@pytest.mark.parametrize("width", [1440, 1024, 390])
async def test_no_page_is_wider_than_the_screen(visitors: Visitors, owner: User, width: int) -> None:
    def told() -> int:
        run = story.start(story.submit(owner, "Name-without-a-space" * 10, max_epochs=6))
        story.train(run, 0)
        story.tell(run, [story.final(0)])
        story.end(run, "failed", "SomeVeryLongExceptionNameWithoutASpace" * 5)
        return run.pk

    run_id = await in_thread(told)
    size = ViewportSize(width=width, height=900)
    listed = await visitors.visit("/", size=size)
    await expect(listed.locator("tbody tr")).to_have_count(1)
    live = await visitors.visit(f"/runs/{run_id}/", size=size)
    await expect(live.locator("#results")).to_be_visible()
    for page in (listed, live):
        assert await overflow(page) == 0


async def overflow(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
