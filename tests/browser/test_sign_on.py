"""Single sign-on in Chromium: from the login page to a real provider and back, under the strict policy of our pages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import oidc_provider_mock
import pytest
import requests
from django.contrib.auth.models import User
from playwright.async_api import ConsoleMessage, Page, expect

from access.models import Membership
from tests.browser.conftest import WIDE
from tests.browser.contexts import Contexts, Scheme
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.realtime.writing import in_thread
from tests.servers import WITHOUT_INSPECTIONS, WebServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.django_db(transaction=True)]
SETTINGS = {
    "LIVETRAIN_OIDC_CLIENT_ID": "livetrain",
    "LIVETRAIN_OIDC_CLIENT_SECRET": "a secret of the client",
    "LIVETRAIN_OIDC_NAME": "St. Elsewhere",
    "LIVETRAIN_OIDC_GROUPS": "radiology=Lungs:trainer, heads=Lungs:admin",
    "LIVETRAIN_OIDC_REQUIRED_GROUP": "radiology, heads",
    "LIVETRAIN_PASSWORD_LOGIN": "superusers",
}
SUBJECT = "a-rather-long-subject-0123456789-0123456789-0123456789"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "AUTHLIB_INSECURE_TRANSPORT", "1")  # it has no TLS
        with oidc_provider_mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[WebServer]:
    folder = tmp_path_factory.mktemp("server")
    with WebServer(folder, WITHOUT_INSPECTIONS, LIVETRAIN_OIDC_ISSUER=provider, **SETTINGS) as started:
        yield started


class Reader:
    """A browser, and what the policy of our pages refused in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.refused: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.refused.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "violates" in message.text:
            self.refused.append(message.text)

    async def log_in(self, subject: str) -> None:
        """Go from the page that was asked for to the provider, and log in there."""
        await self.page.get_by_role("link", name="Log in with St. Elsewhere").click()
        await self.page.locator("input[name=sub]").fill(subject)
        await self.page.get_by_role("button", name=re.compile("authorize", re.IGNORECASE)).click()


def say(provider: str, subject: str, name: str, *groups: str) -> None:
    claims = {"preferred_username": name, "given_name": "Ada", "groups": groups}
    assert requests.put(f"{provider}/users/{subject}", json=claims, timeout=10).status_code == 204


def role() -> str:
    return Membership.objects.get(project__name="Lungs", user__username="ada").role


async def test_a_login_at_the_provider_leads_to_the_page_that_was_asked_for(
    contexts: Contexts, server: WebServer, provider: str
) -> None:
    context = await contexts.lend(WIDE, "light")
    reader = Reader(await context.new_page(), server.url)
    page = reader.page
    say(provider, "17", "ada", "radiology")
    await page.goto(f"{server.url}/queue/")
    await reader.log_in("17")
    await expect(page).to_have_url(f"{server.url}/queue/")
    await expect(page.get_by_role("link", name="ada", exact=True)).to_be_visible()
    assert await in_thread(role) == "trainer"
    await page.get_by_role("link", name="ada", exact=True).click()
    await expect(page.locator("#password")).to_contain_text("You log in with St. Elsewhere")
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", name="You are logged out here")).to_be_visible()
    assert await broken_rules(page) == []
    say(provider, "17", "ada", "heads")
    await page.get_by_role("link", name="Log in again").click()
    await reader.log_in("17")
    await expect(page).to_have_url(f"{server.url}/")
    await expect(page.get_by_role("heading", name="Runs").first).to_be_visible()
    assert await in_thread(role) == "admin"
    await page.get_by_role("button", name="Log out").click()
    await page.get_by_role("link", name="Log out at St. Elsewhere too").click()
    await expect(page).to_have_url(re.compile(re.escape(f"{provider}/oauth2/end_session?client_id=livetrain")))
    assert reader.refused == []
    await contexts.take_back(context, server.url, provider)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_of_a_login_can_be_read(
    contexts: Contexts, server: WebServer, provider: str, scheme: Scheme
) -> None:
    """The login page, and that of somebody who is refused and told what the administrator can run."""
    await in_thread(User.objects.create_user, "grace")
    context = await contexts.lend(NARROW, scheme)
    reader = Reader(await context.new_page(), server.url)
    page = reader.page
    say(provider, SUBJECT, "grace", "heads")
    await page.goto(f"{server.url}/login/")
    await expect(page.get_by_label("Password")).to_be_hidden()
    await fits(page)
    await page.get_by_text("Log in with a password, for administrators").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    await fits(page)
    await reader.log_in(SUBJECT)
    await expect(page.get_by_role("heading", name="There is another account of your name")).to_be_visible()
    await expect(page.locator("pre")).to_contain_text(f"manage.py identity grace --link {SUBJECT}")
    await fits(page)
    assert reader.refused == []
    await contexts.take_back(context, server.url, provider)


async def fits(page: Page) -> None:
    """Require that the page breaks no rule, and is nowhere wider than a small and a large window."""
    assert await broken_rules(page) == []
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
