"""What a page asks for in advance is what its scripts import: Chromium says which those are, once without the links.

What scripts load later, by `import("...")`, may be asked for in advance or not.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.async_api import Page, Request, Route, expect

from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINK = re.compile(r'<link rel="modulepreload" href="([^"]+)">')
LATER = re.compile(r'\bimport\("([^"]+)"\)')
STATIC = [Path(settings.BASE_DIR, app, "static") for app in ("realtime", "experiments")]
SCRIPT = re.compile(r'<script [^>]*\bsrc="([^"]+)"')


async def test_the_links_are_what_the_scripts_import(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    page = await visitors.visit("/")
    await expect(page.locator("tbody tr")).to_have_count(1)
    for path in ("/", f"/runs/{run.pk}/", f"/compare/?runs={run.pk}", "/new/", "/datasets/"):
        html = await (await page.request.get(visitors.server.url + path)).text()
        linked, named = set(LINK.findall(html)), set(SCRIPT.findall(html))
        assert linked, path
        asked = await asked_for_without_links(page, visitors.server.url + path, linked | named)
        assert asked - named == linked - named, path


def loaded_later() -> set[str]:
    """Return the scripts that others load when they need them."""
    found = set()
    for folder in STATIC:
        for script in folder.rglob("*.js"):
            for name in LATER.findall(script.read_text()):
                found.add(f"/static/{(script.parent / name).resolve().relative_to(folder.resolve())}")
    return found


async def asked_for_without_links(page: Page, url: str, asked_at_once: set[str]) -> set[str]:
    """Return the scripts that Chromium finds by itself, without those that are loaded later and are not named."""
    found: set[str] = set()
    later = loaded_later() - asked_at_once
    assert "/static/realtime/run/log/train_log.js" in later

    def heard(request: Request) -> None:
        if request.resource_type == "script" and urlsplit(request.url).path not in later:
            found.add(urlsplit(request.url).path)

    async def strip(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=LINK.sub("", await answer.text()))

    page.on("request", heard)
    await page.route(url, strip)
    await page.route(lambda asked: urlsplit(asked).path in later, lambda route: route.abort())
    await page.goto(url, wait_until="load")
    await settled(found)
    await page.unroute_all()
    page.remove_listener("request", heard)
    return found


async def settled(found: set[str]) -> None:
    """Wait until nothing more has been found for a second: the network is never idle where a page waits for a log."""
    known = -1
    while known != len(found):
        known = len(found)
        await asyncio.sleep(1)
