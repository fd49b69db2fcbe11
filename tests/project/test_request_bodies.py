"""Bodies of requests to the REST API: sent in chunks, too long, hostile; over a real server where it matters."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from experiments import launch
from experiments.training.contract.config import TrainingConfig
from project.request_bodies import JSON_LIMIT
from runs.errors import MOST_ERRORS
from runs.models import Run
from tests.realtime.writing import new_user, running_run
from tests.servers import WebServer

TRAIN = "/api/experiments/centralized/train"
VALID: dict[str, Any] = {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer"}
ARGUMENTS = {"run_id": "1", "pk": "1", "name": "x", "upload_id": "7c0a0a4e-0b1c-4f2e-9d58-000000000000"}


def endpoints() -> list[str]:
    """List from the resolver all REST addresses whose view takes a body, so that none is left out."""
    return sorted(_posting(get_resolver().url_patterns, ""))


def _posting(patterns: list[Any], before: str) -> Iterator[str]:
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _posting(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and address.startswith("api/"):
            view = getattr(pattern.callback, "cls", APIView)
            if hasattr(view, "post"):
                yield "/" + _filled(address)


def _filled(address: str) -> str:
    for name, value in ARGUMENTS.items():
        for kind in ("int", "slug", "uuid", "str"):
            address = address.replace(f"<{kind}:{name}>", value)
    return address.replace("^", "").replace("$", "").replace("/?", "")


ENDPOINTS = endpoints()
TAKING_FILES = {"/api/runs/1/predict/", "/api/runs/1/explain/"}
READING = [  # those that look at the body; the others act by their address alone
    TRAIN,
    f"{TRAIN}?dry_run=true",
    "/api/runs/tags/",
    "/api/runs/bulk/",
    "/api/datasets/",
    "/api/datasets/uploads/",
    "/api/runs/{run}/cancel/",
    "/api/runs/{run}/priority/",
    "/api/runs/{run}/move/",
    "/api/runs/{run}/clone/",
]


def send(client: Client, address: str, body: bytes, content_type: str = "application/json") -> HttpResponse:
    return client.post(address, data=body, content_type=content_type)  # type: ignore[return-value]


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@pytest.fixture
def run(user: User) -> Run:
    [run] = launch.create(TrainingConfig.model_validate(VALID), user)
    return run


def test_the_endpoints_are_found() -> None:
    assert {"/api/runs/tags/", "/api/runs/bulk/", "/api/runs/1/clone/", "/api/queue/", "/api/datasets/x/check/"} <= set(
        ENDPOINTS
    )
    assert any(address.startswith(TRAIN) for address in ENDPOINTS)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ENDPOINTS)
def test_no_endpoint_takes_a_longer_body_than_it_needs(api: Client, address: str) -> None:
    limit = settings.PREDICT_BYTES if address in TAKING_FILES else JSON_LIMIT
    announced = str(limit + 2)  # which is refused before anything is read
    response = api.post(address, data=b"{}", content_type="application/json", CONTENT_LENGTH=announced)
    assert response.status_code == 413
    detail = json.loads(response.content)["detail"]
    assert f"{limit:,}" in detail
    assert f"{limit + 2:,}" in detail


@pytest.mark.django_db
def test_the_longest_body_is_taken(api: Client) -> None:
    body = compact(VALID)
    assert send(api, TRAIN, body + b" " * (JSON_LIMIT - len(body))).status_code == 202


@pytest.mark.django_db
@pytest.mark.parametrize("address", READING)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000 + b"]" * 1_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        rb'{"to":"x\udfff","runs":[1],"action":"\ud800","path":"x\udc00","\ud800":1}',
        rb'{"\udfff":{"\udfff":"\udfff"}}',
        b'{"priority":NaN}',
        b'{"priority":1e999}',
        b'{"priority":' + b"9" * 10_000 + b"}",
        b'{"priority":1,"priority":2}',
        rb'{"path":"a\u0000b"}',
        b'{"path":"\xff"}',
        b"\xef\xbb\xbf{}",
        b"{",
        b"not json",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_is_answered_in_json_with_the_cure(api: Client, run: Run, address: str, body: bytes) -> None:
    response = send(api, address.format(run=run.pk), body)
    assert response.status_code == 400, response.content
    answer = json.loads(response.content)
    assert len(answer["errors"]) == 1
    assert answer["errors"][0]["message"].endswith(".")
    run.refresh_from_db()
    assert (Run.objects.count(), run.status, run.stop_request) == (1, "queued", "")


@pytest.mark.django_db
@pytest.mark.parametrize(("charset", "status"), [("utf-8", 202), ("UTF-8", 202), ("utf-16", 400), ("klingon", 400)])
def test_json_is_utf_8_whatever_is_said(api: Client, charset: str, status: int) -> None:
    response = api.generic("POST", TRAIN, compact(VALID), f"application/json; charset={charset}")
    assert response.status_code == status
    if status == 400:
        assert "UTF-8" in json.loads(response.content)["detail"]


def _hostile(run: int) -> dict[str, tuple[str, Any]]:
    """Make for each kind of mistake a body with as many of them as fit."""
    unknown = {str(number): 1 for number in range(6_500)}
    return {
        "fields": (TRAIN, unknown),
        "fields of a dry run": (f"{TRAIN}?dry_run=true", unknown),
        "fields of a group": (TRAIN, VALID | {"data": unknown}),
        "options": (TRAIN, VALID | {"model": {"options": unknown}}),
        "changes": (f"/api/runs/{run}/clone/", {"trainer": unknown}),
        "tags of a training": (TRAIN, VALID | {"tags": [1] * 30_000}),
        "long field": (TRAIN, VALID | {"x" * 60_000: 1}),
        "long value": (TRAIN, VALID | {"seed": "x" * 60_000}),
        "tags": ("/api/runs/tags/", {"runs": [run], "add": [{}] * 20_000}),
        "equal tags": ("/api/runs/tags/", {"runs": [run], "add": ["a"] * 15_000}),
        "bulk tags": ("/api/runs/bulk/", {"runs": [run], "action": "tag", "tags": [[]] * 20_000}),
        "runs": ("/api/runs/bulk/", {"runs": ["x"] * 15_000, "action": "kill"}),
        "wrong runs": ("/api/runs/bulk/", {"runs": ["x" * 100] * 500, "action": "kill"}),
        "action": ("/api/runs/bulk/", {"runs": [run], "action": "x" * 60_000}),
        "move": (f"/api/runs/{run}/move/", {"to": "x" * 60_000}),
        "priority": (f"/api/runs/{run}/priority/", {"priority": "x" * 60_000}),
        "registration": ("/api/datasets/", unknown),
        "path": ("/api/datasets/", {"path": "x" * 60_000}),
        "upload": ("/api/datasets/uploads/", unknown),
        "sum": ("/api/datasets/uploads/", {"filename": "x.zip", "size": 1, "sha256": "x" * 60_000}),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(_hostile(1)))
def test_many_mistakes_cost_little_and_are_counted(api: Client, run: Run, kind: str) -> None:
    address, body = _hostile(run.pk)[kind]
    started = time.process_time()
    response = send(api, address, compact(body))
    seconds = time.process_time() - started
    assert response.status_code == 400, response.content[:500]
    assert len(response.content) < 45_000  # each sentence is there thrice while older programs read `message`
    assert seconds < 1.0
    answer = json.loads(response.content)
    assert len(answer["errors"]) <= MOST_ERRORS
    if kind in ("fields", "fields of a group", "options", "registration", "upload"):
        known = {"fields": 2}.get(kind, 0)  # what is required is missing too
        assert len(answer["errors"]) == MOST_ERRORS
        assert answer["more"] == 6_500 + known - MOST_ERRORS
        assert f"And {answer['more']:,} more" in answer["detail"]


@pytest.mark.django_db
def test_few_mistakes_are_named_completely(api: Client) -> None:
    answer = json.loads(send(api, TRAIN, compact({str(number): 1 for number in range(18)})).content)
    assert (len(answer["errors"]), answer["more"]) == (20, 0)
    assert "more" not in answer["detail"]


class RawClient:
    """Sends what a library would not: bodies in chunks, as curl sends what it reads from a pipe."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token

    def chunked(self, address: str, body: bytes, *, size: int = 7, method: str = "POST", more: str = "") -> Any:
        """Send a body in chunks of `size` bytes; return status and answer."""
        lines = [f"{method} {address} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Token {self._token}"]
        lines += ["Content-Type: application/json", "Transfer-Encoding: chunked", "Connection: close"]
        head = "\r\n".join([*lines, *([more] if more else []), "", ""]).encode()
        pieces = (body[at : at + size] for at in range(0, len(body), size))
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as connection:
            connection.sendall(head + chunks + b"0\r\n\r\n")
            response = http.client.HTTPResponse(connection)
            response.begin()
            return response.status, json.loads(response.read())


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with WebServer(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.mark.django_db(transaction=True)
def test_a_body_in_chunks_is_a_body(server: WebServer) -> None:
    owner, token = new_user()
    [queued] = launch.create(TrainingConfig.model_validate(VALID), owner)
    training = running_run(owner)
    client = RawClient(server.port, token)
    status, answer = client.chunked(TRAIN, compact(VALID | {"seed": 7}))
    assert status == 202, answer
    assert Run.objects.get(pk=answer["run_id"]).config["seed"] == 7
    status, answer = client.chunked(f"/api/runs/{queued.pk}/clone/", compact({"trainer": {"max_epochs": 3}}))
    assert status == 202, answer
    assert Run.objects.get(pk=answer["run_id"]).config["trainer"]["max_epochs"] == 3
    status, answer = client.chunked(f"/api/runs/{training.pk}/cancel/", compact({"evaluate": True}))
    assert (status, answer["stop_request"]) == (202, "cancel_and_evaluate")
    status, answer = client.chunked("/api/runs/tags/", compact({"runs": [queued.pk], "add": ["x"]}))
    assert (status, answer["done"]) == (200, 1)
    status, answer = client.chunked(f"/api/runs/{queued.pk}/priority/", compact({"priority": -3}), size=8_192)
    assert (status, answer["priority"]) == (202, -3)
    status, answer = client.chunked("/api/datasets/", compact({"nonsense": 1}))
    assert (status, answer["errors"][0]["field"]) == (400, "nonsense")
    status, answer = client.chunked("/api/datasets/uploads/", compact({"filename": "t.csv", "size": 5}))
    assert status == 201, answer
    piece = answer["links"]["self"]
    status, answer = client.chunked(piece, b"a,b", method="PATCH", more="Upload-Offset: 0")
    assert (status, answer["received"]) == (200, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", [TRAIN, "/api/runs/bulk/", "/api/datasets/"])
def test_a_long_body_in_chunks_is_refused_as_any_other(server: WebServer, address: str) -> None:
    _, token = new_user()
    client = RawClient(server.port, token)
    for length in (JSON_LIMIT + 1, 2**20, 2**21):
        status, answer = client.chunked(address, b" " * length, size=60_000)
        assert status == 413
        assert f"{JSON_LIMIT:,}" in answer["detail"]
        assert f"{length:,}" in answer["detail"]
    status, answer = client.chunked(address, b" " * JSON_LIMIT, size=60_000)
    assert (status, "Not JSON" in answer["detail"]) == (400, True)
    assert client.chunked(address, b"")[0] == 400  # no body at all: what is required is missing
    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_all_that_a_real_server_answers_has_one_identifier(server: WebServer) -> None:
    _, token = new_user()
    for address in ("/api/runs/", "/static/realtime/frame/api.js", "/static/nowhere.js", "/login/", "/api/nowhere/"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", address, headers={"Authorization": f"Token {token}", "X-Request-ID": "by-hand.2"})
        answer = connection.getresponse()
        assert answer.headers.get_all("X-Request-ID") == ["by-hand.2"], address
        connection.close()
