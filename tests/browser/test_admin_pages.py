"""The admin's pages of runs and groups in real Chromium, on the screen of a phone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.async_api import expect

from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW
from tests.browser.test_group_page import complete
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
CUT = """nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1)
    .map(node => node.className + " " + node.getAttribute("aria-label"))"""


def folds(owner: User) -> Run:
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    runs = story.submit_folds(owner, 2)
    for run in runs:
        complete(run)
    return runs[0]


async def test_no_table_is_cut_off(visitors: Visitors, owner: User) -> None:
    run = await in_thread(folds, owner)
    page = await visitors.visit("/admin/runs/run/", size=NARROW)
    row = page.locator("#result_list tbody tr").first
    assert await page.locator(".results").evaluate_all(CUT) == []
    name = await row.locator(".field-auroc").evaluate("node => getComputedStyle(node, '::before').content")
    assert name == '"AUROC"'
    await expect(page.locator("#result_list thead .column-auroc a")).to_be_visible()  # it can still be sorted by
    for address in (f"/admin/runs/run/{run.pk}/change/", f"/admin/runs/rungroup/{run.group_id}/change/"):
        await page.goto(visitors.server.url + address)
        assert await page.locator(".lt-scroll").evaluate_all(CUT) == [], address
        assert await overflow(page) == 0, address
