"""The documentation in a real browser: axe-core finds nothing, its search works, its colours are the server's."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from django.conf import settings
from playwright.async_api import Page, expect

from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW, broken_rules

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("built")]
PAGES = ("", "reference/options.html", "reference/metrics.html", "explanation/architecture.html", "search.html?q=lease")


@pytest.fixture(scope="module")
def built() -> None:
    """Build the documentation where the server's process looks for it, unless `make` has built it from these files."""
    question = ["make", "--question", "docs/_build/.built"]
    if shutil.which("make") and subprocess.run(question, cwd=settings.BASE_DIR, check=False).returncode == 0:
        return
    subprocess.run([sys.executable, "-m", "docs.build"], cwd=settings.BASE_DIR, check=True, timeout=120)


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("dark", [False, True])
async def test_its_pages(visitors: Visitors, dark: bool) -> None:
    page = await visitors.visit("/help/", dark=dark)
    for path in PAGES:
        await page.goto(f"{visitors.server.url}/help/{path}")
        await expect(page.locator("h1")).to_be_visible()
        assert await broken_rules(page) == [], path
        assert await fits(page), path


async def test_its_pages_on_a_phone(visitors: Visitors) -> None:
    page = await visitors.visit("/help/", size=NARROW)
    for path in PAGES:
        await page.goto(f"{visitors.server.url}/help/{path}")
        await expect(page.locator("h1")).to_be_visible()
        assert await broken_rules(page) == [], path
        assert await fits(page), path
    contents = page.get_by_role("navigation", name="Contents of the help")
    await expect(contents).to_be_hidden()
    await page.get_by_text("Contents", exact=True).click()
    await expect(contents.get_by_role("link", name="Reference")).to_be_visible()


async def test_its_search_finds_and_shows_words(visitors: Visitors) -> None:
    page = await visitors.visit("/")
    await page.get_by_role("link", name="Help").click()
    await expect(page.get_by_role("button", name="Colours: as the system")).to_be_visible()  # the scripts have run
    await page.keyboard.press("/")
    await page.keyboard.type("near_duplicates picture")
    await page.keyboard.press("Enter")
    found = page.locator("#search-results li")
    await expect(found).to_have_count(1)
    await expect(found).to_contain_text("resized or brightened")
    assert await broken_rules(page) == []
    await found.get_by_role("link").click()
    await expect(page.locator("h1")).to_contain_text("Check data before training")


async def test_its_colours_are_those_of_the_server(visitors: Visitors) -> None:
    page = await visitors.visit("/help/")
    await page.get_by_role("button", name="Colours").click()
    await page.get_by_role("button", name="Colours").click()
    assert await page.locator("html").get_attribute("data-theme") == "dark"
    await page.get_by_role("link", name="Data sets").first.click()
    await expect(page).to_have_url(f"{visitors.server.url}/datasets/")
    assert await page.locator("html").get_attribute("data-theme") == "dark"
    await page.go_back()
    await page.reload()
    assert await page.locator("html").get_attribute("data-theme") == "dark"
