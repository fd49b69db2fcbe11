"""Each address as each kind of user: it answers what the table of the documentation says, and each has its row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.fixtures import Settings

from access.models import Membership
from accounts.models import ExternalIdentity
from accounts.share_links import links
from audit.models import AuditEvent
from experiments.datasets import lookup
from experiments.datasets.lookup import Inspected, Place
from experiments.model_files.file_names import name_of
from tests.access.people import MARK, World, make_world
from tests.documentation import code, table
from tests.people import PEOPLE
from tests.test_documentation import methods, patterns

pytestmark = pytest.mark.django_db
PAGE, SECTION = "explanation/projects-and-roles", "Every address"
LOGIN = ("/login/", "/admin/login/")
NOT_THERE = re.compile(
    r"(Run|Group|Pre-flight report|Model job|Project) \d+ does not exist\.|There is no data set"
    r"|You have no (such upload|token|link|subscription|message)"
    r"|There are no such runs|No two of these runs"
)
"""What is said of things that do not exist. Other things may be missing of one that does: a file, a picture."""
LEFT_OUT = {"admin login", "admin logout", "admin app_list", "admin view_on_site"}
"""Django's own, which lead elsewhere or show what the others do."""


@pytest.fixture
def world(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Make one thing of each kind; nothing is looked at in data, which takes processes of their own."""
    settings.DEFAULT_ROLE = ""
    settings.DATASETS_ROOT = tmp_path / "datasets"
    (tmp_path / "data" / "lungs").mkdir(parents=True)
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    found = Inspected(Place("builtin:breast-cancer", []), decided=False)
    monkeypatch.setattr(lookup, "inspect", lambda *_args, **_options: found)
    monkeypatch.setattr("experiments.wakeup.announce_request", lambda: None)
    monkeypatch.setattr("experiments.reports.drawing.requests.drawn", lambda _plots: [])
    made = make_world()
    link, token = links.make(made.users["owner"], [made.run, made.other], days=1, with_samples=True)
    SHARED.update(link_id=str(link.pk), token=token)
    return made


SHARED: dict[str, str] = {}
"""A link that the owner has made to both runs: its number and its secret."""


def routes() -> Iterator[tuple[str, str, str]]:
    """Yield method, route and name of each address of the server."""
    for route, pattern in patterns(get_resolver()):
        yield from _of_pattern("/" + re.sub(r"\^|\$|\?", "", route).removesuffix("/?"), pattern, str(pattern.name))
    for route, pattern in _of_admin(admin.site.get_urls(), "/admin/"):
        if pattern.name and f"admin {pattern.name}" not in LEFT_OUT:
            yield ("POST" if pattern.name == "runs_run_act" else "GET"), route, f"admin {pattern.name}"


def _of_pattern(route: str, pattern: URLPattern, name: str) -> Iterator[tuple[str, str, str]]:
    cls: Any = getattr(pattern.callback, "cls", None)
    if cls is not None:
        allowed = {one.upper() for one in cls.http_method_names}
        yield from ((method, route, name) for method in sorted(methods(pattern.callback) & allowed))
        return
    yield "GET", route, name
    if name in FORMS:
        yield "POST", route, name


FORMS = (
    *("notifications-page", "notification-page", "notification-action", "notification-redeliver-button"),
    *("project-notifications-page", "unsubscribe"),
    *("account-tokens", "account-revoke", "account-password", "project-list-page", "project-change", "project-quotas"),
    *("project-member", "project-member-remove", "project-link-revoke"),
    *("run-report-page", "run-report-texts-form"),
)


def _of_admin(found: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from _of_admin(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one


def documented() -> dict[tuple[str, str], str]:
    """Read the kind of each documented address, by method and route without converters."""
    found = {}
    for cells in table(PAGE, SECTION):
        if len(cells) == 2:
            for address in code(cells[1]):
                method, _, route = address.partition(" ")
                assert (method, route) not in found, f"{address} stands there twice"
                found[method, route] = cells[0]
    return found


def answers() -> dict[str, dict[str, str]]:
    """Read what each kind of address answers to each kind of user."""
    return {cells[0]: dict(zip(PEOPLE, cells[1:], strict=True)) for cells in table(PAGE, SECTION) if len(cells) > 2}


def plain(route: str) -> str:
    """Write a route as the documentation does."""
    return re.sub(r"<\w+:", "<", route).removesuffix("/") if "train" in route else re.sub(r"<\w+:", "<", route)


def test_every_address_has_its_row_and_there_are_no_others() -> None:
    served = {(method, plain(route)) for method, route, _ in routes()}
    assert served == set(documented())
    assert len(served) > 130
    assert set(documented().values()) == set(answers())


def test_every_address_answers_each_kind_of_user_what_the_table_says(world: World) -> None:
    clients = {kind: Client(raise_request_exception=False) for kind in PEOPLE}
    for kind, user in world.users.items():
        clients[kind].force_login(user)
    wrong = []
    expected, kinds = answers(), documented()
    for method, route, name in routes():
        row = expected[kinds[method, plain(route)]]
        for kind, client in clients.items():
            with transaction.atomic():
                answer = asked(client, world, method, route, name)
                found = outcome(answer, row, name)
                transaction.set_rollback(True)
            if found != row[kind]:
                wrong.append(f"{method} {route} as {kind}: {found} ({answer.status_code}), documented: {row[kind]}")
    assert not wrong, "\n".join(wrong)


def asked(client: Client, world: World, method: str, route: str, name: str) -> HttpResponse:
    """Ask about the things of the world."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: value(world, found[1], name, method), route)
    if method == "GET":
        return client.get(path, QUERIES[name](world) if name in QUERIES else {})  # type: ignore[return-value]
    if route.startswith(("/account", "/admin", "/projects")):
        fields = {"name": "x", "action": "delete", "user": "viewer", "role": "viewer"}
        return client.post(path, fields)  # type: ignore[return-value]
    if name == "upload-detail":
        return client.generic(method, path, b"", headers={"upload-offset": "0"})  # type: ignore[return-value]
    body = BODIES[name, method](world) if (name, method) in BODIES else {}
    return client.generic(method, path, json.dumps(body), content_type="application/json")  # type: ignore[return-value]


def value(world: World, parameter: str, name: str, method: str) -> str:
    """Return what stands in an address for a parameter."""
    if name.startswith("builtin") and parameter == "name":
        return "breast-cancer" if name in ("builtin-detail", "builtin-page") else "x"
    if parameter in ("object_id", "id"):
        of = {"access_project": world.project.pk, "access_membership": _membership(world).pk}
        of |= {"audit_": AuditEvent.objects.values_list("pk", flat=True)[0]}
        of |= {"runs_run_": world.run.pk, "runs_rungroup": world.group.pk}
        of |= {"accounts_externalidentity": _identity(world), "accounts_": world.token.pk}
        of |= {"notifications_": world.subscription.pk, "experiments_modeljob": world.model_job.pk}
        return str(next((pk for start, pk in of.items() if start in name), _of_auth(world, name)))
    if parameter == "token" and name.startswith("shared"):
        return SHARED["token"]
    if parameter == "name":
        model_file = name_of(world.model_file)
        files = {"run-file": "metrics.csv", "model-job-file": "scores.csv", "run-model-file": model_file}
        return files.get(name, world.dataset.name)
    queued = name in ("run-move", "run-priority", "run-cancel")
    run = world.deleted if name == "run-restore" else world.queued if queued else world.run
    jobs = {"preflight": world.preflight.pk, "model-job": world.model_job.pk}
    pk = next((pk for start, pk in jobs.items() if name.startswith(start)), world.run.pk)
    return str(
        {
            "run_id": run.pk, "pk": pk, "group_id": world.group.pk, "upload_id": world.upload.pk,
            "project_id": world.project.pk, "username": "viewer", "user_id": world.users["viewer"].pk,
            "link_id": SHARED["link_id"], "token_id": world.token.pk, "place": 0,
            "number": int("external" in name), "path": "index.html",
            "subscription_id": world.subscription.pk, "message_id": world.message.pk, "action": "pause",
            "uidb64": "x", "token": "y",
        }[parameter]
    )  # fmt: skip


def _membership(world: World) -> Membership:
    return Membership.objects.get(project=world.project, user=world.users["viewer"])


def _identity(world: World) -> int:
    issuer, subject = "https://id.example.org", "6f1c"
    owner = world.users["owner"]
    return ExternalIdentity.objects.get_or_create(issuer=issuer, subject=subject, defaults={"user": owner})[0].pk


def _of_auth(world: World, name: str) -> int:
    return Group.objects.get_or_create(name="readers")[0].pk if "auth_group" in name else world.users["viewer"].pk


Asked = Callable[[World], dict[str, Any]]
_PAIR: Asked = lambda world: {"reference": world.run.pk, "run": world.other.pk}  # noqa: E731
_BOTH: Asked = lambda world: {"runs": f"{world.run.pk},{world.other.pk}"}  # noqa: E731
_CELL: Asked = lambda _: {"split": "val", "cell": "fp"}  # noqa: E731
QUERIES: dict[str, Asked] = {
    "series": lambda world: {"runs": world.run.pk, "name": "epoch/val_auroc"},
    "run-grouped": lambda _: {"by": "experiment"},
    "run-differences": _BOTH,
    "run-paired-differences": _BOTH,
    "label-errors": _BOTH,
    "label-errors-export": _BOTH,
    "run-flipped-samples": _PAIR,
    "run-flipped-table": _PAIR,
    "run-flipped-pictures": _PAIR,
    **dict.fromkeys(("run-final-samples", "run-final-samples-export", "run-final-pictures"), _CELL),
    **dict.fromkeys(("shared-samples", "shared-samples-export", "shared-pictures"), _CELL),
    "external-tests": _BOTH,
    **dict.fromkeys(("external-samples", "external-samples-export"), lambda _: {"cell": "fp"}),
    "shared-differences": _BOTH,
    "shared-many-series": lambda world: {"runs": world.run.pk, "name": "epoch/val_auroc"},
}
BODIES: dict[tuple[str, str], Asked] = {
    ("centralized-train", "POST"): lambda world: {
        "experiment_name": "x", "source_path": "builtin:breast-cancer", "project": world.project.name,
    },
    ("run-evaluate", "POST"): lambda _: {"source_path": "builtin:breast-cancer"},
    ("dataset-list", "POST"): lambda world: {"path": "lungs", "project": world.project.pk},
    ("upload-list", "POST"): lambda world: {"filename": "a.zip", "size": 5, "project": str(world.project.pk)},
    ("queue", "POST"): lambda _: {"paused": True},
    ("run-bulk", "POST"): lambda world: {"runs": [world.run.pk], "action": "delete"},
    ("run-tags", "POST"): lambda world: {"runs": [world.run.pk], "add": ["new"]},
    ("run-detail", "PATCH"): lambda _: {"description": "new"},
    ("run-move", "POST"): lambda _: {"to": "end"},
    ("run-priority", "POST"): lambda _: {"priority": -1},
    ("run-operating-point", "POST"): lambda _: {"rule": "youden", "reason": "why"},
    ("run-withdraw-operating-point", "POST"): lambda _: {"reason": "why"},
    ("tickets", "POST"): lambda world: {"run": world.run.pk},
    ("token-list", "POST"): lambda _: {"name": "x"},
    ("project-list", "POST"): lambda _: {"name": "new"},
    ("project-detail", "PATCH"): lambda _: {"description": "new"},
    ("member-detail", "PUT"): lambda _: {"role": "viewer"},
    ("share-link-list", "POST"): lambda world: {"runs": [world.run.pk]},
}  # fmt: skip


def outcome(answer: Any, row: dict[str, str], name: str) -> str:
    """Say in the words of the table what an answer is."""
    if answer.status_code in (301, 302):
        return "login" if answer["Location"].startswith(LOGIN) and name != "login" else "yes"
    text = b"" if answer.streaming else answer.content
    if answer.status_code == 200 and name in ("run-bulk", "run-tags"):
        [result] = answer.json()["results"]
        return "yes" if result["ok"] else "404" if NOT_THERE.match(result["detail"]) else "403"
    if answer.status_code == 404 and row["nobody"] == "401":
        return "404" if NOT_THERE.match(answer.json()["detail"]) else "yes"
    if answer.status_code in (401, 403) or (answer.status_code == 404 and row["nobody"] != "yes"):
        return str(answer.status_code)
    assert answer.status_code < 500, text
    mark = '"val"' if name == "run-differences" else MARK
    return "empty" if "empty" in row.values() and mark.encode() not in text else "yes"
