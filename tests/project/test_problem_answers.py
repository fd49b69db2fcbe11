"""Every address of the API answers refused requests with problems, whatever is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from runs.api.views import ReadingView
from runs.problems.problem_types import PROBLEM_TYPES
from tests.documentation import section
from tests.problems import problem_of

pytestmark = pytest.mark.django_db
ARGUMENTS = {
    "str": "nobody",
    "uuid": "7c0a0a4e-0b1c-4f2e-9d58-000000000000",
    "int": "987654321",
    "slug": "nowhere",
    "path": "no/where",
}
PAGES = {"api/docs/"}
METHODS = ("get", "post", "put", "patch", "delete")


class Address(NamedTuple):
    path: str
    view: type[APIView]

    @property
    def methods(self) -> set[str]:
        return {name for name in METHODS if name in self.view.http_method_names and hasattr(self.view, name)}

    @property
    def names_something(self) -> bool:
        return any(argument in self.path for argument in ARGUMENTS.values())


def addresses(patterns: list[Any] | None = None, before: str = "") -> Iterator[Address]:
    """List from the resolver all addresses of the API, each with arguments that name nothing."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + re.sub(r"\^|\$|/\?", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("api/") and path not in PAGES:
            filled = re.sub(r"<(\w+):\w+>", lambda found: ARGUMENTS[found[1]], path)
            view: Any = pattern.callback
            yield Address(f"/{filled}", view.cls)


ALL = sorted(addresses())


@pytest.fixture
def staff() -> Client:
    """Make a client that may do everything, without a token's scopes."""
    client = Client()
    client.force_login(User.objects.create_user("root", is_staff=True))
    return client


def test_the_walk_finds_the_whole_api() -> None:
    assert len(ALL) > 60
    assert {"/api/queue/", "/api/experiments/centralized/train", "/api/tokens/987654321/"} <= {one.path for one in ALL}


def test_a_stranger_is_told_to_log_in() -> None:
    for address in ALL:
        for method in address.methods:
            answer = getattr(Client(), method)(address.path)
            problem_of(answer, "not-logged-in")
            assert answer["WWW-Authenticate"] == "Token", address.path


def test_a_method_that_is_not_taken_is_told_with_those_that_are(staff: Client) -> None:
    for address in ALL:
        for method in set(METHODS) - address.methods:
            answer = getattr(staff, method)(address.path)
            problem_of(answer, "method-not-allowed")
            assert {name.upper() for name in address.methods} <= set(answer["Allow"].split(", ")), address.path
        answer = staff.options(address.path)
        assert (answer.status_code, answer.content) == (204, b""), address.path
        assert set(answer["Allow"].split(", ")) - {"OPTIONS", "HEAD"} == {name.upper() for name in address.methods}, (
            address.path
        )
        assert "OPTIONS" in answer["Allow"], address.path


def test_what_does_not_exist_is_a_problem(staff: Client) -> None:
    for address in ALL:
        if not address.names_something:
            continue
        for method in address.methods & {"get", "delete"}:
            answer = getattr(staff, method)(address.path)
            found = problem_of(answer)
            if found["status"] == 400:  # parameters that are missing are told first
                assert all(error["detail"].startswith("This field is required") for error in found["errors"]), found
            else:
                assert found["status"] == 404, address.path


def test_a_head_is_answered_as_a_get_without_a_body(staff: Client) -> None:
    for address in ALL:
        if "get" not in address.methods:
            continue
        got, head = staff.get(address.path), staff.head(address.path)
        assert head.status_code == got.status_code, address.path
        assert head["Content-Type"] == got["Content-Type"], address.path
        assert head.content == b"", address.path


def test_bodies_that_cannot_be_read_are_problems(staff: Client) -> None:
    for address in ALL:
        for method in address.methods & {"post", "patch"}:
            for body, kind in ((b'{"a": ', "application/json"), (b"a=1", "text/plain"), (b"[1]", "application/json")):
                answer = getattr(staff, method)(address.path, data=body, content_type=kind)
                problem_of(answer)


def test_an_unknown_parameter_is_named(staff: Client) -> None:
    for address in ALL:
        if "get" not in address.methods:
            continue
        answer = staff.get(f"{address.path}?nonsense=1")
        if answer.status_code >= 400:
            found = problem_of(answer)
            if "errors" in found:
                assert "nonsense" in [error.get("parameter") for error in found["errors"]]
        if issubclass(address.view, ReadingView) and address.view is not ReadingView:
            problem_of(answer, "invalid-request")


def test_each_way_to_be_wrong_has_its_type(staff: Client) -> None:
    train = "/api/experiments/centralized/train"
    problem_of(staff.post(train, data=b'{"a": ', content_type="application/json"), "malformed-body")
    problem_of(staff.post(train, data=b"a=1", content_type="text/plain"), "unsupported-media-type")
    problem_of(staff.get("/api/runs/", headers={"accept": "text/html"}), "not-acceptable")
    problem_of(staff.get("/api/nowhere/"), "unknown-address")
    problem_of(staff.post("/api/runs/x/"), "unknown-address")
    problem_of(staff.get("/api/runs/", headers={"host": "evil.example"}), "host-not-allowed")
    problem_of(staff.get("/api/runs/987654321/"), "not-found")
    long = b'"' + b"x" * 70_000 + b'"'
    problem_of(staff.post(train, data=long, content_type="application/json"), "body-too-long")
    form = "&".join(f"f{number}=1" for number in range(2_000))
    problem_of(staff.post("/api/runs/tags/", data=form, content_type="application/x-www-form-urlencoded"))


def test_a_session_alone_changes_nothing() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ada"))
    problem_of(client.post("/api/runs/tags/", data="{}", content_type="application/json"), "csrf-check-failed")
    assert client.post("/logout/")["Content-Type"].startswith("text/html")


def test_the_place_of_a_mistake_is_named(staff: Client) -> None:
    train = "/api/experiments/centralized/train"
    body = {"source_path": "builtin:breast-cancer", "experiment_name": "x", "data": {"batch_size": 0}, "a/b.c": 1}
    found = problem_of(staff.post(train, data=body, content_type="application/json"), "invalid-request")
    assert {error["pointer"] for error in found["errors"]} == {"#/data/batch_size", "#/a~1b.c"}
    assert found["more"] == 0
    answer = staff.post("/api/runs/tags/", data={"runs": [1, "x"], "add": ["a"]}, content_type="application/json")
    assert [error["pointer"] for error in problem_of(answer)["errors"]] == ["#/runs/1"]
    answer = staff.post("/api/runs/tags/", data=b'{"runs": [1], "add": ["a\\u0000"]}', content_type="application/json")
    assert [error["pointer"] for error in problem_of(answer, "malformed-body")["errors"]] == ["#/add/0"]
    answer = staff.post("/api/runs/tags/", data=b"[]", content_type="application/json")
    assert [error["pointer"] for error in problem_of(answer, "invalid-request")["errors"]] == ["#"]


def test_parameters_and_headers_are_told_from_the_body(staff: Client) -> None:
    train = "/api/experiments/centralized/train"
    body = {"experiment_name": "x", "source_path": "builtin:breast-cancer"}
    for address, name in ((f"{train}?dry_run=perhaps", "dry_run"), (f"{train}?dry_run=true&wait=x", "wait")):
        found = problem_of(staff.post(address, data=body, content_type="application/json"), "invalid-request")
        assert [error["parameter"] for error in found["errors"]] == [name]
    answer = staff.post(train, data=body, content_type="application/json", headers={"idempotency-key": "x" * 300})
    assert [error["header"] for error in problem_of(answer, "invalid-request")["errors"]] == ["Idempotency-Key"]
    found = problem_of(staff.get("/api/runs/?page_size=0&status=gone"), "invalid-request")
    assert {error["parameter"] for error in found["errors"]} == {"page_size", "status"}


def test_the_page_of_problems_has_each_type_with_its_status_and_cure() -> None:
    for kind in PROBLEM_TYPES:
        text = section("reference/problems", kind.title).strip()
        assert text.startswith(f"{kind.status}\\. "), kind
        assert len(re.split(r"\.\s", text)) >= 3, f"{kind.title}: what it is, and what to do"


def test_the_page_of_problems_has_no_other_type() -> None:
    titles = re.findall(r"^## (.+)$", section("reference/problems", "Problems", 1), re.MULTILINE)
    assert titles == [kind.title for kind in PROBLEM_TYPES]
    assert [kind.name for kind in PROBLEM_TYPES] == [title.lower().replace(" ", "-") for title in titles]
