"""`/api/share-links/` and those of a run, as everybody: who makes, lists and revokes links, and what holds of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from access.models import Membership
from access.roles import Role
from accounts.issuing import issue
from accounts.models import ShareLink
from accounts.scopes import Scope
from accounts.share_links import links
from audit.models import AuditEvent
from tests.people import ADMIN, NOBODY, OWNER, PEOPLE, STAFF, STRANGER, SUPERUSER, TRAINER, VIEWER, Cast
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
API = "/api/share-links/"
JSON = "application/json"


def of_run(run: Any) -> str:
    return f"/api/runs/{run.pk}/share-links/"


def make(client: Client, address: str = API, **body: Any) -> Any:
    return client.post(address, body, content_type=JSON)


def made(client: Client, address: str, **body: Any) -> Any:
    answer = make(client, address, **body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_owners_who_train_and_admins_make_links(cast: Cast) -> None:
    run = cast.run(OWNER)
    found = {who: make(cast.client(who), of_run(run)).status_code for who in PEOPLE}
    assert found == {
        NOBODY: 401,
        STRANGER: 404,
        VIEWER: 403,
        TRAINER: 403,
        OWNER: 201,
        ADMIN: 201,
        STAFF: 201,
        SUPERUSER: 201,
    }
    assert {who: cast.client(who).get(of_run(run)).status_code for who in PEOPLE} == {
        who: 200 if status == 201 else status for who, status in found.items()
    }


def test_an_owner_who_only_views_shares_nothing(cast: Cast) -> None:
    run = cast.run(OWNER)
    Membership.objects.filter(user=cast.users[OWNER]).update(role=Role.VIEWER)
    assert make(cast.client(OWNER), of_run(run)).status_code == 403


def test_a_link_is_made_once_readable_and_stored_as_a_digest(cast: Cast) -> None:
    run = cast.run(OWNER)
    found = made(cast.client(OWNER), of_run(run), days=3, with_samples=True)
    address = found.pop("link")
    assert address.startswith("http://testserver/shared/")
    token = address.rstrip("/").rpartition("/")[2]
    assert len(token) >= 43, "256 bits"
    assert cast.client(OWNER).get(of_run(run)).json() == {"results": [found]}
    ends = parse_datetime(found.pop("expires_at"))
    assert ends is not None
    assert ends - timezone.now() == pytest.approx(timedelta(days=3), abs=timedelta(minutes=1))
    link = ShareLink.objects.get()
    assert link.digest == links.digest_of(token)
    assert token not in str(ShareLink.objects.values().get())
    assert found == {
        "id": link.pk,
        "runs": [run.pk],
        "with_samples": True,
        "created_at": found["created_at"],
        "created_by": OWNER,
        "last_used": None,
    }
    [event] = AuditEvent.objects.filter(action="share.created")
    assert (event.user_name, event.project_id, event.details["runs"]) == (OWNER, cast.project.pk, [run.pk])
    assert token not in str(event.details)


def test_it_holds_for_two_weeks_without_pictures_unless_something_else_is_said(cast: Cast) -> None:
    found = made(cast.client(OWNER), of_run(cast.run(OWNER)))
    ends = parse_datetime(found["expires_at"])
    assert ends is not None
    assert ends - timezone.now() == pytest.approx(timedelta(days=14), abs=timedelta(minutes=1))
    assert found["with_samples"] is False


@pytest.mark.parametrize("days", [0, -1, 90.001, 1e9, "soon", None])
def test_no_link_holds_for_more_than_90_days(cast: Cast, days: Any) -> None:
    answer = make(cast.client(OWNER), of_run(cast.run(OWNER)), days=days)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["days"]
    assert ShareLink.objects.count() == 0


def test_a_comparison_needs_the_right_to_each_run(cast: Cast) -> None:
    own, other = cast.run(OWNER), cast.run(TRAINER)
    owner = cast.client(OWNER)
    assert made(owner, API, runs=[own.pk])["runs"] == [own.pk]
    assert make(owner, runs=[own.pk, other.pk]).status_code == 403
    assert made(cast.client(ADMIN), API, runs=[other.pk, own.pk, own.pk])["runs"] == [own.pk, other.pk]
    elsewhere = cast.run(STRANGER, cast.other)
    refused = make(cast.client(ADMIN), runs=[own.pk, elsewhere.pk])
    assert refused.status_code == 404
    assert refused.json()["detail"] == f"Run {elsewhere.pk} does not exist."
    assert made(cast.client(STAFF), API, runs=[own.pk, elsewhere.pk])["runs"] == [own.pk, elsewhere.pk]


@pytest.mark.parametrize("runs", [None, [], "1", ["x"], [0], list(range(1, 22))])
def test_runs_that_are_none_are_named(cast: Cast, runs: Any) -> None:
    answer = make(cast.client(ADMIN), **({} if runs is None else {"runs": runs}))
    assert answer.status_code == 400
    assert {error["field"].partition(".")[0] for error in answer.json()["errors"]} == {"runs"}


def test_each_user_lists_their_own_links_and_each_run_all_of_its(cast: Cast) -> None:
    run, other = cast.run(OWNER), cast.run(OWNER)
    by_owner = made(cast.client(OWNER), of_run(run))["id"]
    by_admin = made(cast.client(ADMIN), API, runs=[run.pk, other.pk])["id"]
    assert [row["id"] for row in cast.client(OWNER).get(API).json()["results"]] == [by_owner]
    assert [row["id"] for row in cast.client(ADMIN).get(of_run(run)).json()["results"]] == [by_admin, by_owner]
    assert [row["id"] for row in cast.client(OWNER).get(of_run(other)).json()["results"]] == [by_admin]
    assert cast.client(TRAINER).get(API).json()["results"] == []


def test_runs_of_other_projects_are_not_named_to_who_sees_none_of_these(cast: Cast) -> None:
    run, elsewhere = cast.run(OWNER), cast.run(STRANGER, cast.other)
    made(cast.client(STAFF), API, runs=[run.pk, elsewhere.pk])
    shown = {who: cast.client(who).get(of_run(run)).json()["results"][0]["runs"] for who in (ADMIN, OWNER, STAFF)}
    assert shown == {ADMIN: [run.pk], OWNER: [run.pk], STAFF: [run.pk, elsewhere.pk]}


def test_who_made_a_link_and_the_admins_revoke_it(cast: Cast) -> None:
    run = cast.run(OWNER)
    found = {}
    for who in PEOPLE:
        link = made(cast.client(OWNER), of_run(run))["id"]
        found[who] = cast.client(who).delete(f"{API}{link}/").status_code
        is_revoked = ShareLink.objects.get(pk=link).revoked_at is not None
        assert is_revoked == (found[who] == 204), who
    assert found == {
        NOBODY: 401,
        STRANGER: 404,
        VIEWER: 404,
        TRAINER: 404,
        OWNER: 204,
        ADMIN: 204,
        STAFF: 204,
        SUPERUSER: 204,
    }
    events = AuditEvent.objects.filter(action="share.revoked").order_by("pk")
    assert [event.user_name for event in events] == [OWNER, ADMIN, STAFF, SUPERUSER]


def test_a_revoked_link_is_not_listed_nor_revoked_twice(cast: Cast) -> None:
    run, owner = cast.run(OWNER), cast.client(OWNER)
    link = made(owner, of_run(run))["id"]
    assert owner.delete(f"{API}{link}/").status_code == 204
    assert owner.delete(f"{API}{link}/").status_code == 404
    assert owner.get(of_run(run)).json()["results"] == []
    first = ShareLink.objects.get(pk=link)
    links.revoke(first, cast.users[ADMIN])
    assert ShareLink.objects.get(pk=link).revoked_by == cast.users[OWNER]


def test_one_user_has_so_many_links(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_AT_ONCE", 2)
    run, owner = cast.run(OWNER), cast.client(OWNER)
    first = made(owner, of_run(run))["id"]
    made(owner, of_run(run))
    refused = make(owner, of_run(run))
    assert refused.status_code == 400
    assert "revoke some" in refused.json()["detail"]
    owner.delete(f"{API}{first}/")
    made(owner, of_run(run))


def test_a_token_for_one_project_reaches_links_to_its_runs_alone(cast: Cast) -> None:
    Membership.objects.create(project=cast.other, user=cast.users[OWNER], role=Role.TRAINER)
    here, elsewhere = cast.run(OWNER), cast.run(OWNER, cast.other)
    owner = cast.client(OWNER)
    own, other, both = (
        made(owner, API, runs=runs)["id"] for runs in ([here.pk], [elsewhere.pk], [here.pk, elsewhere.pk])
    )
    _, text = issue(cast.users[OWNER], "for one", Scope.ADMIN, project=cast.project.pk)
    program = Client(headers={"authorization": f"Token {text}"})
    assert [row["id"] for row in program.get(API).json()["results"]] == [own]
    assert {link: program.delete(f"{API}{link}/").status_code for link in (own, other, both)} == {
        own: 204,
        other: 404,
        both: 404,
    }
    assert [row["id"] for row in owner.get(API).json()["results"]] == [both, other]


def test_a_program_needs_the_widest_scope_to_make_a_link(cast: Cast) -> None:
    run = cast.run(OWNER)
    clients = {
        scope: Client(headers={"authorization": f"Token {new_token(cast.users[OWNER], scope)}"}) for scope in Scope
    }
    found = {scope: make(client, of_run(run)).status_code for scope, client in clients.items()}
    assert found == {Scope.READ: 403, Scope.TRAIN: 403, Scope.ADMIN: 201}
