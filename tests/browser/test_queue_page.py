"""Pausing the queue, in real Chromium: staff do it on the page of all runs, and everybody reads of it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.async_api import expect

from runs.models import Queue
from runs.scheduling import workers
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_staff_pause_the_queue_and_let_it_go_on(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    await in_thread(_promote, owner)
    page = await visitors.visit("/")
    await page.get_by_role("button", name="Pause the queue").click()
    await expect(page.locator("#queue")).to_contain_text("ada paused the queue")
    assert await in_thread(_paused)
    waiting = await visitors.visit(f"/runs/{run.pk}/")
    await expect(waiting.locator("#queue")).to_contain_text("ada paused the queue", timeout=15_000)
    await page.get_by_role("button", name="Resume the queue").click()
    await expect(page.locator("#queue")).to_be_hidden()
    assert not await in_thread(_paused)
    await expect(waiting.locator("#queue")).to_be_hidden(timeout=15_000)


async def test_others_only_read_of_it(visitors: Visitors, owner: User) -> None:
    page = await visitors.visit("/")
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await expect(page.get_by_role("button", name="Pause the queue")).to_have_count(0)


def _promote(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)


def _paused() -> bool:
    return Queue.objects.filter(paused=True).exists()


async def test_a_waiting_run_shows_its_place_and_is_moved(visitors: Visitors, owner: User) -> None:
    """Two pages: one moves its run, the other one, whose run was before it, follows without a reload."""
    runs = [await in_thread(story.submit, owner) for _ in range(2)]
    first, second = [await visitors.visit(f"/runs/{run.pk}/") for run in runs]
    await expect(first.locator("#facts dt:visible")).to_have_text(["Data", "Model"])  # the rest is not known yet
    await expect(first.locator("#doing")).to_contain_text("Number 1 in the queue")
    await expect(first.locator("#doing")).to_contain_text("No worker is running")
    await expect(second.locator("#doing")).to_contain_text("Number 2 in the queue")
    await second.get_by_role("button", name="To the front of the queue").click()
    await expect(second.locator("#doing")).to_contain_text("Number 1 in the queue")
    await expect(first.locator("#doing")).to_contain_text("Number 2 in the queue", timeout=4_000)
    await in_thread(workers.register, "here:1", "here", 1, [])
    await expect(second.locator("#doing")).to_contain_text("starts within a minute", timeout=15_000)
    await expect(second.locator("#doing")).to_contain_text("waiting since")


async def test_staff_move_runs_in_the_list(visitors: Visitors, owner: User) -> None:
    runs = [await in_thread(story.submit, owner) for _ in range(2)]
    await in_thread(_promote, owner)
    page = await visitors.visit("/")
    row = page.locator(f"tr[data-run='{runs[1].pk}']")
    await expect(row).to_contain_text("Number 2 in the queue")
    await row.get_by_role("button", name="Up by one: before the run in front of it").click()
    await expect(row).to_contain_text("Number 1 in the queue")
    await expect(page.locator(f"tr[data-run='{runs[0].pk}']")).to_contain_text("Number 2 in the queue")
