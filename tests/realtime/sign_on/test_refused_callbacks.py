"""Callbacks that prove nothing: forged, used again, for others, too old; and a provider that is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from realtime.sign_on import metadata
from tests.clocks import Clocks
from tests.realtime.sign_on.conftest import BEGIN, CALLBACK, People, changed, sent_on
from tests.realtime.sign_on.lying_provider import LyingProvider, key
from tests.servers import free_port

pytestmark = pytest.mark.django_db
THERE = "203.0.113.5"
NOT_VERIFIED = "could not be verified"
Coming = Callable[..., Any]


def refused(answer: Any, words: str, status: int = 400) -> None:
    assert answer.status_code == status, answer.content.decode()
    assert words in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert not User.objects.exists()


def test_a_token_as_it_should_be_is_accepted(come_back: Coming) -> None:
    assert come_back().status_code == 302
    assert User.objects.get().username == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody else"},
        {"aud": ["livetrain", "somebody else"]},
        {"aud": None},
        {"azp": "somebody else"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"nonce": "of another login"},
        {"nonce": None},
        {"sub": None},
        {"sub": 17},
    ],
    ids=str,
)
def test_a_token_that_is_not_of_this_login_is_refused(come_back: Coming, claims: dict[str, Any]) -> None:
    refused(come_back(**claims), NOT_VERIFIED)


def test_clocks_may_differ_by_a_minute(come_back: Coming) -> None:
    now = int(time.time())
    assert come_back(iat=now + 30, exp=now + 330).status_code == 302
    assert come_back(exp=now - 30).status_code == 302


def test_a_token_for_several_is_accepted_if_it_was_made_for_us(come_back: Coming) -> None:
    assert come_back(aud=["livetrain", "other"], azp="livetrain").status_code == 302


def test_a_signature_of_another_key_is_refused(come_back: Coming, liar: LyingProvider) -> None:
    liar.signed_with = key("of somebody else")
    refused(come_back(), NOT_VERIFIED)


@pytest.mark.parametrize("signature", ["HS256", "none"])
def test_a_signature_that_others_could_make_is_refused(come_back: Coming, liar: LyingProvider, signature: str) -> None:
    liar.signed_with, liar.signature = "a secret of the client, which others know", signature
    refused(come_back(), NOT_VERIFIED)


def test_a_new_key_is_found_and_one_without_a_name_tried(
    come_back: Coming, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    assert come_back().status_code == 302
    liar.key, liar.key_id = key("second"), "second"
    clocks.advance(metadata.FAILURE_SECONDS)
    assert come_back().status_code == 302
    assert liar.asked.count("/keys") == 2
    liar.key_id = None
    assert come_back().status_code == 302


@pytest.mark.parametrize("token", [None, 17, "", "x", "a.b.c", "a" * 200_000])
def test_a_token_that_is_none_is_refused(come_back: Coming, liar: LyingProvider, token: Any) -> None:
    liar.token = (200, {"access_token": "x", "id_token": token})
    refused(come_back(), NOT_VERIFIED)


@pytest.mark.parametrize(
    "answer",
    [
        (400, {"error": "invalid_grant"}),
        (401, {"error": "invalid_client"}),
        (200, []),
        (200, b"{"),
        (200, b""),
        (302, {}),
    ],
)
def test_a_code_that_the_provider_refuses_is_refused(
    come_back: Coming, liar: LyingProvider, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    liar.token = answer
    found = come_back()
    assert found.status_code in (400, 503)
    assert not User.objects.exists()
    if answer[0] >= 400:
        assert f"answers with the error {answer[1]['error']}" in caplog.text


def test_claims_that_the_token_lacks_come_from_the_user_information(come_back: Coming, liar: LyingProvider) -> None:
    liar.user_information = {"sub": "17", "preferred_username": "grace", "groups": ["it"]}
    assert come_back(preferred_username=None).status_code == 302
    user = User.objects.get()
    assert (user.username, user.is_superuser) == ("grace", False), "what the token says counts"


def test_user_information_about_somebody_else_is_refused(come_back: Coming, liar: LyingProvider) -> None:
    liar.user_information = {"sub": "18", "preferred_username": "grace"}
    refused(come_back(preferred_username=None), NOT_VERIFIED)


def test_a_way_of_authentication_that_was_not_asked_for_is_refused(come_back: Coming, settings: Settings) -> None:
    changed(settings, acr=("gold",))
    refused(come_back(acr="1"), NOT_VERIFIED)
    refused(come_back(), NOT_VERIFIED)
    assert come_back(acr="gold").status_code == 302


@pytest.mark.parametrize("query", ["", "?code=a", "?state=a", "?state=a&code=b", "?error=access_denied", "?state=%00"])
def test_a_forged_callback_is_refused(people: People, query: str) -> None:
    refused(Client().get(CALLBACK + query), "This login was not begun here")


def test_a_callback_of_another_browser_is_refused(people: People) -> None:
    address = people.way_back(Client(), "17")
    refused(Client().get(address), "This login was not begun here")


def test_a_callback_works_once(people: People) -> None:
    client = Client()
    people.are("17", preferred_username="ada")
    address = people.way_back(client, "17")
    assert client.get(address).status_code == 302
    again = client.get(address)
    assert again.status_code == 400
    assert "This login was not begun here" in again.content.decode()


def test_a_code_that_was_used_is_refused_with_a_new_state_too(people: People) -> None:
    client = Client()
    people.are("17", preferred_username="ada")
    code = people.way_back(client, "17")
    client.get(code)
    thief = Client()
    state = sent_on(thief.get(BEGIN))["state"]
    used = code.partition("code=")[2].partition("&")[0]
    answer = thief.get(CALLBACK, {"state": state, "code": used})
    assert answer.status_code == 400
    assert thief.session.get("_auth_user_id") is None


def test_who_cancels_is_told_so(people: People) -> None:
    client = Client()
    state = sent_on(client.get(BEGIN))["state"]
    refused(client.get(CALLBACK, {"state": state, "error": "access_denied"}), "did not let you in, or you cancelled")


def test_an_error_of_the_provider_is_told_and_logged(people: People, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    state = sent_on(client.get(BEGIN))["state"]
    answer = client.get(CALLBACK, {"state": state, "error": "invalid_scope\n<b>", "error_description": "x"})
    refused(answer, "Hospital answered with an error")
    assert "answers with the error invalid_scope?<b>" in caplog.text


def test_only_get_is_answered(people: People) -> None:
    assert Client().post(BEGIN).status_code == 405
    assert Client().post(CALLBACK).status_code == 405


def test_a_provider_that_is_away_is_told_in_words_and_asked_again_later(
    settings: Settings, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = Clocks(monkeypatch)
    up = liar.issuer
    changed(settings, issuer=f"http://127.0.0.1:{free_port()}")
    answer = Client().get(BEGIN)
    refused(answer, "Hospital does not answer", 503)
    assert 'href="/login/">log in with a password' in answer.content.decode()
    assert "cannot be used" in caplog.text
    settings.PASSWORD_LOGIN = "no"
    assert "log in with a password" not in Client().get(BEGIN).content.decode()
    changed(settings, issuer=up)
    liar.metadata = {"token_endpoint": None}
    refused(Client().get(BEGIN), "Hospital does not answer", 503)
    liar.metadata = {}
    asked = len(liar.asked)
    refused(Client().get(BEGIN), "Hospital does not answer", 503)
    assert len(liar.asked) == asked, "not at once again"
    clocks.advance(metadata.FAILURE_SECONDS)
    assert Client().get(BEGIN).status_code == 302
    clocks.advance(metadata.KEPT_SECONDS)
    liar.metadata = {"issuer": "https://elsewhere.example"}
    assert Client().get(BEGIN).status_code == 302, "what was known goes on"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_metadata_of_somebody_else_are_refused(liar: LyingProvider, wrong: dict[str, Any]) -> None:
    liar.metadata = wrong
    refused(Client().get(BEGIN), "Hospital does not answer", 503)


def test_a_provider_that_leaves_in_between_is_told(come_back: Coming, liar: LyingProvider) -> None:
    liar.user_information = []  # type: ignore[assignment]
    refused(come_back(preferred_username=None), "Hospital does not answer", 503)


def test_strangers_who_forge_callbacks_are_slowed_down(people: People, settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    settings.AXES_HANDLER = "realtime.logins.attempt_handlers.DatabaseAttempts"
    forged = [Client().get(CALLBACK, {"state": "a", "code": "b"}, REMOTE_ADDR=THERE).status_code for _ in range(21)]
    assert forged[0] == 400
    assert forged[-1] == 429
    browser = Client(REMOTE_ADDR=THERE)
    people.are("17", preferred_username="ada")
    assert browser.get(people.way_back(browser, "17")).status_code == 302, "others there log in"


def test_too_many_logins_that_fail_lock_their_address(people: People, settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    settings.AXES_HANDLER = "realtime.logins.attempt_handlers.DatabaseAttempts"

    def fails() -> int:
        browser = Client(REMOTE_ADDR=THERE)
        state = sent_on(browser.get(BEGIN))["state"]
        return browser.get(CALLBACK, {"state": state, "error": "invalid_scope"}).status_code

    assert [fails() for _ in range(20)] == [400] * 20
    assert Client().get(BEGIN, REMOTE_ADDR=THERE).status_code == 429
    assert Client().get(BEGIN, REMOTE_ADDR="203.0.113.6").status_code == 302
    assert Client().get(BEGIN).status_code == 302


def test_the_session_of_a_login_that_was_begun_ends_soon(people: People) -> None:
    Client().get(BEGIN)
    [session] = Session.objects.all()
    assert timedelta(minutes=10) < session.expire_date - timezone.now() < timedelta(minutes=12)
