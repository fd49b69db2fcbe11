"""The account page in Chromium: a token is made, shown once and revoked; it fits, and breaks no rule of axe-core."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import ViewportSize, expect

from accounts.issuing import issue
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SIZES = (NARROW, ViewportSize(width=1024, height=768), ViewportSize(width=1440, height=900))


@pytest.mark.parametrize("dark", [False, True])
async def test_a_token_is_made_shown_once_and_revoked(visitors: Visitors, owner: User, dark: bool) -> None:
    await in_thread(issue, owner, "A rather long name that has to be broken somewhere, as it is of a nightly job")
    page = await visitors.visit("/", dark=dark)
    await page.get_by_role("link", name=owner.username, exact=True).click()
    await page.get_by_label("What it is for").fill("notebook")
    await page.get_by_label("What it may do").select_option("read")
    await page.get_by_role("button", name="Make token").click()
    shown = page.get_by_label("Copy it now")
    await expect(shown).to_have_value(re.compile("^livetrain_[0-9a-f]{64}$"))
    for size in SIZES:
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
        assert await broken_rules(page) == [], size
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.get_by_role("button", name="Revoke notebook").click()
    await expect(page.get_by_role("status")).to_contain_text("The token is revoked")
    await expect(page.get_by_role("row")).to_have_count(2)
    await expect(shown).to_have_count(0)
    assert await broken_rules(page) == []
