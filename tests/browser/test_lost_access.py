"""Pages whose reader may no longer see what they show: they say so, ask nothing more, and come back with the right."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import expect

from access.default_project import DEFAULT_PROJECT
from access.models import Project
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_deleted_runs import asked_within_minutes, ended, let_in
from tests.browser.test_live_page import has_drawn
from tests.realtime.projects import move, project
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
ASKED_BEFORE = re.compile(r"^404 http://[^ ]+/api/runs/|responded with a status of 404")
"""What a page may ask for in the moment in which the right ends."""


@pytest.fixture(autouse=True)
def _asked_before(visitors: Visitors) -> None:
    visitors.expected = ASKED_BEFORE


async def test_the_page_of_a_run_that_was_moved_away_says_so_rests_and_comes_back(
    visitors: Visitors, owner: User
) -> None:
    run = await in_thread(ended, owner)
    other = await in_thread(project, "other")
    page = await visitors.visit("/")
    await page.clock.install()
    await let_in(page, f"{visitors.server.url}/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    await in_thread(move, run, other)
    notice = page.locator("#deleted .notice")
    await expect(notice).to_contain_text("You may no longer see this run: it was moved to another project, or your")
    await expect(notice.get_by_role("link", name="All runs")).to_have_attribute("href", "/")
    await expect(notice.get_by_role("button")).to_be_hidden()
    await expect(page.locator("#connection")).to_contain_text("You may no longer see this run")
    await expect(page).to_have_title(re.compile("^Gone: "))
    await expect(page.get_by_role("button", name="Run again")).to_be_hidden()
    assert await broken_rules(page) == []
    assert await asked_within_minutes(page) == []
    await in_thread(move, run, await in_thread(Project.objects.get, pk=DEFAULT_PROJECT))
    await expect(notice).to_have_count(0)
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    await expect(page.get_by_role("button", name="Run again")).to_be_visible()


async def test_a_list_loses_what_was_moved_away(visitors: Visitors, owner: User) -> None:
    stays, goes = await in_thread(lambda: [ended(owner), story.submit(owner)])
    page = await visitors.visit("/")
    rows = page.locator("#table tbody tr")
    await expect(rows).to_have_count(2)
    await in_thread(move, goes, await in_thread(project, "other"))
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text(f"{stays.pk}")
    queue = await visitors.visit("/queue/")
    await expect(queue.locator("#queue-count")).to_have_text("0 waiting, 0 running")


async def test_the_page_of_a_run_without_a_websocket_says_that_it_is_gone(visitors: Visitors, owner: User) -> None:
    """It cannot tell a deleted run from one that its reader may not see, and says both."""
    run: Run = await in_thread(story.submit, owner)
    block = "window.WebSocket = class { constructor() { setTimeout(() => this.onclose({ code: 1006 })); } close() {} }"
    page = await visitors.visit(f"/runs/{run.pk}/", script=block)
    await expect(page.locator("#connection")).to_contain_text("Live, without WebSocket", timeout=30_000)
    await in_thread(move, run, await in_thread(project, "other"))
    await in_thread(story.start, run)
    await expect(page.locator("#connection")).to_contain_text("eleted, or you may no longer see it", timeout=30_000)
    await expect(page.locator("#deleted .notice")).to_contain_text("was deleted, or you may no longer see it")
