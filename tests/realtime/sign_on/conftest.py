"""Identity providers over real HTTP, and people who log in there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.sign_on.configuration import SignOn
from accounts.sign_on.group_rules import parse_rules
from realtime.sign_on import metadata
from tests.realtime.sign_on.installed_library import installed_library
from tests.realtime.sign_on.lying_provider import CLIENT, LyingProvider, lying_provider

RULES = "radiology=Lungs:trainer, heads=Lungs:admin, it=superuser"
BEGIN, CALLBACK = "/login/oidc/", "/login/oidc/callback/"


@pytest.fixture(scope="package", autouse=True)
def _library() -> Iterator[None]:
    with installed_library():
        yield


@pytest.fixture(scope="package")
def provider_address() -> Iterator[str]:
    """Start a provider that lets in anybody, with the claims that a test sets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "AUTHLIB_INSECURE_TRANSPORT", "1")  # it has no TLS
        with oidc_provider_mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    """Begin and end without metadata of a provider."""
    metadata.provider_at.cache_clear()
    yield
    metadata.provider_at.cache_clear()


def sign_on_at(issuer: str) -> SignOn:
    return SignOn(
        issuer=issuer,
        client_id=CLIENT,
        client_secret="a secret of the client",
        name="Hospital",
        scopes=("openid", "profile", "email"),
        username_claim="preferred_username",
        groups_claim="groups",
        rules=parse_rules(RULES),
    )


@pytest.fixture
def people(provider_address: str, settings: Settings, db: None) -> People:
    """Configure single sign-on at the real provider."""
    settings.SIGN_ON = sign_on_at(provider_address)
    return People(provider_address)


@pytest.fixture
def liar(settings: Settings, db: None) -> Iterator[LyingProvider]:
    """Configure single sign-on at a provider that answers what the test says."""
    with lying_provider() as provider:
        settings.SIGN_ON = sign_on_at(provider.issuer)
        yield provider


class People:
    """Those whom the provider knows."""

    def __init__(self, address: str) -> None:
        self.issuer = address

    def are(self, subject: str, **claims: Any) -> None:
        """Let the provider say this of somebody."""
        answer = requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=10)
        assert answer.status_code == 204, answer.text

    def log_in(self, subject: str, client: Client | None = None, next_page: str = "", **claims: Any) -> Any:
        """Go from our button to the provider, log in there, and come back; return what the callback answers."""
        client = client or Client()
        if claims:
            self.are(subject, **claims)
        return client.get(self.way_back(client, subject, next_page))

    def way_back(self, client: Client, subject: str, next_page: str = "", action: str = "authorize") -> str:
        """Return the address of the callback that the provider sends the browser to."""
        begun = client.get(BEGIN, {"next": next_page} if next_page else {})
        assert begun.status_code == 302, begun.content
        form = {"sub": subject, "action": action}
        sent = requests.post(begun["Location"], data=form, allow_redirects=False, timeout=10)
        assert sent.status_code == 302, sent.text
        parts = urlsplit(sent.headers["Location"])
        return f"{parts.path}?{parts.query}"


def sent_on(answer: Any) -> dict[str, str]:
    """Return the parameters with which the browser is sent to the provider."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


@pytest.fixture
def come_back(liar: LyingProvider) -> Callable[..., Any]:
    """Return how somebody comes back from the lying provider with a token of these claims."""

    def come(client: Client | None = None, **claims: Any) -> Any:
        client = client or Client()
        given = sent_on(client.get(BEGIN))
        liar.claims = {"nonce": given["nonce"]} | claims
        return client.get(CALLBACK, {"state": given["state"], "code": "c"})

    return come


def changed(settings: Settings, **values: Any) -> None:
    """Change how single sign-on is configured."""
    settings.SIGN_ON = replace(settings.SIGN_ON, **values)
