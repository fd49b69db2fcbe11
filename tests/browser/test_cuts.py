"""The page of a run while its connection is gone, with a word or without one, and while its machine sleeps.

The run goes on meanwhile. `CUT_SECONDS=60` makes it long; short ones are part of every test run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count

import msgspec
import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from playwright.async_api import Browser, Page, expect

from runs.models import Run, RunEvent
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.contexts import Contexts
from tests.browser.test_live_page import chart, has_drawn, show_all_events
from tests.proxy import Proxy
from tests.realtime.writing import in_thread
from tests.servers import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
logger = logging.getLogger(__name__)
SECONDS = float(os.environ.get("CUT_SECONDS", "6"))
PATIENCE = 40_000  # milliseconds
EVENTS_A_SECOND = 10
# What is drawn, as the charts were given it.
PLOTS = """{
    let real;
    window.plots = [];
    Object.defineProperty(window, "uPlot", {
        get: () => real,
        set: (value) => (real = new Proxy(value, { construct(of, options) {
            const plot = new of(...options);
            window.plots.push(plot);
            return plot;
        } })),
    });
}"""
DRAWN = """title => {
    const ofTitle = plot => plot.root.closest("article.chart")?.querySelector("h3").innerText.startsWith(title);
    const [xs, ys] = window.plots.filter(ofTitle).at(-1).data;
    return [...xs].map((x, i) => [x, ys[i]]);
}"""


class Wire:
    """A proxy between the page and its server, and the browser's processes behind the page."""

    def __init__(self, proxy: Proxy, browser: Browser, visitors: Visitors) -> None:
        self.proxy, self.visitors, self._browser = proxy, visitors, browser

    async def renderers(self) -> list[int]:
        session = await self._browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        await session.detach()
        return [int(process["id"]) for process in processes if process["type"] == "renderer"]


@pytest_asyncio.fixture(loop_scope="session")
async def wire(browser: Browser, contexts: Contexts, shared_server: WebServer, owner: User) -> AsyncIterator[Wire]:
    proxy = Proxy(shared_server.port, random.Random(1))
    opened = Visitors(contexts, shared_server, owner, f"http://127.0.0.1:{proxy.port}")
    yield Wire(proxy, browser, opened)
    try:
        await opened.leave()
    finally:
        proxy.close()


@asynccontextmanager
async def going_on(run: Run) -> AsyncIterator[None]:
    """Let the run train for as long as the context lasts, and for `SECONDS` at least."""
    ended, began = asyncio.Event(), time.monotonic()

    async def train() -> None:
        for turn in count():
            if ended.is_set() and time.monotonic() - began > SECONDS:
                return
            batches = [story.batch(0, step, 1 / step) for step in range(100 + 2 * turn, 102 + 2 * turn)]
            await in_thread(story.tell, run, batches)
            await asyncio.sleep(2 / EVENTS_A_SECOND)

    training = asyncio.create_task(train())
    try:
        yield
    finally:
        ended.set()
        await training


@contextmanager
def asleep(processes: list[int]) -> Iterator[None]:
    """Let nothing of the page run."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


async def opened(wire: Wire, run: Run) -> tuple[Page, int]:
    """Open the page, and return the last number that it shows."""
    page = await wire.visitors.visit(f"/runs/{run.pk}/", script=PLOTS)
    last = await in_thread(story.train, run, 0)
    await has_drawn(page, last)
    await expect(page.locator("#connection")).to_have_text("Live")
    await page.evaluate("window.never = 'reloaded'")
    return page, last


async def all_is_there(page: Page, run: Run, before: int, words: str) -> None:
    """Require that each event is shown once and in order, and that the curve is what was stored."""
    last = await in_thread(story.last_seq, run)
    began = time.monotonic()
    await expect(page.locator("#connection")).to_have_text(
        f"{words}: caught up {last - before} events", timeout=PATIENCE
    )
    logger.info("%s events caught up within %.1f s", last - before, time.monotonic() - began)
    last = await in_thread(story.tell, run, [story.batch(0, 99_999, 0.25)])
    await show_all_events(page)
    await has_drawn(page, last)
    older = page.get_by_role("button", name="Show older events")
    while await older.is_visible():
        await older.click()
    seqs = await page.locator("#log li").evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    assert seqs == list(range(last, 0, -1))
    await chart(page, "Batches").scroll_into_view_if_needed()
    await expect(chart(page, "Batches").locator(".plot")).to_have_attribute(
        "aria-label", re.compile("newest 0.2500; smo")
    )
    answer = await page.request.get(f"{wire_address(page)}/api/runs/{run.pk}/series/?name=batch/loss&points=10000")
    [curve] = (await answer.json())["series"]
    samples = [list(pair) for pair in zip(curve["x"], curve["y"], strict=True)]
    assert samples == await in_thread(stored_losses, run)
    assert await page.evaluate(DRAWN, "Batches") == samples
    assert await page.evaluate("window.never") == "reloaded"
    await expect(page.locator("#connection")).to_have_text("Live", timeout=PATIENCE)


def wire_address(page: Page) -> str:
    return page.url.partition("/runs/")[0]


def stored_losses(run: Run) -> list[list[float]]:
    rows = RunEvent.objects.filter(run=run, type="batch_metrics").order_by("seq").values_list("data", flat=True)
    return [[found["step"], found["loss"]] for found in map(msgspec.json.decode, rows)]


async def test_a_connection_that_is_reset_and_refused(wire: Wire, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page, before = await opened(wire, run)
    async with going_on(run):
        wire.proxy.fail("refuse")
        await expect(page.locator("#connection")).to_contain_text("Reconnecting…")
    if SECONDS > 12:
        await expect(page.locator("#connection")).to_contain_text("Stale: no connection for")
    wire.proxy.recover()
    await all_is_there(page, run, before, "Connected again")


async def test_a_connection_that_dies_without_a_word(wire: Wire, owner: User) -> None:
    """Neither end is told; the page has heard nothing for long, asks, and gets no answer. That of all runs does too."""
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page, before = await opened(wire, run)
    listed = await wire.visitors.visit("/")
    await expect(listed.locator("#connection")).to_have_text("Live")
    began = time.monotonic()
    async with going_on(run):
        wire.proxy.fail("silence")
        await expect(page.locator("#connection")).to_contain_text("Stale: no connection for", timeout=PATIENCE)
        logger.info("noticed after %.1f s", time.monotonic() - began)
        await expect(listed.locator("#connection")).to_contain_text("Stale: no connection for", timeout=PATIENCE)
    wire.proxy.recover()
    await all_is_there(page, run, before, "Connected again")
    await expect(listed.locator("#connection")).to_have_text("Live", timeout=PATIENCE)


@pytest.mark.parametrize("connection", ["dies", "lives"])
async def test_a_machine_that_sleeps(wire: Wire, owner: User, connection: str) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page, before = await opened(wire, run)
    renderers = await wire.renderers()
    with asleep(renderers):
        async with going_on(run):
            if connection == "dies":
                wire.proxy.fail("silence")
        if connection == "dies":
            wire.proxy.recover()
    await all_is_there(page, run, before, "Awake again")
