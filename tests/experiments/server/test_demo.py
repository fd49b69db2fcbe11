"""The first training of `make run`: submitted with a token of its own, which is gone afterwards."""

from __future__ import annotations

from urllib.error import URLError

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
