"""How often test samples were evaluated, in real Chromium: on the pages of a run, of a group, and of a comparison."""

from __future__ import annotations

import msgspec
import pytest
from django.contrib.auth.models import User
from playwright.async_api import expect

from runs.events import FinalStats
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def on_test() -> FinalStats:
    return msgspec.structs.replace(story.final(0), split="test", split_identity="a" * 64)


def complete(run: Run) -> Run:
    """Train the run for an epoch, and evaluate it on the test samples that all runs here share."""
    taken = story.start(run)
    story.train(taken, 0)
    story.tell(taken, [story.final(0), on_test()])
    story.end(taken)
    return taken


async def test_the_page_of_a_run_says_it_when_its_result_comes(visitors: Visitors, owner: User) -> None:
    await in_thread(lambda: complete(story.submit(owner)))
    run = await in_thread(story.submit, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await in_thread(complete, run)
    looks = page.locator("#result #test-looks")
    await expect(looks).to_contain_text("evaluated 2 times, by 2 runs; this was the 2nd of them")
    await page.reload()
    await expect(looks).to_be_visible()
    await expect(looks).to_contain_text("evaluated 2 times, by 2 runs; this was the 2nd of them")


async def test_a_comparison_says_what_choosing_by_test_numbers_costs(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [complete(story.submit(owner)) for _ in range(2)])
    page = await visitors.visit(f"/compare/?runs={','.join(str(run.pk) for run in runs)}")
    head = page.locator("#scores tr.group", has_text="Test split")
    await expect(head).to_contain_text("These runs share their test samples, which have been evaluated 2 times.")
    await page.get_by_role("button", name=f"Remove #{runs[0].pk}").click()
    await expect(head).to_be_visible()
    await expect(head).not_to_contain_text("share their test samples")


async def test_a_cross_validation_counts_its_folds(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [complete(run) for run in story.submit_folds(owner, 2)])
    page = await visitors.visit(f"/groups/{runs[0].group_id}/")
    test = page.locator('[data-split="test"] header')
    await expect(test).to_contain_text("evaluated 2 times, by the 2 folds of one cross-validation")
    await expect(page.locator('[data-split="val"] header')).not_to_contain_text("evaluated")
