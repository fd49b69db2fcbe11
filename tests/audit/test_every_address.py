"""Each address that changes something or hands out data leaves the events that the documentation names.

An address without a row in the documentation, or without a call here, fails.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver
from pytest_django.fixtures import Settings
from rest_framework.views import APIView

from audit.actions import ACTIONS
from runs.api.heavy_requests import DOWNLOADS, EXPORTS, SAMPLES
from tests.audit import (
    explanation_calls,
    external_calls,
    job_calls,
    model_file_calls,
    prediction_calls,
    project_calls,
    report_calls,
)
from tests.audit.calls import CALLS as OTHER_CALLS
from tests.audit.calls import World
from tests.audit.trail import new_events
from tests.documentation import code, table
from tests.runs.conftest import MakeRun
from tests.test_documentation import methods, normalized, patterns

pytestmark = pytest.mark.django_db
CALLS = {
    **OTHER_CALLS,
    **project_calls.CALLS,
    **job_calls.CALLS,
    **prediction_calls.CALLS,
    **model_file_calls.CALLS,
    **explanation_calls.CALLS,
    **external_calls.CALLS,
    **report_calls.CALLS,
}
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
LISTS = {
    "/api/runs/<run_id>/final-samples",
    "/api/runs/<run_id>/external-tests/<number>/samples",
    "/api/runs/<run_id>/explain/columns",
    "/api/runs/differences/samples",
    "/api/runs/label-errors",
    "/api/audit",
}
"""Addresses of samples, of what is computed from them, and of the trail itself, that are no downloads."""
PAGES = {"POST /login", "POST /login/once/<uidb64>/<token>", "POST /logout"}
"""Pages that are functions, or whose class says nothing of its methods, and which write."""


def documented() -> dict[str, set[str]]:
    """Return the events of each address, as the page has them; of one that leaves none, no event."""
    rows = table("reference/audit-trail", "What each address leaves")
    return {code(address)[0]: {name for name in code(events) if name in ACTIONS} for address, events in rows}


def reasons() -> dict[str, str]:
    """Return why an address leaves none."""
    rows = table("reference/audit-trail", "What each address leaves")
    return {code(address)[0]: events for address, events in rows if events.startswith("none: ")}


def addresses() -> set[str]:
    """List all methods and addresses that write, and all that hand out data, as the resolver knows them."""
    found = set()
    for route, pattern in patterns(get_resolver()):
        view: Any = pattern.callback
        cls = getattr(view, "cls", None)
        allowed = methods(view) & {name.upper() for name in getattr(cls, "http_method_names", ["post"])}
        found |= {f"{method} {normalized(route)}" for method in allowed & WRITING}
        if isinstance(cls, type) and issubclass(cls, APIView) and hands_out(cls, normalized(route)):
            found.add(f"GET {normalized(route)}")
    return found | PAGES


def hands_out(view: type[APIView], route: str) -> bool:
    return getattr(view, "heavy", None) in (DOWNLOADS, EXPORTS, SAMPLES) or bool(
        re.search(r"/(picture|image)$", route) or route in LISTS
    )


def test_every_address_has_a_row_and_a_call() -> None:
    assert set(documented()) == addresses()
    assert set(CALLS) == set(documented()) - set(reasons())
    assert len(CALLS) > 40


def test_pages_that_are_functions_write_nothing_but_those_named(browser_session: Client) -> None:
    """Whether they do is seen from their answer to a form."""
    pages = [(normalized(route), pattern) for route, pattern in patterns(get_resolver())]
    functions = [route for route, pattern in pages if not methods(pattern.callback) and f"POST {route}" not in PAGES]
    assert len(functions) > 10
    for route in functions:
        address = re.sub(r"<\w+>", "1", route)
        answered = browser_session.post(address if address in ("/healthz", "/readyz") else f"{address}/")
        assert answered.status_code in (405, 404), route


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.DATASETS_ROOT = tmp_path / "datasets"
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def world(
    *, user: User, api: Client, root: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> World:
    settings.LOGIN_TRIES, settings.PASSWORD_HASHERS = 1, ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return World(user, api, root, make_run, monkeypatch)


OF_BULK = {"run.cancelled"}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_leaves_its_events(name: str, world: World) -> None:
    call = CALLS[name](world)
    with new_events() as stored_since:
        call()
        found = stored_since()
    expected = documented()[name] or OF_BULK
    assert set(found) == expected
