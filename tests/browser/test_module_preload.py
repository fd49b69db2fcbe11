"""What a page asks for in advance is what its scripts import: Chromium says which those are, once without the links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, Request, Route, expect

from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINK = re.compile(r'<link rel="modulepreload" href="([^"]+)">')
SCRIPT = re.compile(r'<script [^>]*\bsrc="([^"]+)"')


async def test_the_links_are_what_the_scripts_import(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    page = await visitors.visit("/")
    await expect(page.locator("tbody tr")).to_have_count(1)
    for path in ("/", f"/runs/{run.pk}/", f"/compare/?runs={run.pk}", "/new/", "/datasets/"):
        html = await (await page.request.get(visitors.server.url + path)).text()
        linked, named = set(LINK.findall(html)), set(SCRIPT.findall(html))
        assert linked, path
        assert await asked_for_without_links(page, visitors.server.url + path) - named == linked - named, path


async def asked_for_without_links(page: Page, url: str) -> set[str]:
    """Return the scripts that Chromium finds by itself."""
    found: set[str] = set()

    def heard(request: Request) -> None:
        if request.resource_type == "script":
            found.add(urlsplit(request.url).path)

    async def strip(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=LINK.sub("", await answer.text()))

    page.on("request", heard)
    await page.route(url, strip)
    await page.goto(url, wait_until="networkidle")
    await page.unroute(url)
    page.remove_listener("request", heard)
    return found
