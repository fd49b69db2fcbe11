"""Wrong API tokens are counted per address; a right one is accepted whatever came before."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from realtime import auth
from realtime.wire.close_codes import NO_LOGIN, Refused
from tests.tokens import new_token

HERE, THERE = "192.0.2.7", "192.0.2.8"
pytestmark = pytest.mark.django_db


def answer(token: str, address: str = HERE, page: str = "/api/queue/") -> tuple[int, str | None]:
    found = Client().get(page, REMOTE_ADDR=address, headers={"authorization": token})
    return found.status_code, found.headers.get("Retry-After")


def socket(token: str, address: str = HERE) -> dict[str, Any]:
    headers = [(b"host", b"localhost"), (b"authorization", f"Token {token}".encode())]
    return {"path": "/ws/runs/", "query_string": b"", "headers": headers, "client": [address, 5000]}


def reason(token: str, address: str = HERE) -> str:
    with pytest.raises(Refused) as refused:
        auth.opened_by(socket(token, address))
    assert refused.value.code == NO_LOGIN
    assert len(refused.value.reason) < 123
    return refused.value.reason


def test_beyond_some_the_answer_is_429_with_the_cure() -> None:
    assert [answer(f"Token {number:040x}")[0] for number in range(13)] == [401] * 12 + [429]
    refused = Client().get("/api/queue/", REMOTE_ADDR=HERE, headers={"authorization": "Token wrong"})
    assert refused["Retry-After"] == "900"
    assert "a right one is accepted at once; wrong ones have this answer for 15 minutes" in refused.json()["detail"]
    assert answer("Token wrong", THERE) == (401, None)


def test_a_stranger_behind_the_same_proxy_locks_out_no_right_token_and_no_password(ada: User) -> None:
    for _ in range(13):
        answer("Token wrong")
    assert answer(f"Token {new_token(ada)}") == (200, None)
    sent = {"username": "ada", "password": "a secret of its own"}
    assert Client().post("/login/", sent, REMOTE_ADDR=HERE).status_code == 302


def test_a_refused_one_changes_nothing() -> None:
    for _ in range(12):
        answer("Token wrong")
    before = AccessAttempt.objects.get()
    answer("Token wrong")
    after = AccessAttempt.objects.get()
    assert (after.failures_since_start, after.attempt_time) == (12, before.attempt_time)


@pytest.mark.parametrize("token", ["Token", "Token two words", "Token \xff", "of somebody who left"])
def test_every_refusal_counts(token: str) -> None:
    left = new_token(User.objects.create_user("gone", is_active=False))
    assert answer(token if token.startswith("Token") else f"Token {left}")[0] == 401
    assert AccessAttempt.objects.get().failures_since_start == 1


def test_a_request_without_a_token_does_not_count() -> None:
    assert Client().get("/api/queue/", REMOTE_ADDR=HERE).status_code == 401
    assert not AccessAttempt.objects.exists()


def test_those_of_websockets_count_with_them(ada: User) -> None:
    for _ in range(6):
        answer("Token wrong")
        assert "not valid" in reason("wrong")
    assert "Too many wrong tokens came from this address." in reason("wrong")
    assert answer("Token wrong")[0] == 429
    assert "not valid" in reason("wrong", THERE)
    assert auth.opened_by(socket(new_token(ada))) == ada


def test_a_later_look_at_a_socket_counts_nothing() -> None:
    """A token that was revoked meanwhile is no try."""
    with pytest.raises(Refused):
        auth.identify(socket("revoked"))
    assert not AccessAttempt.objects.exists()


def test_the_token_of_the_metrics_counts_alike(settings: Settings) -> None:
    settings.METRICS_TOKEN = "sixteen letters."
    assert [answer("Bearer wrong", page="/metrics")[0] for _ in range(13)] == [401] * 12 + [429]
    assert answer(f"Bearer {settings.METRICS_TOKEN}", page="/metrics")[0] == 200


def test_a_body_is_not_read_for_a_wrong_token() -> None:
    """What is counted is an address: a form that cannot be read would be another answer."""
    headers = {"authorization": "Token wrong"}
    kind = "multipart/form-data; boundary=x"
    found = Client().post("/api/runs/tags/", b"no form", content_type=kind, REMOTE_ADDR=HERE, headers=headers)
    assert found.status_code == 401
