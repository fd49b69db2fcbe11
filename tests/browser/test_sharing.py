"""Sharing in Chromium: a link is made on the page of a run, opened by a stranger, and revoked; pages of projects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.async_api import expect

from access import members
from access.default_project import DEFAULT_PROJECT
from access.roles import Role
from accounts.models import ShareLink
from tests.browser.conftest import WIDE, Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_final_curves import evaluated
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_run_is_shared_read_by_a_stranger_and_shared_no_more(visitors: Visitors, owner: User) -> None:
    run = await in_thread(evaluated, owner, Path(visitors.server.log.parent) / "home")
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("html")).to_have_attribute("data-settled", "")  # its scripts are there
    await page.get_by_role("button", name="Share", exact=True).click()
    await page.get_by_role("button", name="Make a link").click()
    link = await page.get_by_role("textbox", name="The link").input_value()
    assert await broken_rules(page) == []
    await page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await page.context.clear_cookies()  # a stranger now
    for size in (NARROW, WIDE):
        await page.set_viewport_size(size)
        await page.goto(link)
        await expect(page.get_by_role("heading", name="Statistics of each split")).to_be_visible()
        await expect(page.locator("#roc-words")).to_contain_text("AUROC")
        await expect(page.locator("#lead-curves .card").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
        assert await broken_rules(page) == [], size
    await in_thread(ShareLink.objects.update, revoked_at=timezone.now())
    visitors.expected = re.compile("410")
    await page.goto(link)
    await expect(page.get_by_role("heading", name="This link shows nothing")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
async def test_an_admin_adds_a_member(visitors: Visitors, owner: User, dark: bool) -> None:
    await in_thread(members.set_role, DEFAULT_PROJECT, owner, Role.ADMIN)
    await in_thread(User.objects.create_user, "a-rather-long-name-that-has-to-be-broken-somewhere")
    page = await visitors.visit("/", dark=dark)
    await page.get_by_role("link", name="Projects", exact=True).click()
    await page.get_by_role("link", name="Default").click()
    await page.get_by_label("User name").fill("a-rather-long-name-that-has-to-be-broken-somewhere")
    await page.get_by_label("Role", exact=True).select_option("viewer")
    await page.get_by_role("button", name="Add member").click()
    await expect(page.get_by_role("status")).to_contain_text("is viewer of this project now")
    for size in (NARROW, WIDE):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
        assert await broken_rules(page) == [], size
