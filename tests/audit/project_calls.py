"""Calls that change projects, members and share links, as `calls` has them of all other addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from runs.models import Run
from tests.audit.calls import Call, World
from tests.experiments.datasets.requests import answer


def _project(world: World) -> str:
    """Make a project of which somebody else is trainer; return where it is."""
    made = answer(world.send("/api/projects/", {"name": "Heart"}, 201), 201)
    User.objects.create_user("bob")
    world.send(f"{made['links']['self']}members/bob/", {"role": "trainer"}, 201, "put")
    return str(made["links"]["self"])


def _member(world: World) -> Callable[[], object]:
    address = f"{_project(world)}members/"
    User.objects.create_user("eve")
    return lambda: [
        world.send(f"{address}eve/", {"role": "viewer"}, 201, "put"),
        world.send(f"{address}bob/", {"role": "viewer"}, 200, "put"),
    ]


def _of_project(end: str, body: Any = None, *, status: int = 200, method: str = "patch") -> Call:
    def prepare(world: World) -> Callable[[], object]:
        address = _project(world) + end
        return lambda: world.send(address, body, status, method)

    return prepare


def _project_form(end: str, *forms: dict[str, Any]) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        page = _project(world).removeprefix("/api")
        path = page + end.format(bob=User.objects.get(username="bob").pk)
        User.objects.create_user("eve")
        return lambda: [world.browser.post(path, fields) for fields in forms]

    return prepare


def _shared(world: World) -> tuple[Run, int]:
    run = world.ended()
    made = answer(world.send(f"/api/runs/{run.pk}/share-links/", status=201), 201)
    return run, made["id"]


def _revoke_link(world: World) -> Callable[[], object]:
    _, link = _shared(world)
    return lambda: world.send(f"/api/share-links/{link}/", status=204, method="delete")


def _revoke_link_form(world: World) -> Callable[[], object]:
    run, link = _shared(world)
    return lambda: world.browser.post(f"/projects/{run.project_id}/links/{link}/revoke/")


def _share_comparison(world: World) -> Callable[[], object]:
    runs = [world.ended().pk, world.ended().pk]
    return lambda: world.send("/api/share-links/", {"runs": runs}, 201)


def _share_run(world: World) -> Callable[[], object]:
    run = world.ended()
    return lambda: world.send(f"/api/runs/{run.pk}/share-links/", status=201)


def _make_by_form(world: World) -> Callable[[], object]:
    return lambda: world.browser.post("/projects/", {"name": "Heart"})


CALLS: dict[str, Call] = {
    "POST /api/projects": lambda world: lambda: world.send("/api/projects/", {"name": "Heart"}, 201),
    "PATCH /api/projects/<project_id>": _of_project("", {"max_queued": 3}),
    "PUT /api/projects/<project_id>/members/<username>": _member,
    "DELETE /api/projects/<project_id>/members/<username>": _of_project("members/bob/", status=204, method="delete"),
    "POST /api/runs/<run_id>/share-links": _share_run,
    "POST /api/share-links": _share_comparison,
    "DELETE /api/share-links/<link_id>": _revoke_link,
    "POST /projects": _make_by_form,
    "POST /projects/<project_id>/change": _project_form("change/", {"name": "Hearts"}),
    "POST /projects/<project_id>/quotas": _project_form("quotas/", {"max_queued": 3}),
    "POST /projects/<project_id>/members": _project_form(
        "members/", {"user": "eve", "role": "viewer"}, {"user": "bob", "role": "viewer"}
    ),
    "POST /projects/<project_id>/members/<user_id>/remove": _project_form("members/{bob}/remove/", {}),
    "POST /projects/<project_id>/links/<link_id>/revoke": _revoke_link_form,
}
