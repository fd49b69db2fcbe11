"""Suspected label errors in real Chromium: listed, opened, saved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from experiments.training.data.files.catalogue import BUILTINS
from tests.browser.conftest import WIDE, Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_error_gallery import digits, natural_widths
from tests.browser.test_final_curves import LABELS, SCORES
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def opened(visitors: Visitors, owner: User, size: Any = WIDE) -> Page:
    home = Path(visitors.server.log.parent) / "home"
    run = await in_thread(lambda: digits(owner, home))
    page = await visitors.visit(f"/label-errors/?runs={run.pk}", size=size)
    await expect(page.locator("#label-words")).to_contain_text("1,200 samples", timeout=60_000)
    return page


async def test_the_most_suspicious_come_first_and_open(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    wrong = np.flatnonzero((SCORES >= 0.5) != (LABELS == 1))
    given = np.where(LABELS == 1, SCORES, 1 - SCORES)[wrong]
    worst = wrong[given.argsort(kind="stable")]
    await expect(page.locator("#label-words")).to_have_text(
        f"The first 50 of {len(wrong)} of 1,200 samples that were held out."
    )
    ids = BUILTINS["digits-is-8"].ids
    rows = page.locator("#label-list tbody tr")
    assert await rows.locator("th").all_inner_texts() == [ids[place] for place in worst[:50]]
    await expect(page.locator("#label-note")).to_contain_text("not a proof")
    await page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(min(100, len(wrong)), timeout=60_000)
    assert await broken_rules(page) == []
    async with page.expect_request(re.compile(r"/picture/\?split=test&size=large&attempt=1$")):
        await page.get_by_role("button", name=f"Look at {ids[worst[0]]}").click()
    await expect(page.locator("#picture-dialog")).to_be_visible(timeout=60_000)
    await expect(page.locator("#picture-words")).to_be_empty(timeout=60_000)
    assert await natural_widths(page, "#picture-frame") == [8]


async def test_on_a_phone_and_as_a_file(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner, NARROW)
    assert await overflow(page) <= 0
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="CSV").click()
    assert (await waiting.value).suggested_filename == "label-errors.csv"
    await page.goto(f"{visitors.server.url}/label-errors/")
    await expect(page.get_by_text("No runs are named.")).to_be_visible()
    await expect(page.locator("#label-parts")).to_be_hidden()
