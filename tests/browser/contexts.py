"""Browser contexts that tests take in turns: the next one finds scripts and styles cached, and nothing else.

A new context starts with an empty cache, so each test would fetch the same files as the one before. Their readers have
asked for less motion: the dot of a run in progress, which breathes, is otherwise drawn sixty times a second, most of
what a page takes while a test waits.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Literal, NamedTuple

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Response, ViewportSize

Scheme = Literal["dark", "light"]
Look = tuple[int, int, Scheme]
FRESH = re.compile(r"max-age=[1-9]|immutable")
STATIC = "/static/"


class Kept(NamedTuple):
    """A context with a page of its own, which is never shown and outlives those of the tests."""

    context: BrowserContext
    keeper: Page
    session: CDPSession


class Contexts:
    """Lends contexts of one browser; one that comes back as good as new is lent again."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._free: defaultdict[Look, list[Kept]] = defaultdict(list)
        self._lent: dict[BrowserContext, tuple[Look, Kept]] = {}
        self._spoilt: set[BrowserContext] = set()

    async def lend(self, size: ViewportSize, scheme: Scheme) -> BrowserContext:
        """Return a context without pages that tests would see, cookies, storage, or permissions."""
        look = size["width"], size["height"], scheme
        kept = self._free[look].pop() if self._free[look] else await self._made(size, scheme)
        self._lent[kept.context] = look, kept
        return kept.context

    def spoil(self, context: BrowserContext) -> None:
        """Have a context closed when it comes back: something was added to it that cannot be taken away."""
        self._spoilt.add(context)

    async def take_back(self, context: BrowserContext, *origins: str) -> None:
        """Close the pages of a test, and keep their context if nothing is left in it of what they did."""
        look, kept = self._lent.pop(context)
        if context in self._spoilt or await _has_a_clock(kept.keeper):
            self._spoilt.discard(context)
            await context.close()
            return
        for page in context.pages:
            if page is not kept.keeper:
                await page.close()
        await _forget(kept, origins)
        self._free[look].append(kept)

    async def _made(self, size: ViewportSize, scheme: Scheme) -> Kept:
        context = await self.browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        context.on("response", lambda answer: self._answered(context, answer))
        keeper = await context.new_page()
        return Kept(context, keeper, await context.new_cdp_session(keeper))

    def _answered(self, context: BrowserContext, answer: Response) -> None:
        """Spoil a context that may show a later test what the server said in this one, without asking again."""
        if STATIC not in answer.url and FRESH.search(answer.headers.get("cache-control", "")):
            self.spoil(context)


async def _has_a_clock(page: Page) -> bool:
    """Return whether a test installed a clock: it stays in all pages of its context."""
    ours: Any = await page.evaluate("String(Date.now).includes('[native code]')")
    return not ours


async def _forget(kept: Kept, origins: tuple[str, ...]) -> None:
    """Take away what belongs to the context, not to a page; its cache stays."""
    context = kept.context
    await context.unroute_all()
    await context.set_offline(False)
    await context.set_extra_http_headers({})
    await context.clear_permissions()
    await context.clear_cookies()
    for origin in origins:
        await kept.session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
