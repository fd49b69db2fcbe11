"""Every kind of user at every socket: what the documentation's table says is what they get."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from access.models import Project
from access.roles import Role
from accounts.models import APIToken
from runs.models import Run
from tests import documentation
from tests.realtime.in_process import Message, socket
from tests.realtime.projects import member, project, run_in, stranger
from tests.realtime.writing import in_thread
from tests.tokens import new_token

pytestmark = pytest.mark.usefixtures("within_process")
TABLE = {cells[0]: cells[1:] for cells in documentation.table("reference/events", "Who may listen")}
OURS = "http://localhost"


class World(NamedTuple):
    """Two projects with a run each, and who owns both runs."""

    project: Project
    other: Project
    ours: Run
    theirs: Run
    owner: User


class Visitor(NamedTuple):
    """What a client sends: headers, and what it asks for a ticket first, if it does (`run`: for that run alone)."""

    headers: dict[str, str]
    asks: Client | None = None
    run: int | None = None


@pytest.fixture
def world(transactional_db: None) -> World:
    ours, theirs = project("ours"), project("theirs")
    owner = stranger("ada")
    return World(ours, theirs, run_in(ours, owner), run_in(theirs, owner), owner)


def by_token(user: User, only: Project | None = None) -> Visitor:
    token = new_token(user)
    if only is not None:
        APIToken.objects.filter(user=user).update(project=only)
    return Visitor({"authorization": f"Token {token}"})


def with_role(role: Role) -> Callable[[World], Visitor]:
    return lambda world: by_token(member("grace", world.project, role=role))


def operator(**rights: bool) -> Callable[[World], Visitor]:
    def made(_world: World) -> Visitor:
        user = stranger("grace")
        User.objects.filter(pk=user.pk).update(**rights)
        return by_token(User.objects.get(pk=user.pk))

    return made


def operator_of_one(world: World) -> Visitor:
    user = stranger("grace")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return by_token(User.objects.get(pk=user.pk), world.project)


def of_both_by_token_for_one(world: World) -> Visitor:
    return by_token(member("grace", world.project, world.other), world.project)


def by_token_for_the_other(world: World) -> Visitor:
    return by_token(member("grace", world.project), world.other)


def by_ticket(world: World) -> Visitor:
    return Visitor({}, Client(headers=by_token(member("grace", world.project)).headers))


def by_ticket_for_the_run(world: World) -> Visitor:
    return by_ticket(world)._replace(run=world.ours.pk)


def by_session(**headers: str) -> Callable[[World], Visitor]:
    def made(world: World) -> Visitor:
        client = Client()
        client.force_login(member("grace", world.project))
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        return Visitor({"cookie": cookie} | headers)

    return made


def viewer_with(**headers: str) -> Callable[[World], Visitor]:
    def made(world: World) -> Visitor:
        found = by_token(member("grace", world.project))
        return found._replace(headers=found.headers | headers)

    return made


def inactive(world: World) -> Visitor:
    found = by_token(member("grace", world.project))
    User.objects.filter(username="grace").update(is_active=False)
    return found


def revoked(world: World) -> Visitor:
    found = by_token(member("grace", world.project))
    APIToken.objects.all().delete()
    return found


KINDS: dict[str, Callable[[World], Visitor]] = {
    "nobody: no login, no token": lambda _: Visitor({}),
    "a user who belongs to no project": lambda _: by_token(stranger("eve")),
    "a viewer of the project": with_role(Role.VIEWER),
    "a trainer of the project": with_role(Role.TRAINER),
    "an admin of the project": with_role(Role.ADMIN),
    "the owner of the runs, who left both projects": lambda world: by_token(world.owner),
    "staff": operator(is_staff=True),
    "a superuser": operator(is_superuser=True),
    "staff, by a token for the project": operator_of_one,
    "a member of both projects, by a token for the project": of_both_by_token_for_one,
    "a member of the project, by a token for the other": by_token_for_the_other,
    "a viewer, by a ticket": by_ticket,
    "a viewer, by a ticket for the run": by_ticket_for_the_run,
    "a viewer, by session and our `Origin`": by_session(origin=OURS),
    "a viewer, by session without `Origin`": by_session(),
    "a viewer, from a page of another origin": viewer_with(origin="http://evil.example"),
    "a viewer, at a `Host` that is not the server's": viewer_with(host="evil.example"),
    "an inactive user": inactive,
    "a token that was revoked or has expired": revoked,
}


def test_the_table_has_every_kind() -> None:
    assert set(TABLE) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_socket_answers_as_the_table_says(world: World, kind: str) -> None:
    visitor = await in_thread(KINDS[kind], world)
    paths = (f"{world.ours.pk}/", f"{world.theirs.pk}/", "", "?only=queue", "x/")
    found = [await answer(world, visitor, f"/ws/runs/{path}") for path in paths]
    assert found == TABLE[kind]


async def answer(world: World, visitor: Visitor, path: str) -> str:
    """Describe in the table's words what a socket at that path sends first."""
    if visitor.asks is not None:
        ticket = await in_thread(_ticket, visitor.asks, visitor.run)
        path += f"{'&' if '?' in path else '?'}ticket={ticket}"
    async with socket(path, **visitor.headers) as opened:
        first = await opened.first()
    if isinstance(first, int):
        return f"`{first}`"
    if "/ws/runs/?" not in path and not path.endswith("/ws/runs/"):
        return "events"
    return _runs_of(world, first, only_queue="only=queue" in path)


def _runs_of(world: World, first: list[Message], *, only_queue: bool) -> str:
    [queue] = [message["data"] for message in first if message["type"] == "queue"]
    counted = queue["running"]
    named = {message["run_id"] for message in first if message["type"] == "run_summary"}
    assert not (only_queue and named)
    if not only_queue:
        assert counted == len(named)
        assert named <= {world.ours.pk, world.theirs.pk}
        assert counted != 1 or named == {world.ours.pk}
    return {0: "no runs", 1: "its runs", 2: "all runs"}[counted]


def _ticket(client: Client, run: int | None) -> str:
    answered = client.post("/api/tickets/", {} if run is None else {"run": run}, "application/json")
    assert answered.status_code == 201, answered.content
    return str(answered.json()["ticket"])


async def test_a_missing_run_and_one_that_is_not_shown_are_refused_in_the_same_words(world: World) -> None:
    visitor = await in_thread(KINDS["a viewer of the project"], world)
    reasons = []
    for number in (world.theirs.pk, world.theirs.pk + 999):
        async with socket(f"/ws/runs/{number}/", **visitor.headers) as opened:
            code, reason = await opened.closed()
        reasons.append((code, reason.replace(str(number), "N")))
    assert reasons == [(4404, "There is no run N.")] * 2
