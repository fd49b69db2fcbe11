"""Pages whose run is deleted while somebody looks at them: they say so, ask nothing more, and come back with it."""

from __future__ import annotations

import asyncio
import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, Route, expect

from runs.models import Run
from runs.removal import deletion
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.contexts import Contexts
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_compare_page import compared, trained
from tests.browser.test_group_page import complete
from tests.browser.test_live_page import has_drawn, in_words
from tests.browser.test_run_tools import running
from tests.realtime.writing import come_back, in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
ASKED_BEFORE = re.compile(r"^404 http://[^ ]+/api/runs/|^410 http://[^ ]+/runs/|responded with a status of 4(04|10)")
"""What a page asks for in the moment in which its run is deleted (that it asks nothing later is a test's matter), and

the page of a run that is deleted already.
"""

GALLERY = re.compile(r"/errors/error_gallery[^/]*[.]js")


@pytest.fixture(autouse=True)
def _asked_before(visitors: Visitors) -> None:
    visitors.expected = ASKED_BEFORE


def ended(owner: User) -> Run:
    run = running(owner)
    story.end(run)
    return run


def in_training_again(run: Run) -> Run:
    come_back(run)
    return Run.objects.get(pk=run.pk)


async def let_in(page: Page, address: str) -> None:
    """Open the page of a run with a clock, and wait until the server answers on its socket: it has let the page in.

    It accepts a socket first, and then finds out who may see what; of a run that it does not find then it cannot say
    whether it was deleted.
    """
    async with page.expect_websocket(lambda one: "/ws/runs/" in one.url) as opened:
        await page.goto(address)
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    async with (await opened.value).expect_event("framereceived", lambda text: '"pong"' in text):
        await page.clock.fast_forward(6_000)  # longer than a page waits before it asks


async def asked_within_minutes(page: Page) -> list[str]:
    """Return what the page requests in the next minutes, by a clock that is turned forward."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(3):
        await page.clock.fast_forward(60_000)
        await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return asked


async def test_the_page_of_a_deleted_run_says_so_rests_and_comes_back(visitors: Visitors, owner: User) -> None:
    run = await in_thread(ended, owner)
    page = await visitors.visit("/")
    await page.clock.install()
    await let_in(page, f"{visitors.server.url}/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    await page.locator("#train-log").scroll_into_view_if_needed()
    await expect(page.locator("#train-log .note")).to_have_text("Nothing was printed yet.")
    staff = await in_thread(lambda: User.objects.create_user("eve", is_staff=True))
    await in_thread(deletion.delete, run.pk, staff)
    notice = page.locator("#deleted .notice")
    await expect(notice).to_contain_text("This run was deleted: it no longer appears in any list. You can restore it")
    await expect(notice.get_by_role("link", name="All runs")).to_have_attribute("href", "/")
    await expect(page.locator("#connection")).to_have_text("Deleted: no more events")
    await expect(page.locator("html")).to_have_attribute("data-page", "deleted")
    await expect(page).to_have_title(re.compile("^Deleted: "))
    await expect(page.get_by_role("button", name="Run again")).to_be_hidden()
    assert await broken_rules(page) == []
    assert await asked_within_minutes(page) == []
    await in_thread(deletion.restore, run.pk)
    await expect(notice).to_have_count(0)
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    await expect(page.locator("html")).to_have_attribute("data-page", "ended")
    await expect(page.get_by_role("button", name="Run again")).to_be_visible()
    again = await in_thread(in_training_again, run)
    await has_drawn(page, await in_thread(story.train, again, 2))
    assert "train: 3 values" in await in_words(page, "Loss")


async def test_what_is_drawn_late_is_not_drawn_of_a_deleted_run(visitors: Visitors, owner: User) -> None:
    """The script of the errors comes when the run has been deleted meanwhile."""
    run = await in_thread(running, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    came = asyncio.Event()

    async def late(route: Route) -> None:
        await came.wait()
        await route.continue_()

    await page.route(GALLERY, late)
    async with page.expect_request(GALLERY) as asked:
        await in_thread(story.tell, run, [story.final(1)])
        await in_thread(story.end, run)
    await in_thread(deletion.delete, run.pk, owner)
    await expect(page.locator("html")).to_have_attribute("data-page", "deleted")
    came.set()
    await page.evaluate("address => import(address)", (await asked.value).url)
    await expect(page.locator("#errors")).to_be_hidden()


async def test_a_queued_run_that_comes_back_is_said_to_be_cancelled(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#connection")).to_have_text("Live")
    await in_thread(deletion.delete, run.pk, owner)
    await expect(page.locator("#status")).to_have_text("Cancelled")
    await page.locator("#deleted").get_by_role("button", name="Restore").click()
    await expect(page.locator(".toast")).to_contain_text("is back, but cancelled: it was queued when it was deleted")
    await expect(page.locator("#deleted .notice")).to_have_count(0)
    await expect(page.locator("#notices")).to_contain_text("Cancelled because ada deleted it while it was queued")
    await expect(page.get_by_role("button", name="Run again")).to_be_visible()


async def test_who_opens_a_deleted_run_may_bring_it_back(visitors: Visitors, owner: User) -> None:
    run = await in_thread(ended, owner)
    await in_thread(deletion.delete, run.pk, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.get_by_role("heading", name=f"Run {run.pk} is deleted")).to_be_visible()
    assert await broken_rules(page) == []
    other = await visitors.visit(f"/runs/{run.pk}/")
    await expect(other.get_by_role("button", name="Restore")).to_be_visible()
    await page.get_by_role("button", name="Restore").click()
    for shown in (page, other):  # the other one hears of it
        await expect(shown.get_by_role("button", name="Run again")).to_be_visible()


async def test_who_may_not_bring_it_back_is_offered_no_way(contexts: Contexts, visitors: Visitors, owner: User) -> None:
    run = await in_thread(ended, owner)
    eve = await in_thread(User.objects.create_user, "eve")
    theirs = Visitors(contexts, visitors.server, eve)
    theirs.expected = ASKED_BEFORE
    page = await theirs.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    async with page.expect_response(re.compile("deleted=1")):
        await in_thread(deletion.delete, run.pk, owner)
    notice = page.locator("#deleted .notice")
    await expect(notice).to_contain_text("This run was deleted: it no longer appears in any list.")
    await expect(notice.get_by_role("button")).to_be_hidden()
    await theirs.leave()


async def test_the_list_says_what_became_of_queued_runs(visitors: Visitors, owner: User) -> None:
    await in_thread(lambda: [story.submit(owner), ended(owner)])
    page = await visitors.visit("/")
    await page.get_by_role("checkbox", name=re.compile("Select all|All")).first.check()
    await page.locator("#selection").get_by_role("button", name="Delete").click()
    await expect(page.locator(".toast")).to_contain_text("Deleted 2 runs. 1 of them was queued and got cancelled.")
    await page.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_contain_text("1 of them was queued when deleted, and stayed cancelled")


async def test_a_compared_run_that_is_deleted_is_named_and_comes_back(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [trained(owner, rate, 2) for rate in (0.1, 0.01, 0.001)])
    page = await compared(visitors, runs)
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    await in_thread(deletion.delete, runs[1].pk, owner)
    notice = page.locator("#gone .notice")
    await expect(notice).to_contain_text(f"Run #{runs[1].pk} Rate 0.01 was deleted. You can restore it")
    await expect(page.locator("#chips li")).to_have_count(2)
    assert await broken_rules(page) == []
    await notice.get_by_role("button", name="Restore").click()
    await expect(page.locator("#chips li")).to_have_count(3)
    await expect(notice).to_have_count(0)


async def test_a_deleted_fold_is_named_and_a_deleted_group_comes_back(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(story.submit_folds, owner, 2)
    for run in runs:
        await in_thread(complete, run)
    page = await visitors.visit(f"/groups/{runs[0].group_id}/")
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    await in_thread(deletion.delete, runs[1].pk, owner)
    await expect(page.locator("#gone .notice")).to_contain_text(f"Fold 2 (run {runs[1].pk}) was deleted.")
    await expect(page.locator("tbody tr[data-run]")).to_have_count(1)
    await expect(page.locator("tfoot")).to_contain_text("over 1 of 2 folds")
    await in_thread(deletion.delete, runs[0].pk, owner)
    await expect(page.locator("#connection")).to_have_text("Deleted: no more events")
    assert await broken_rules(page) == []
    for run in runs:
        await in_thread(deletion.restore, run.pk)
    await expect(page.locator("tbody tr[data-run]")).to_have_count(2)
    await expect(page.locator("#gone .notice")).to_have_count(0)
    await expect(page.locator("tfoot")).to_contain_text("over 2 of 2 folds")
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
