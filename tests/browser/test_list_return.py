"""Back from a run to the list, in real Chromium: the reader is where they were."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Locator, expect

from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_way_back_leads_to_the_same_row_at_the_same_place(visitors: Visitors, owner: User) -> None:
    """On the second page of a search, while a run has come that stands above."""
    runs = await in_thread(lambda: [story.submit(owner, f"Eight {number:03}") for number in range(95)])
    page = await visitors.visit("/?search=eight&ordering=-experiment_name")
    await page.get_by_role("link", name="Next page").click()
    await expect(page.locator("tbody tr")).to_have_count(45)
    row = page.locator(f'tr[data-run="{runs[20].pk}"]')
    link = row.get_by_role("link", name="Eight 020")
    await link.focus()
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    following = page.get_by_role("link", name="Eight 019")
    await expect(following).to_be_focused()
    await page.evaluate("scrollBy(0, 300)")
    before, address = await top(following), page.url
    assert await page.evaluate("scrollY") > 900
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(rf"/runs/{runs[19].pk}/$"))
    await in_thread(story.submit, owner, "Eight 044b")  # on the same page, above
    await page.go_back()
    await expect(page).to_have_url(address)
    await expect(following).to_be_focused()
    await expect(page.locator("tbody tr")).to_have_count(46)
    assert abs(await top(following) - before) < 3
    await expect(page.get_by_label(re.compile("Select run .*, Eight 019"))).to_be_checked()
    await page.keyboard.press("k")
    await expect(link).to_be_focused()
    await page.get_by_role("link", name="Runs", exact=True).click()  # a new visit, not back
    await expect(page.locator("tbody tr")).to_have_count(50)
    assert await page.evaluate("scrollY") == 0
    assert await overflow(page) == 0


async def test_groups_that_were_open_are_open_again(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(
        lambda: [story.submit(owner, f"Group {number:02}") for number in range(20) for _ in range(3)]
    )
    page = await visitors.visit("/?by=experiment")
    for name in ("Group 19", "Group 03"):
        await page.get_by_role("button", name=name).click()
    link = page.locator(f'tr[data-run="{runs[10].pk}"]').get_by_role("link", name="Group 03")
    await link.scroll_into_view_if_needed()
    before = await top(link)
    assert await page.evaluate("scrollY") > 300
    await link.click()
    await expect(page).to_have_url(re.compile(rf"/runs/{runs[10].pk}/$"))
    await page.go_back()
    await expect(link).to_be_focused()
    assert abs(await top(link) - before) < 3
    await expect(page.locator(f'tr[data-run="{runs[-1].pk}"]')).to_be_visible()


async def top(node: Locator) -> float:
    """Return the pixels from the upper edge of the window."""
    return float(await node.evaluate("node => node.getBoundingClientRect().top"))
