"""The operating points of a run on its page, in real Chromium."""

from __future__ import annotations

import asyncio
import re

import msgspec
import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Route, ViewportSize, expect

from runs.events import FinalStats
from runs.models import Run
from runs.statistics.operating_points.applying import applied_points
from runs.statistics.operating_points.choosing import chosen_points
from runs.statistics.predictions import evaluated, scores_from_logits
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_datasets_pages import overflow
from tests.realtime.writing import in_thread
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def finals() -> list[FinalStats]:
    """Build both splits of a run that finds far less on test than on validation."""
    labels, random = np.arange(400) % 2, np.random.default_rng(5)
    splits = [
        evaluated(scores_from_logits(random.normal(size=400) + shift * labels), labels, threshold=0.5)
        for shift in (3.0, 0.5)
    ]
    chosen = chosen_points(splits[0], 0.5)
    val = msgspec.structs.replace(story.final(0), operating_points=chosen)
    test = msgspec.structs.replace(val, split="test", operating_points=applied_points(splits[1], chosen))
    return [val, test]


async def test_operating_points_are_on_the_page_of_a_run(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    section = page.get_by_role("region", name="Operating points", exact=True)
    await expect(section).to_be_hidden()
    await in_thread(lambda: (story.tell(run, list(finals())), story.end(run)))
    rows = section.locator("tbody tr")
    await expect(rows).to_have_count(12)
    await expect(rows.nth(0)).to_contain_text("The run's own threshold0.5Validation")
    await expect(rows.nth(3)).to_contain_text("Sensitivity at least 95 %")
    await expect(rows.nth(3)).to_contain_text("Test")
    note = section.locator("li", has_text="Sensitivity at least 95 %: Sensitivity falls from 9")
    await expect(note).to_contain_text("more than chance explains.")
    await page.reload()
    await page.mouse.move(2, 2)  # what is below the first screen comes with the reader
    await expect(rows).to_have_count(12)
    await page.set_viewport_size(ViewportSize(width=390, height=900))
    assert await overflow(page) == 0
    assert await section.get_by_role("table").locator("..").evaluate("node => node.offsetHeight") <= 480
    assert await broken_rules(page) == []


async def test_the_points_of_an_attempt_that_is_over_are_not_drawn_of_the_next(visitors: Visitors, owner: User) -> None:
    """The server answers when the run has begun again; so of the matrices of its epochs."""
    visitors.expected = re.compile("404")  # what it asked for of the results that are void then
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    answered = asyncio.Event()
    asked: list[str] = []
    held: set[str] = set()

    async def late(route: Route) -> None:
        asked.append(name := route.request.url.split("?")[0].split("/")[-2])
        is_first = asked.count(name) == 1
        answer = await route.fetch()
        if is_first:
            held.add(name)
            await answered.wait()
        await route.fulfill(response=answer)

    await page.route(re.compile(r"/(operating-points|epoch-matrices)/(\?|$)"), late)
    await in_thread(lambda: (story.train(run, 0), story.train(run, 1), story.tell(run, finals()), story.end(run)))
    await expect(page.locator("#results .matrix").first).to_be_visible()
    await page.locator("#epoch-matrix").scroll_into_view_if_needed()
    await in_thread(eventually, lambda: {"operating-points", "epoch-matrices"} <= held)
    await in_thread(Run.objects.filter(pk=run.pk).update, status="queued")
    again = await in_thread(story.start, run)
    await in_thread(story.train, again, 0)
    await expect(page.locator("#epoch-matrix-words")).to_contain_text("Epoch 1 of 1")
    async with page.expect_response("**/operating-points/"), page.expect_response("**/epoch-matrices/*"):
        answered.set()
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    await expect(page.locator("#epoch-matrix-words")).to_contain_text("Epoch 1 of 1")
    await expect(page.get_by_role("region", name="Operating points", exact=True)).to_be_hidden()


async def test_a_run_without_points_says_nothing(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(lambda: (story.tell(run, [story.final(0)]), story.end(run)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    async with page.expect_response(lambda answer: answer.url.endswith("/operating-points/")):
        await page.reload()
        await page.mouse.move(2, 2)
    await expect(page.locator("#results")).to_be_visible()
    await expect(page.locator("#operating-points")).to_be_hidden()
