"""`/api/projects/` and members, as everybody: who sees, makes and changes what, and the guards."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from access import members
from access.default_project import DEFAULT_NAME
from access.models import Membership, Project
from access.roles import Role
from accounts.models import APIToken
from accounts.scopes import Scope
from audit.models import AuditEvent
from runs.models import Run
from tests.people import ADMIN, NOBODY, OWNER, PEOPLE, STAFF, STRANGER, SUPERUSER, TRAINER, VIEWER, Cast
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
API = "/api/projects/"
JSON = "application/json"


def patch(client: Client, project: Project, **changes: Any) -> Any:
    return client.patch(f"{API}{project.pk}/", changes, content_type=JSON)


def put(client: Client, project: Project, name: str, role: str) -> Any:
    return client.put(f"{API}{project.pk}/members/{name}/", {"role": role}, content_type=JSON)


def test_everybody_lists_their_own_projects_with_their_role(cast: Cast) -> None:
    found: dict[str, Any] = {}
    for who in PEOPLE:
        answer = cast.client(who).get(API)
        rows = answer.json().get("results")
        found[who] = answer.status_code if rows is None else [(row["name"], row["role"]) for row in rows]
    everything = [(DEFAULT_NAME, "admin"), ("Heart", "admin"), ("Not Heart", "admin")]
    assert found == {
        NOBODY: 401,
        STRANGER: [("Not Heart", "admin")],
        VIEWER: [("Heart", "viewer")],
        TRAINER: [("Heart", "trainer")],
        OWNER: [("Heart", "trainer")],
        ADMIN: [("Heart", "admin")],
        STAFF: everything,
        SUPERUSER: everything,
    }


def test_a_project_says_what_is_used_and_allowed(cast: Cast) -> None:
    cast.run()
    Project.objects.filter(pk=cast.project.pk).update(max_running=3, max_disk_bytes=2**30)
    found = cast.client(VIEWER).get(f"{API}{cast.project.pk}/").json()
    assert found["quotas"] == {
        "max_queued": {"used": 1, "allowed": None},
        "max_running": {"used": 0, "allowed": 3},
        "max_disk_bytes": {"used": 0, "allowed": 2**30},
    }
    assert (found["members"], found["created_by"]) == (4, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"),
    [
        ("GET", "", None, {VIEWER, TRAINER, OWNER, ADMIN, STAFF, SUPERUSER}),
        ("GET", "members/", None, {VIEWER, TRAINER, OWNER, ADMIN, STAFF, SUPERUSER}),
        ("PATCH", "", {"description": "Hearts"}, {ADMIN, STAFF, SUPERUSER}),
        ("PATCH", "", {"max_queued": 4}, {STAFF, SUPERUSER}),
        ("PUT", "members/viewer/", {"role": "viewer"}, {ADMIN, STAFF, SUPERUSER}),
        ("PUT", "members/stranger/", {"role": "viewer"}, {ADMIN, STAFF, SUPERUSER}),
        ("DELETE", "members/nobody-there/", None, {ADMIN, STAFF, SUPERUSER}),
    ],
)
def test_each_address_as_everybody(cast: Cast, method: str, path: str, body: Any, allowed: set[str]) -> None:
    refusal = {NOBODY: 401, STRANGER: 404}
    for who in PEOPLE:
        answer = cast.client(who).generic(method, f"{API}{cast.project.pk}/{path}", _json(body), content_type=JSON)
        if who in allowed:
            assert answer.status_code in (200, 201) or path == "members/nobody-there/", (who, answer.content)
        else:
            assert answer.status_code == refusal.get(who, 403), (who, answer.content)


def test_strangers_cannot_tell_a_project_from_none(cast: Cast) -> None:
    sentence = cast.client(STRANGER).get(f"{API}{cast.project.pk}/").json()["detail"]
    assert sentence == f"Project {cast.project.pk} does not exist."
    assert cast.client(STRANGER).get(f"{API}4711/").json()["detail"] == sentence.replace(str(cast.project.pk), "4711")


def _json(body: Any) -> str:
    return "" if body is None else json.dumps(body)


def test_operators_make_projects_and_nobody_else(cast: Cast) -> None:
    for who in PEOPLE:
        answer = cast.client(who).post(API, {"name": f"by {who}", "max_queued": 5}, JSON)
        if who in (STAFF, SUPERUSER):
            assert answer.status_code == 201
            assert (answer.json()["created_by"], answer.json()["members"]) == (who, 0)
            assert answer.json()["quotas"]["max_queued"] == {"used": 0, "allowed": 5}
        else:
            assert answer.status_code == (401 if who == NOBODY else 403), who
    assert set(Project.objects.values_list("name", flat=True)) >= {"by staff", "by superuser"}
    assert AuditEvent.objects.filter(action="project.created").count() == 2


def test_no_user_has_a_null_character_in_their_name(cast: Cast) -> None:
    address = f"{API}{cast.project.pk}/members/a%00b/"
    admin = cast.client(ADMIN)
    assert admin.put(address, {"role": "viewer"}, JSON).status_code == 404
    assert admin.delete(address).status_code == 404


def test_a_token_takes_rights_away(cast: Cast) -> None:
    """One of staff for one project manages that, and makes none; one that only reads changes nothing."""
    staff = cast.users[STAFF]
    reader = Client(headers={"authorization": f"Token {new_token(staff, Scope.READ)}"})
    assert reader.get(f"{API}{cast.project.pk}/").json()["role"] == "viewer"
    assert patch(reader, cast.project, max_queued=1).status_code == 403
    whole = cast.program(STAFF)
    assert patch(whole, cast.project, max_queued=1).status_code == 200
    APIToken.objects.filter(user=staff, scope=Scope.ADMIN).update(project=cast.project)
    assert [row["name"] for row in whole.get(API).json()["results"]] == ["Heart"]
    assert patch(whole, cast.project, name="Hearts").status_code == 200
    assert patch(whole, cast.project, max_queued=2).status_code == 403, "operators alone, and this token is for one"
    assert whole.post(API, {"name": "More"}, JSON).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Not Heart"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "12"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": ""}, "name"),
        ({"description": "x" * 4001}, "description"),
        ({"description": "a\x00b"}, "description"),
        ({"max_queued": -1}, "max_queued"),
        ({"max_running": "many"}, "max_running"),
        ({"max_disk_bytes": 2**63}, "max_disk_bytes"),
        ({"max_queud": 1}, "max_queud"),
    ],
)
def test_what_is_wrong_is_named(cast: Cast, body: dict[str, Any], field: str) -> None:
    before = Project.objects.filter(pk=cast.project.pk).values().get()
    answer = patch(cast.client(SUPERUSER), cast.project, **body)
    assert answer.status_code == 400, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Project.objects.filter(pk=cast.project.pk).values().get() == before


def test_changes_are_stored_and_recorded(cast: Cast) -> None:
    answer = patch(cast.client(STAFF), cast.project, name=" Hearts ", description="Echo", max_queued=3)
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["description"]) == ("Hearts", "Echo")
    assert patch(cast.client(STAFF), cast.project, description="", max_queued=None).json()["description"] == ""
    first, second = AuditEvent.objects.filter(action="project.changed").order_by("pk")
    assert first.details["changed"] == {
        "name": ["Heart", "Hearts"],
        "description": ["", "Echo"],
        "max_queued": [None, 3],
    }
    assert second.details["changed"] == {"description": ["Echo", ""], "max_queued": [3, None]}
    assert (first.user_name, first.project_id) == (STAFF, cast.project.pk)


def test_members_are_added_changed_and_removed(cast: Cast) -> None:
    admin = cast.client(ADMIN)
    added = put(admin, cast.project, STRANGER, "viewer")
    assert added.status_code == 201
    assert added.json() == {"user": STRANGER, "role": "viewer", "from_group": None, "is_active": True}
    assert put(admin, cast.project, STRANGER, "trainer").status_code == 200
    assert cast.role(STRANGER) == Role.TRAINER
    names = [row["user"] for row in admin.get(f"{API}{cast.project.pk}/members/").json()["results"]]
    assert names == sorted([ADMIN, OWNER, STRANGER, TRAINER, VIEWER])
    assert admin.delete(f"{API}{cast.project.pk}/members/{STRANGER}/").status_code == 204
    assert admin.delete(f"{API}{cast.project.pk}/members/{STRANGER}/").status_code == 404
    assert cast.role(STRANGER) is None
    told = AuditEvent.objects.filter(action__startswith="membership.", project_id=cast.project.pk).order_by("pk")
    assert [(event.action, event.target_name, event.user_name) for event in told] == [
        ("membership.granted", STRANGER, ADMIN),
        ("membership.changed", STRANGER, ADMIN),
        ("membership.revoked", STRANGER, ADMIN),
    ]


def test_a_role_that_does_not_exist_and_a_user_that_does_not(cast: Cast) -> None:
    admin = cast.client(ADMIN)
    wrong = put(admin, cast.project, VIEWER, "owner")
    assert [error["field"] for error in wrong.json()["errors"]] == ["role"]
    assert put(admin, cast.project, "Viewer", "viewer").status_code == 404
    assert cast.role(VIEWER) == Role.VIEWER


def test_the_last_admin_stays(cast: Cast) -> None:
    """An admin who is switched off is none."""
    off = User.objects.create_user("off", is_active=False)
    Membership.objects.create(project=cast.project, user=off, role=Role.ADMIN)
    for who in (ADMIN, SUPERUSER):
        client = cast.client(who)
        refusals = [
            put(client, cast.project, ADMIN, "trainer"),
            client.delete(f"{API}{cast.project.pk}/members/{ADMIN}/"),
        ]
        assert [answer.status_code for answer in refusals] == [409, 409]
        assert all("make another member its admin first" in answer.json()["detail"] for answer in refusals)
    put(cast.client(ADMIN), cast.project, TRAINER, "admin")
    assert cast.client(TRAINER).delete(f"{API}{cast.project.pk}/members/{ADMIN}/").status_code == 204
    assert cast.client(ADMIN).get(f"{API}{cast.project.pk}/").status_code == 404


def test_a_role_by_single_sign_on_is_shown_and_changed_by_hand(cast: Cast) -> None:
    Membership.objects.filter(user=cast.users[VIEWER]).update(from_group="cardiology")
    admin = cast.client(ADMIN)
    rows = {row["user"]: row["from_group"] for row in admin.get(f"{API}{cast.project.pk}/members/").json()["results"]}
    assert rows == {ADMIN: None, OWNER: None, TRAINER: None, VIEWER: "cardiology"}
    refused = admin.delete(f"{API}{cast.project.pk}/members/{VIEWER}/")
    assert refused.status_code == 409
    assert "the group cardiology of single sign-on" in refused.json()["detail"]
    assert put(admin, cast.project, VIEWER, "viewer").json()["from_group"] == "cardiology", "nothing has changed"
    assert put(admin, cast.project, VIEWER, "trainer").json()["from_group"] is None
    assert admin.delete(f"{API}{cast.project.pk}/members/{VIEWER}/").status_code == 204


def test_runs_of_somebody_who_is_removed_stay(cast: Cast) -> None:
    run = cast.run(OWNER)
    assert cast.client(ADMIN).delete(f"{API}{cast.project.pk}/members/{OWNER}/").status_code == 204
    assert Run.objects.get(pk=run.pk).project_id == cast.project.pk
    assert cast.client(VIEWER).get(f"/api/runs/{run.pk}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_at_once_leave_one() -> None:
    cast = Cast()
    Membership.objects.filter(user=cast.users[TRAINER]).update(role=Role.ADMIN)
    together = threading.Barrier(2)

    def remove(who: str) -> bool:
        together.wait(10)
        try:
            members.remove(cast.project.pk, cast.users[who])
        except members.NotPossible:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, (ADMIN, TRAINER))) == [False, True]
    assert Membership.objects.filter(project=cast.project, role=Role.ADMIN).count() == 1
