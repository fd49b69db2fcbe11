"""Pages whose socket begins to tell of changes long after the server has answered: they miss nothing in between."""

from __future__ import annotations

import asyncio
import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, WebSocketRoute, expect

from runs.removal import deletion
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_compare_page import trained
from tests.browser.test_deleted_runs import ended
from tests.realtime.projects import move, project
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def late_socket(visitors: Visitors) -> tuple[Page, asyncio.Event]:
    """Open a page; the server hears of its sockets of lists when the event is set."""
    page = await visitors.visit("/datasets/")
    begins = asyncio.Event()

    async def late(socket: WebSocketRoute) -> None:
        await begins.wait()
        socket.connect_to_server()

    await page.route_web_socket(re.compile("/ws/runs/$"), late)
    return page, begins


async def test_a_list_loses_what_was_moved_away_before(visitors: Visitors, owner: User) -> None:
    stays, goes = await in_thread(lambda: [ended(owner), story.submit(owner)])
    page, begins = await late_socket(visitors)
    await page.goto(visitors.server.url)
    rows = page.locator("#table tbody tr")
    await expect(rows).to_have_count(2)
    await in_thread(move, goes, await in_thread(project, "other"))
    begins.set()
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text(f"{stays.pk}")


async def test_a_comparison_loses_what_was_deleted_before_and_notes_when_it_is_back(
    visitors: Visitors, owner: User
) -> None:
    runs = await in_thread(lambda: [trained(owner, rate, 2) for rate in (0.1, 0.01)])
    page, begins = await late_socket(visitors)
    await page.goto(f"{visitors.server.url}/compare/?runs={runs[0].pk},{runs[1].pk}")
    await expect(page.locator("#chips li")).to_have_count(2)
    await expect(page.locator("#scores")).to_be_visible()
    visitors.expected = re.compile("404")  # the run is asked for, to find out
    await in_thread(deletion.delete, runs[1].pk, owner)
    begins.set()
    await expect(page.locator("#gone .notice")).to_contain_text("was deleted, or you may no longer see it")
    await expect(page.locator("#chips li")).to_have_count(1)
    await in_thread(deletion.restore, runs[1].pk)
    await expect(page.locator("#chips li")).to_have_count(2)
