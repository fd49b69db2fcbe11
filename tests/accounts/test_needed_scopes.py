"""Each address and both sockets with a token of each scope: what it needs is written down, and is what it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, get_resolver
from rest_framework.views import APIView

from accounts import needed_scopes
from accounts.needed_scopes import NEEDED, WEBSOCKET, needed_scope
from accounts.scopes import Scope, includes
from realtime.auth import identify
from realtime.wire.close_codes import NO_LOGIN, Refused
from runs.models import Run
from tests.realtime.writing import queued_run
from tests.test_documentation import methods, patterns
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
EXAMPLES = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000", "slug": "x", "str": "x", "path": "x"}
OUT_OF_SCOPE = "This token has the scope"
JSON = "application/json"


def example(route: str) -> str:
    """Make an address of a route; nothing there exists."""
    route = re.sub(r"<(\w+):\w+>", lambda found: EXAMPLES[found[1]], route)
    return "/" + re.sub(r"\^|\$|/\?", "", route)


def addresses() -> list[tuple[str, URLPattern]]:
    """List all addresses but the admin's, whose views know sessions alone."""
    return [(example(route), pattern) for route, pattern in patterns(get_resolver())]


def is_api(pattern: URLPattern) -> bool:
    return issubclass(getattr(pattern.callback, "cls", object), APIView)


def endpoints() -> Iterator[tuple[str, str, str]]:
    """Yield address, name and method of everything that the API answers."""
    for address, pattern in addresses():
        if is_api(pattern):
            view: Any = pattern.callback
            allowed = {name.upper() for name in view.cls.http_method_names}
            yield from ((address, str(pattern.name), method) for method in sorted(methods(view) & allowed))


def headers(user: User, scope: Scope) -> dict[str, str]:
    return {"authorization": f"Token {new_token(user, scope)}"}


def test_every_endpoint_has_a_scope_for_each_of_its_methods_and_nothing_else_has() -> None:
    served: dict[str, set[str]] = {}
    for _, name, method in endpoints():
        served.setdefault(name, set()).add(method)
    declared = {name: set(scopes) for name, scopes in NEEDED.items() if name != WEBSOCKET}
    assert declared == served
    assert len(served) > 50


def test_every_endpoint_is_refused_to_narrower_scopes_and_to_no_other(user: User) -> None:
    User.objects.update(is_staff=True)
    clients = {scope: Client(headers=headers(user, scope)) for scope in Scope}
    refused: set[tuple[str, str, str]] = set()
    expected: set[tuple[str, str, str]] = set()
    for address, name, method in endpoints():
        for scope, client in clients.items():
            answer = client.generic(method, address, "{}", content_type=JSON)
            assert answer.status_code != 401, address
            if answer.status_code == 403 and OUT_OF_SCOPE in answer.json()["detail"]:
                refused.add((address, method, scope))
            if not includes(scope, NEEDED[name][method]):
                expected.add((address, method, scope))
    assert refused == expected
    assert {method for _, method, _ in expected} == {"GET", "POST", "PATCH", "DELETE"}


def test_tokens_are_strangers_on_pages(user: User) -> None:
    """Pages are for sessions: a token opens none, so none needs a scope."""
    stranger, program = Client(), Client(headers=headers(user, Scope.ADMIN))
    pages = [address for address, pattern in addresses() if not is_api(pattern)]
    assert {"/", "/account/", "/healthz", "/runs/1/"} <= set(pages)
    for address in [*pages, "/admin/"]:
        answers = [client.get(address) for client in (stranger, program)]
        assert answers[0].status_code == answers[1].status_code, address
        assert answers[0].get("Location") == answers[1].get("Location"), address


def test_what_is_forgotten_is_closed(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needed_scopes, "NEEDED", {"run-list": {}})
    widest, narrow = Client(headers=headers(user, Scope.ADMIN)), Client(headers=headers(user, Scope.TRAIN))
    assert widest.get("/api/runs/facets/").json()["detail"] == "This address takes no API tokens."
    assert narrow.get("/api/runs/").status_code == 403
    assert widest.get("/api/runs/").status_code == 200


def test_head_is_as_get_and_options_need_the_narrowest() -> None:
    assert needed_scope("run-list", "HEAD") is Scope.READ
    assert needed_scope("run-cancel", "OPTIONS") is Scope.READ
    assert needed_scope("run-list", "DELETE") is Scope.ADMIN
    assert needed_scope("run-page", "GET") is None


def test_a_scope_that_this_version_does_not_know_may_nothing() -> None:
    assert not includes("launch", Scope.READ)
    assert [scope for scope in Scope if includes("train", scope)] == [Scope.READ, Scope.TRAIN]


@pytest.mark.parametrize("path", ["/ws/runs/", "/ws/runs/1/"])
def test_both_sockets_open_with_each_scope_and_close_without(
    user: User, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(scope: Scope) -> User:
        sent = [(b"host", b"localhost"), (b"authorization", headers(user, scope)["authorization"].encode())]
        return identify({"path": path, "headers": sent, "query_string": b""})

    assert [opened(scope) for scope in Scope] == [user] * 3
    monkeypatch.setattr(needed_scopes, "NEEDED", {WEBSOCKET: {"GET": Scope.TRAIN}})
    assert opened(Scope.TRAIN) == user
    with pytest.raises(Refused) as refused:
        opened(Scope.READ)
    assert refused.value.code == NO_LOGIN
    assert OUT_OF_SCOPE in refused.value.reason


def test_staff_have_their_rights_with_the_widest_scope_alone(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    run = queued_run(User.objects.create_user("lin"))
    cancel = f"/api/runs/{run.pk}/cancel/"
    narrow, widest = (Client(headers=headers(user, scope)) for scope in (Scope.TRAIN, Scope.ADMIN))
    assert narrow.get(f"/api/runs/{run.pk}/").status_code == 200
    assert narrow.post(cancel, {}, JSON).status_code == 403
    assert Run.objects.get().status == Run.Status.QUEUED
    assert widest.post(cancel, {}, JSON).status_code == 202
    stored = User.objects.get(pk=user.pk)
    assert (stored.is_staff, stored.is_superuser) == (True, True), "they are left out of the request's copy alone"


def test_the_owner_needs_no_more_than_train(user: User) -> None:
    run = queued_run(user)
    reader, trainer = (Client(headers=headers(user, scope)) for scope in (Scope.READ, Scope.TRAIN))
    refusal = reader.post(f"/api/runs/{run.pk}/cancel/", {}, JSON)
    assert refusal.status_code == 403
    assert refusal.json()["detail"] == (
        "This token has the scope read, and this needs train; make one with that scope at /account/."
    )
    assert trainer.post(f"/api/runs/{run.pk}/cancel/", {}, JSON).status_code == 202
