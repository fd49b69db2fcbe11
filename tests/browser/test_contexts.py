"""A test finds nothing in its browser of what the test before it did there, although both may have the same one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.async_api import BrowserContext, Page, Route, ViewportSize

from tests.browser.conftest import WIDE, Visitors
from tests.browser.contexts import Contexts
from tests.servers import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATH = "/datasets/"
SMALL = ViewportSize(width=500, height=400)
LEAVE = """async () => {
    document.cookie = "left=1; path=/";
    localStorage.left = sessionStorage.left = window.name = "left";
    await new Promise(done => (indexedDB.open("left").onsuccess = ({ target }) => done(target.result.close())));
    await caches.open("left");
    history.pushState({}, "", "?left");
}"""
FOUND = """async () => ({
    cookie: document.cookie.includes("left"),
    storage: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
    name: window.name,
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    history: history.length,
    online: navigator.onLine,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    paper: matchMedia("print").matches,
    motion: matchMedia("(prefers-reduced-motion: reduce)").matches,
    size: [innerWidth, innerHeight, screen.width, screen.height, devicePixelRatio],
    permissions: (await navigator.permissions.query({ name: "clipboard-read" })).state,
    script: window.left,
})"""


async def answered(route: Route) -> None:
    await route.fulfill(body="left")


async def leave_much(page: Page) -> None:
    """Change everything of a page and its context that a test can."""
    context = page.context
    await page.evaluate(LEAVE)
    await page.add_init_script("window.left = 'left'")
    await page.route("**/*", answered)
    await context.route("**/*", answered)
    await context.grant_permissions(["clipboard-read"])
    await context.set_extra_http_headers({"X-Left": "1"})
    await context.set_offline(True)
    await page.set_viewport_size(SMALL)
    await page.emulate_media(color_scheme="dark", media="print", reduced_motion="no-preference")
    await context.new_page()


async def found(visitors: Visitors) -> tuple[BrowserContext, dict[str, Any], dict[str, str]]:
    """Visit a page, and return its context, what it finds, and what it asks with."""
    page = await visitors.visit(PATH)
    async with page.expect_request(re.compile(PATH)) as waiting:
        await page.reload()
    headers = await (await waiting.value).all_headers()
    return page.context, await page.evaluate(FOUND), headers


async def test_nothing_is_left_for_the_next(contexts: Contexts, shared_server: WebServer, owner: User) -> None:
    fresh = Visitors(Contexts(contexts.browser), shared_server, owner)
    new, expected, _ = await found(fresh)
    first, second = (Visitors(contexts, shared_server, owner) for _ in range(2))
    page = await first.visit(PATH)
    used = page.context
    await leave_much(page)
    await first.leave()
    context, seen, headers = await found(second)
    assert context is used
    assert context is not new
    assert seen == expected
    assert "x-left" not in headers
    assert len(context.pages) == 2  # the keeper, and the one that was opened now
    await second.leave()
    await fresh.leave()
    await new.close()


async def clock(page: Page) -> None:
    await page.clock.install()


async def kept_picture(page: Page) -> None:
    """Have an answer cached that the server may give otherwise next time."""

    async def answer(route: Route) -> None:
        await route.fulfill(body="left", headers={"Cache-Control": "private, max-age=60"})

    await page.route("**/picture", answer)
    await page.evaluate("fetch('/picture').then(answer => answer.text())")


@pytest.mark.parametrize("what", [clock, kept_picture])
async def test_what_cannot_be_taken_away_ends_with_its_context(
    visitors: Visitors, contexts: Contexts, what: Any
) -> None:
    page = await visitors.visit(PATH)
    await what(page)
    used = page.context
    await visitors.leave()
    again = await contexts.lend(WIDE, "light")
    assert again is not used
    await contexts.take_back(again)


async def test_a_script_for_all_pages_ends_with_its_context(visitors: Visitors, contexts: Contexts) -> None:
    page = await visitors.visit(PATH, script="window.left = 'left'")
    assert await page.evaluate("window.left") == "left"
    await visitors.leave()
    again = await contexts.lend(WIDE, "light")
    assert again is not page.context
    await contexts.take_back(again)
