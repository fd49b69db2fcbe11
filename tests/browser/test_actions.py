"""The buttons of the live page, in real Chromium: what they offer in each state, and what comes of pressing them."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from runs import lifecycle
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def offers(page: Page, *words: str) -> None:
    await expect(page.locator("#actions button")).to_have_text(list(words), timeout=15_000)


async def press(page: Page, words: str) -> None:
    await page.locator("#actions").get_by_role("button", name=words, exact=True).click()


async def test_a_run_is_finished_then_cancelled_then_killed(visitors: Visitors, owner: User) -> None:
    run = await in_thread(_running, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await offers(page, "Finish now", "Cancel")
    await press(page, "Finish now")
    await offers(page, "Finish run", "Go back")
    question = page.locator("#actions span")
    await expect(question).to_have_text(
        "Stop in epoch 2 of 6 and evaluate the best epoch? A finished run cannot be resumed."
    )
    await in_thread(story.train, run, 1)
    await expect(question).to_contain_text("Stop in epoch 3 of 6", timeout=15_000)
    await press(page, "Go back")
    await offers(page, "Finish now", "Cancel")
    assert await in_thread(lifecycle.renew, run.pk, run.attempt) != "finish"
    await press(page, "Finish now")
    await press(page, "Finish run")
    await offers(page, "Cancel")
    await expect(page.locator("#doing")).to_contain_text("finishing early")
    assert await in_thread(lifecycle.renew, run.pk, run.attempt) == "finish"
    await press(page, "Cancel")
    await offers(page, "Cancel run", "Go back")
    await press(page, "Go back")
    await offers(page, "Cancel")
    await press(page, "Cancel")
    await press(page, "Cancel run")
    await expect(page.locator("#status")).to_have_text("Cancelling")
    await offers(page, "Kill")
    await press(page, "Kill")
    await press(page, "Kill run")
    await offers(page)
    assert await in_thread(lifecycle.renew, run.pk, run.attempt) == "kill"
    await in_thread(story.end, run, "cancelled", "Killed by ada.")
    await expect(page.locator("#status")).to_have_text("Cancelled")
    await offers(page, "Run again")


async def test_a_failed_run_is_resumed_and_run_again(visitors: Visitors, owner: User) -> None:
    run = await in_thread(_failed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await offers(page, "Resume", "Run again")
    await press(page, "Run again")
    await page.wait_for_url(re.compile(rf"/runs/{run.pk + 1}/$"))
    await expect(page.get_by_role("link", name=f"run {run.pk}")).to_be_visible()
    await offers(page, "Cancel")
    await press(page, "Cancel")
    await press(page, "Cancel run")
    await expect(page.locator("#status")).to_have_text("Cancelled")
    await page.go_back()
    await offers(page, "Resume", "Run again")
    await press(page, "Resume")
    await expect(page.locator("#status")).to_have_text("Queued")
    await offers(page, "Cancel")


async def test_a_refusal_is_said_in_words(visitors: Visitors, owner: User) -> None:
    visitors.expected = re.compile(r"409 .*/finish/|status of 409")
    run = await in_thread(_running, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await offers(page, "Finish now", "Cancel")
    await page.route("**/ws/**", lambda route: route.abort())
    await page.route(
        "**/finish/", lambda route: route.fulfill(status=409, json={"detail": "Run 1 is completed: nothing to stop."})
    )
    await press(page, "Finish now")
    await press(page, "Finish run")
    await expect(page.get_by_role("alert")).to_have_text("Run 1 is completed: nothing to stop.")


async def test_whoever_may_not_act_is_offered_nothing(visitors: Visitors, owner: User) -> None:
    run = await in_thread(_running, owner)
    await in_thread(_give_away, run)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#status")).to_have_text("In progress")
    await expect(page.locator("#actions")).to_have_count(0)


def _running(owner: User) -> Run:
    run = story.start(story.submit(owner))
    story.train(run, 0)
    return run


def _failed(owner: User) -> Run:
    run = _running(owner)
    story.end(run, "failed", "It broke.")
    Run.objects.filter(pk=run.pk).update(last_checkpoint="checkpoints/a1/epoch0000.ckpt", last_checkpoint_epoch=0)
    return run


def _give_away(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(owner=User.objects.create_user("bob"))
