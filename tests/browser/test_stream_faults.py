"""The page of a run whose stream fails, and of one whose events are too large for a WebSocket message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from runs.events import FinalStats
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.contexts import Contexts
from tests.browser.test_live_page import PATIENCE, has_drawn, show_all_events
from tests.realtime.failing_server import FailingServer
from tests.realtime.test_large_events import CLASSES
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def failing(contexts: Contexts, tmp_path: Path, owner: User) -> AsyncIterator[tuple[Visitors, FailingServer]]:
    """Return visitors of a server that fails when it is told to."""
    with FailingServer(tmp_path) as server:
        opened = Visitors(contexts, server, owner)
        yield opened, server
        await opened.leave()
        server.kill()  # its end is not tested here


async def opened(visitors: Visitors, run: Run) -> Page:
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.train, run, 0))
    await expect(page.locator("#connection")).to_have_text("Live")
    return page


async def shows_everything_once(page: Page, last: int) -> None:
    await show_all_events(page)
    await has_drawn(page, last)
    seqs = await page.locator("#log li").evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    assert seqs == list(range(last, 0, -1))


async def test_a_stream_that_fails_is_taken_up_again(failing: tuple[Visitors, FailingServer], owner: User) -> None:
    visitors, server = failing
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await opened(visitors, run)
    await page.evaluate("window.never = 'reloaded'")
    faults = ("push", "run stream")  # of a client that has everything, and of one that is behind
    for fault in faults:
        server.fail(fault)
    number = 0
    while not any(map(server.has_failed, faults)):  # a client that waits for a frame already gets that one
        number += 1
        assert number < 20
        last = await in_thread(story.train, run, number)
        await asyncio.sleep(0.5)
    await has_drawn(page, last)
    last = await in_thread(story.train, run, number + 1)
    await shows_everything_once(page, last)
    assert await page.evaluate("window.never") == "reloaded"
    await expect(page.locator("#connection")).to_have_text("Live", timeout=PATIENCE)


async def test_the_results_of_1000_classes_come_live(visitors: Visitors, owner: User) -> None:
    """True class 0 is taken for class 1 seven times; of each other class one sample is right."""
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await opened(visitors, run)
    await page.evaluate("window.never = 'reloaded'")
    async with page.expect_response(lambda answer: "limit=1" in answer.url) as fetched:
        await in_thread(story.tell, run, [*story.epoch(1, loss=0.5, auroc=0.5), large("val"), large("test")])
    assert (await fetched.value).ok
    last = await in_thread(story.end, run)
    await shows_everything_once(page, last)
    for split in ("val", "test"):
        found = page.locator(f'.split[data-split="{split}"] .confusions')
        await expect(found.locator("tbody tr")).to_have_text(["class 0000class 00017100.0 %"])
        await expect(found.locator("caption")).to_contain_text("999 of 1,006 right.")
    assert await page.evaluate("window.never") == "reloaded"
    again = await visitors.visit(f"/runs/{run.pk}/")
    await expect(again.locator('.split[data-split="test"] .confusions tbody tr')).to_have_count(1, timeout=PATIENCE)


def large(split: str) -> FinalStats:
    """Make an evaluation that is too large for a WebSocket message."""
    size = len(CLASSES)
    matrix = [[int(row == column) for column in range(size)] for row in range(size)]
    matrix[0][0], matrix[0][1] = 0, 7
    return FinalStats(
        split=split,  # type: ignore[arg-type]  # one of the two
        epoch=1,
        threshold=None,
        confusion_matrix=matrix,
        class_names=CLASSES,
        statistics={"final_sensitivity": 0.5},
    )
