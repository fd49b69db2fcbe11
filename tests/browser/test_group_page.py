"""The page of a cross-validation in real Chromium: folds, mean and spread, true without reload."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def complete(run: Run) -> None:
    """Complete the folds with AUROC 0.9312, recall 75 %, matrix 300 24 9 27: the same for every fold."""
    taken = story.start(run)
    story.train(taken, 0)
    story.tell(taken, [story.final(0)])
    story.end(taken)


def of(page: Page, run: Run, label: str) -> str:
    return f'tr[data-run="{run.pk}"] [data-label="{label}"]'


async def test_folds_are_followed_from_queued_to_mean_and_spread(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(story.submit_folds, owner, 3)
    page = await visitors.visit(f"/groups/{runs[0].group_id}/")
    await expect(page.locator("#done")).to_have_text("0 of 3 folds completed")
    await expect(page.locator("#others")).to_have_text("3 queued")
    await expect(page.locator("#results")).to_be_hidden()
    first = await in_thread(story.start, runs[0])
    await expect(page.locator(f"{of(page, first, 'Status')} .pill")).to_have_text("In progress")
    await in_thread(story.train, first, 2)
    await expect(page.locator(of(page, first, "Progress"))).to_contain_text("42 % of 6 epochs")
    await expect(page.locator(of(page, first, "Best"))).to_contain_text("0.833")
    await expect(page.locator("#progress")).to_have_attribute("value", re.compile(r"^0\.13"))
    await in_thread(story.tell, first, [story.final(2)])
    await in_thread(story.end, first)
    await expect(page.locator("#done")).to_have_text("1 of 3 folds completed")
    await expect(page.locator(of(page, first, "AUROC"))).to_have_text("0.931")
    await expect(page.locator("tfoot")).to_contain_text("over 1 of 3 folds")
    for run in runs[1:]:
        await in_thread(complete, run)
    await expect(page.locator("#done")).to_have_text("3 of 3 folds completed")
    await expect(page.locator("tfoot")).to_contain_text("over 3 of 3 folds")
    await expect(page.locator("tfoot [data-label='Sensitivity']")).to_have_text("75.0 %± 0.0 %")
    val = page.locator('[data-split="val"]')
    await expect(val.locator("header")).to_contain_text("1,080 samples, each once")
    assert await val.locator(".matrix b").all_inner_texts() == ["900", "72", "27", "81"]
    # Of the summed matrix: 81 of 108 found, Wilson's interval 0.661 to 0.822; the mean of three equal values is exact.
    await expect(val.locator('[data-name="final_sensitivity"] td').last).to_have_text("75.0 %66.1 to 82.2 %")
    await expect(val.locator('[data-name="final_auroc_cm"] td').first).to_have_text("0.931")
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    await expect(page).to_have_title("3/3 Is it an eight? · Livetrain")


async def test_a_fold_that_failed_is_said_to_be_missing(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(story.submit_folds, owner, 2)
    await in_thread(complete, runs[0])
    page = await visitors.visit(f"/groups/{runs[0].group_id}/")
    await expect(page.locator("#notices")).to_be_empty()
    failed = await in_thread(story.start, runs[1])
    await in_thread(story.end, failed, "failed", "ValueError: it broke")
    await expect(page.locator("#notices")).to_have_text(
        "1 of 2 folds did not complete; all numbers here are over the other 1."
    )
    await expect(page.locator(of(page, failed, "Progress"))).to_have_text("ValueError: it broke")
    await expect(page.locator("tfoot")).to_contain_text("over 1 of 2 folds")


async def test_a_fold_leads_to_its_group_from_its_page_and_from_the_list(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(story.submit_folds, owner, 2)
    address = re.compile(rf"/groups/{runs[0].group_id}/$")
    page = await visitors.visit("/")
    await page.locator(f'tr[data-run="{runs[1].pk}"]').get_by_role("link", name="fold 2 of 2").click()
    await expect(page).to_have_url(address)
    await page.get_by_role("link", name="Fold 2").click()
    await expect(page).to_have_url(re.compile(rf"/runs/{runs[1].pk}/$"))
    await page.locator(".crumbs").get_by_role("link", name=f"group {runs[0].group_id}").click()
    await expect(page).to_have_url(address)


@pytest.mark.parametrize("width", [1440, 1024, 390])
async def test_it_is_no_wider_than_the_screen(visitors: Visitors, owner: User, width: int) -> None:
    runs = await in_thread(story.submit_folds, owner, 20, "Name-without-a-space" * 10)
    await in_thread(complete, runs[0])
    page = await visitors.visit(f"/groups/{runs[0].group_id}/", size=ViewportSize(width=width, height=900))
    await expect(page.locator("#results")).to_be_visible()
    await expect(page.locator("tbody tr[data-run]")).to_have_count(20)
    assert await overflow(page) == 0
