"""A run on paper, also by a program that opens its page and prints it at once."""

from __future__ import annotations

import asyncio
import re
from functools import partial

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, Route, ViewportSize, expect

from runs.models import Run
from tests.browser.conftest import Visitors
from tests.browser.test_saved_point import FIRST_LOAD, made
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PAPER = ViewportSize(width=688, height=1017)  # A4 without its margins, at 96 pixels per inch
MOST_PAGES = 6  # of a binary run
HASH = "sha256:" + "e9a2d5c0" * 8
COMPLETE = "html[data-complete]"
SECTIONS = (
    "#evaluation-title",
    "#curves-title",
    "#diagrams-title",
    "#net-benefit h3",
    "#results h2",
    "#operating-points-title",
    "#recalibration-title",
    "#about-title",
)


async def hashed(visitors: Visitors, owner: User) -> Run:
    run = await made(visitors, owner)
    await in_thread(lambda: Run.objects.filter(pk=run.pk).update(dataset_hash=HASH))
    return run


async def pages_of(page: Page) -> int:
    """Return on how many sheets of A4 the browser prints the page."""
    return len(re.findall(rb"/Type\s*/Page\b", await page.pdf(format="A4", prefer_css_page_size=True)))


async def printed(page: Page) -> None:
    """Expect every section on the page, as paper shows it."""
    await page.emulate_media(media="print")
    for title in SECTIONS:
        await expect(page.locator(title)).to_be_visible()
    for drawn in ("#roc path.curve", "#precision-recall path.curve", "#net-benefit-drawing path.curve"):
        assert await page.locator(drawn).get_attribute("d"), drawn
    await expect(page.locator("#operating-points-table tr").nth(3)).to_be_visible()
    assert await page.locator("article.chart:visible canvas").count() > 3


async def test_a_program_prints_all_of_it_without_a_reader(visitors: Visitors, owner: User) -> None:
    run = await hashed(visitors, owner)
    page = await visitors.visit("/datasets/", size=PAPER)
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/?print")
    await page.wait_for_selector(COMPLETE, state="attached", timeout=FIRST_LOAD)
    assert 1 < await pages_of(page) <= MOST_PAGES
    await printed(page)


async def test_a_page_that_opens_for_paper_loads_all_of_it(visitors: Visitors, owner: User) -> None:
    run = await hashed(visitors, owner)
    page = await visitors.visit("/datasets/", size=PAPER)
    await page.emulate_media(media="print")
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await page.wait_for_selector(COMPLETE, state="attached", timeout=FIRST_LOAD)
    await printed(page)


async def _late(answered: asyncio.Event, route: Route) -> None:
    await answered.wait()
    await route.continue_()


async def test_the_button_prints_when_all_of_it_is_drawn(visitors: Visitors, owner: User) -> None:
    """Also where the server takes long for the numbers, and then for what is drawn of them."""
    run = await hashed(visitors, owner)
    page = await visitors.visit("/datasets/", size=PAPER)
    await page.clock.install()
    await page.add_init_script(
        "window.print = () => "
        "(document.documentElement.dataset.paper = document.querySelector('#operating-points').hidden);"
    )
    numbers, points = asyncio.Event(), asyncio.Event()
    await page.route("**/snapshot/?*", partial(_late, numbers))
    await page.route("**/operating-points/", partial(_late, points))
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/", wait_until="domcontentloaded")
    await page.get_by_role("button", name="Print").click()
    await page.clock.fast_forward(5_000)
    await expect(page.locator("html:not([data-paper])")).to_be_attached()
    async with page.expect_request("**/operating-points/"):
        numbers.set()
    await page.clock.fast_forward(5_000)
    await expect(page.locator("html:not([data-paper])")).to_be_attached()
    await expect(page.get_by_role("button", name="Preparing")).to_be_disabled()
    points.set()
    await expect(page.locator("html")).to_have_attribute("data-paper", "false", timeout=FIRST_LOAD)
    await expect(page.get_by_role("button", name="Print")).to_be_enabled()


async def test_the_first_page_says_which_data_gave_which_result(visitors: Visitors, owner: User) -> None:
    run = await hashed(visitors, owner)
    page = await visitors.visit(f"/runs/{run.pk}/?print", size=PAPER)
    await page.wait_for_selector(COMPLETE, state="attached", timeout=FIRST_LOAD)
    await page.emulate_media(media="print")
    for part in (".data-hash", "#facts", "#decision .matrix", "#roc"):
        box = await page.locator(part).bounding_box()
        assert box, part
        assert box["y"] + box["height"] <= PAPER["height"], part
    cut = await page.locator(".data-hash").evaluate("node => node.scrollWidth > node.clientWidth + 1")
    assert not cut
    await expect(page.locator(".data-hash")).to_have_text(HASH)
