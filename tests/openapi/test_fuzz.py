"""Every operation asked for what the document allows and what it does not: no fault of the server, nothing unknown.

`make fuzz` does the same for as long as it is given, against a server with a real run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import APIToken
from experiments.api import views
from tests.openapi import fuzzing
from tests.realtime.writing import batch_event, epoch_event, queued_run, running_run, store
from tests.tokens import new_token

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
OUT_OF_REACH = 10**9
"""The number of the token that is used: the fuzzer revokes those with small ones."""


@pytest.fixture(autouse=True)
def _quick(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep uploads in this test, and wait for no worker."""
    settings.DATASETS_ROOT = tmp_path / "datasets"
    settings.DATASETS_ROOT.mkdir()
    monkeypatch.setattr(views, "METRICS_WAIT_SECONDS", 0.0)


@pytest.fixture
def token(user: User) -> str:
    """Make a token of a user with two runs, of whom one trains."""
    text = new_token(user)
    APIToken.objects.update(id=OUT_OF_REACH)
    store(running_run(user), [batch_event(0), epoch_event(0)])
    queued_run(user)
    return text


def failures(client: Client, examples: int = EXAMPLES) -> list[str]:
    client.raise_request_exception = False
    return [
        failure
        for operation in fuzzing.operations().values()
        for failure in fuzzing.failures(operation, client, examples=examples, number=SEED)
    ]


@pytest.mark.django_db
def test_logged_in_every_answer_is_in_the_document(token: str) -> None:
    assert failures(Client(headers={"authorization": f"Token {token}"})) == []


@pytest.mark.django_db
def test_strangers_get_nothing_that_is_not_in_the_document() -> None:
    assert failures(Client(), examples=1) == []
