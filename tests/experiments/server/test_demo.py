"""The first training of `make run`: submitted with a token of its own, which is gone afterwards."""

from __future__ import annotations

import io
import json
from email.message import Message
from urllib.error import HTTPError, URLError

import pytest
from django.contrib.auth.models import User

from accounts.credentials import user_of_token
from accounts.models import APIToken
from accounts.scopes import Scope
from experiments.server import demo

pytestmark = pytest.mark.django_db


def test_its_token_ends_with_the_request(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def submit(_address: str, text: str) -> int:
        sender, token = user_of_token(text)
        assert (sender, token.scope) == (user, Scope.TRAIN)
        return 7

    monkeypatch.setattr(demo, "_submit", submit)
    assert demo._submit_first("http://127.0.0.1:1", user) == 7
    assert not APIToken.objects.exists()


def test_its_token_ends_with_a_failure_too(user: User) -> None:
    with pytest.raises(URLError):
        demo._submit_first("http://127.0.0.1:1", user)
    assert not APIToken.objects.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (json.dumps({"detail": "The project Default has 5 of the 5 queued runs."}), "has 5 of the 5 queued runs."),
        ("<h1>Bad gateway</h1>", "the server answered with 429 Too Many Requests."),
    ],
)
def test_a_refused_training_is_told_with_the_link_to_the_runs(
    user: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: str, words: str
) -> None:
    """As where the quota of the project is used up: the server runs, and goes on."""

    def refuse(*_args: object, **_named: object) -> None:
        raise HTTPError("http://127.0.0.1:1", 429, "Too Many Requests", Message(), io.BytesIO(body.encode()))

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("experiments.server.demo.connections.close_all", lambda: None)
    demo.welcome("http://127.0.0.1:1")
    said = capsys.readouterr().out
    assert words in said
    assert "No training was submitted" in said
    assert "/login/" in said.split("See the runs")[1]
