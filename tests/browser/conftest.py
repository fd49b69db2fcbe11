"""Real Chromium, a real server over the test database, and a page that reports everything that goes wrong in it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from realtime.login import login_link
from tests.browser.contexts import Contexts
from tests.realtime.writing import in_thread
from tests.servers import WITHOUT_INSPECTIONS, WITHOUT_MODELS, WebServer

# The shell has no windows to draw: it takes a fifth less time for the same pages.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# A switch of ours replaces Playwright's of the same name, so its features come first. Then those which draw Chromium's
# own address bar as web pages: each window would load two of them in a process more, for longer than a page of ours.
FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "TcpPortRandomizationWin,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup,PreloadTopChromeWebUI"
)
# The pages of a context share the process of the one that it keeps (`Contexts`), which has begun already: else Chromium
# starts one for each page, and loads all again in it.
ONE_RENDERER = ("--renderer-process-limit=1", "--disable-site-isolation-trials")
FLAGS = (
    *ONE_RENDERER,
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={FEATURES_OFF}",
)
# What comes is waited for; what a page of a busy machine needs for it is more than Playwright's five seconds.
expect.set_options(timeout=30_000)
NEXT_TRY = 12_500  # milliseconds: within so many a page whose server was away asks again
WIDE = ViewportSize(width=1440, height=900)
# Chromium writes failed connections to the console itself; tests that cut connections look at what the page says.
CONNECTIONS = re.compile(r"^WebSocket connection to|^Failed to load resource: net::ERR_")


class Visit:
    """A page and what went wrong in it: errors of scripts, refusals by the policy, answers of 400 and above."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not CONNECTIONS.search(message.text):
            self.problems.append(message.text)

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.problems.append(f"{status} {url}")


class Visitors:
    """Opens pages for one user; each visitor is like a browser of its own, with its own cookies."""

    def __init__(self, contexts: Contexts, server: WebServer, user: User, address: str | None = None) -> None:
        self.server = server
        self.address = address or server.url
        self.expected = re.compile("(?!)")
        """Problems that a test is about."""
        self._contexts, self._user = contexts, user
        self._visits: list[Visit] = []
        self._open: list[Visit] = []

    async def visit(self, path: str, *, dark: bool = False, size: ViewportSize = WIDE, script: str = "") -> Page:
        """Log in by a one-time link, go to `path`, and move the pointer, as a reader does.

        `script` runs before those of each page. The button of the link is pressed without its page, which none of these
        tests is about.
        """
        context = await self._contexts.lend(size, "dark" if dark else "light")
        page = await context.new_page()
        if script:
            self._contexts.spoil(context)
            await context.add_init_script(script)
        visit = Visit(page)
        self._visits.append(visit)
        self._open.append(visit)
        await self._log_in(context)
        await page.goto(self.address + path)
        await page.mouse.move(1, 1)
        return page

    async def _log_in(self, context: BrowserContext) -> None:
        link = self.address + await in_thread(self._fresh_link)
        # A connection that is kept would be that of a later request, also where the test has cut it meanwhile.
        closed = {"Connection": "close"}
        shown = await context.request.get(link, headers=closed)
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', await shown.text())
        headers = {"Origin": self.address, **closed}
        answer = await context.request.post(link, form={"csrfmiddlewaretoken": token}, headers=headers, max_redirects=0)
        assert answer.status == 302, answer.status

    async def visit_with_clock(self, path: str) -> Page:
        """Visit with a clock: `page.clock.fast_forward` then spares the test what the page would wait."""
        page = await self.visit("/datasets/")
        await page.clock.install()
        await page.goto(self.server.url + path)
        return page

    async def leave(self) -> None:
        """Close all pages; fail when anything went wrong in one."""
        while self._open:
            visit = self._open.pop()
            await self._contexts.take_back(visit.page.context, self.address, self.server.url)
        assert self.problems == []

    @property
    def problems(self) -> list[str]:
        return [problem for visit in self._visits for problem in visit.problems if not self.expected.search(problem)]

    def _fresh_link(self) -> str:
        return login_link(User.objects.get(pk=self._user.pk))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's program: `CHROMIUM`, else what is installed."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return program


@pytest.fixture(scope="session")
def shared_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Start one server for all tests that leave it alive."""
    with WebServer(tmp_path_factory.mktemp("server"), WITHOUT_MODELS) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contexts(browser: Browser) -> Contexts:
    return Contexts(browser)


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(contexts: Contexts, shared_server: WebServer, owner: User) -> AsyncIterator[Visitors]:
    """Return visitors of a server that others use too."""
    opened = Visitors(contexts, shared_server, owner)
    yield opened
    await opened.leave()


@pytest_asyncio.fixture(loop_scope="session")
async def visitors_of_own_server(contexts: Contexts, tmp_path: Path, owner: User) -> AsyncIterator[Visitors]:
    """Return visitors of a server that may be stopped and started."""
    with WebServer(tmp_path, WITHOUT_INSPECTIONS) as server:
        opened = Visitors(contexts, server, owner)
        yield opened
        await opened.leave()
        server.kill()  # its end is not tested here, and Daphne waits ten seconds for what its sockets had begun


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Create the user who owns the runs of a test, and looks at them."""
    return User.objects.create_user("ada")
