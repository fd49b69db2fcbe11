"""A run is renamed and described on its page, in place; two people at once lose nothing without a word."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from runs.describing import descriptions
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
OPENER = "Rename or describe"


async def opened(page: Page) -> None:
    await page.get_by_role("button", name=OPENER).click()
    await expect(page.get_by_label("Description, in plain text")).to_be_focused()


async def test_a_run_is_described_in_place(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await opened(page)
    assert await broken_rules(page) == []
    text = "first run\n<b>with</b> the xray preset"
    await page.get_by_label("Name", exact=True).fill("Lungs, second try")
    await page.get_by_label("Description, in plain text").fill(text)
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#description-text")).to_have_text(text, use_inner_text=True)
    await expect(page.locator("#revised")).to_have_text(re.compile(r"^Changed by ada, \d{4}-"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Lungs, second try")
    await expect(page).to_have_title(re.compile("Lungs, second try"))
    await expect(page.get_by_role("button", name=OPENER)).to_be_focused()
    await page.reload()
    await expect(page.locator("#description-text")).to_have_text(text, use_inner_text=True)
    await opened(page)
    await page.get_by_label("Description, in plain text").fill("not meant")
    await page.keyboard.press("Escape")
    await expect(page.locator("#description-text")).to_have_text(text, use_inner_text=True)


async def test_what_is_wrong_is_said(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    visitors.expected = re.compile("400")
    page = await visitors.visit(f"/runs/{run.pk}/")
    await opened(page)
    await page.get_by_label("Name", exact=True).fill("   ")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Give the run a name")
    await page.get_by_role("button", name="Cancel").last.click()
    await expect(page.locator("#description")).to_be_hidden()


async def test_a_change_of_somebody_else_is_shown_before_it_is_replaced(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    boss = await in_thread(User.objects.create_user, "boss", is_staff=True)
    visitors.expected = re.compile("409")
    page = await visitors.visit(f"/runs/{run.pk}/")

    async def meanwhile(words: str) -> None:
        await opened(page)
        await in_thread(lambda: descriptions.change(run.pk, boss, description=words))
        await page.get_by_label("Description, in plain text").fill("mine")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("boss changed this at")
        await expect(page.locator(".theirs")).to_contain_text(words)

    await meanwhile("theirs")
    await page.get_by_role("button", name="Take theirs").click()
    await expect(page.locator("#description-text")).to_have_text("theirs")
    await meanwhile("theirs again")
    assert (await in_thread(Run.objects.get, pk=run.pk)).description == "theirs again"
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#description-text")).to_have_text("mine")
    assert (await in_thread(Run.objects.get, pk=run.pk)).description == "mine"


async def test_others_read_and_change_nothing(visitors: Visitors, owner: User) -> None:
    def told() -> Run:
        run = story.submit(User.objects.create_user("eve"))
        descriptions.change(run.pk, run.owner, description="of eve " * 100)
        return run

    run = await in_thread(told)
    page = await visitors.visit(f"/runs/{run.pk}/", size=ViewportSize(width=390, height=844))
    await expect(page.locator("#description-text")).to_contain_text("of eve of eve")
    await expect(page.get_by_role("button", name=OPENER)).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
