"""Who sees which events: over REST, in the admin, on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.utils.html import escape

from access.models import Membership, Project
from access.roles import Role
from accounts.scopes import Scope
from audit.actions import ACTIONS
from audit.models import AuditEvent
from audit.reading import chosen
from audit.recording import record
from tests.audit.trail import events, the_event
from tests.documentation import code, table
from tests.runs.query_plans import sqlite_plan
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
API = "/api/audit/"


@pytest.fixture
def projects() -> tuple[Project, Project]:
    """Make two projects with an event each, beside one of none."""
    both = Project.objects.create(name="Lungs"), Project.objects.create(name="Hearts")
    for project in both:
        record("run.created", target=f"a run of {project}", project_id=project.pk)
    record("queue.paused")
    return both


def client(user: User, scope: Scope = Scope.ADMIN) -> Client:
    return Client(headers={"authorization": f"Token {new_token(user, scope)}"})


def member(project: Project, role: Role) -> User:
    user = User.objects.create_user(f"{role}-{project}")
    Membership.objects.create(project=project, user=user, role=role)
    return user


def asked(client: Client, status: int = 200, **parameters: Any) -> Any:
    response = client.get(API, parameters)
    assert response.status_code == status, response.content
    return response.json()


def actions(client: Client, **parameters: Any) -> list[str]:
    return [event["action"] for event in asked(client, **parameters)["results"]]


def lines(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200
    return [json.loads(line) for line in b"".join(response).splitlines()]


@pytest.fixture
def operator() -> Client:
    return client(User.objects.create_user("op", is_staff=True))


def test_operators_see_all_and_admins_of_a_project_its_events(projects: Any, operator: Client) -> None:
    lungs, hearts = projects
    assert {"run.created", "queue.paused", "user.created", "token.created"} <= set(actions(operator))
    head = client(member(lungs, Role.ADMIN))
    [found] = asked(head)["results"]
    assert (found["target"], found["project_id"]) == ("a run of Lungs", lungs.pk)
    assert asked(head, project=hearts.pk)["results"] == []
    assert actions(head, project=lungs.pk) == ["run.created"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRAINER])
def test_nobody_else_sees_any(projects: Any, role: Role) -> None:
    other = client(member(projects[0], role))
    assert "for operators of the server" in asked(other, 403)["detail"]
    assert other.get(API, {"format": "jsonl"}).status_code == 403
    assert Client().get(API).status_code == 401


def test_a_narrow_token_of_an_operator_sees_none(projects: Any) -> None:
    op = User.objects.create_user("op", is_superuser=True, is_staff=True)
    assert asked(client(op, Scope.TRAIN), 403)["detail"].startswith("This token has the scope train")


def test_events_are_chosen_by_what_they_have(operator: Client, user: User) -> None:
    record("queue.paused", user=user)
    record("run.killed", target="x")
    record("run.pictures_viewed", target=user)
    record("run.pictures_viewed", target=user)
    assert actions(operator, action="run.") == ["run.pictures_viewed", "run.killed"]
    assert actions(operator, action="queue.paused,run.killed") == ["run.killed", "queue.paused"]
    assert actions(operator, user="ada,lin", action="queue.paused") == ["queue.paused"]
    [seen] = asked(operator, target=f"user:{user.pk}", action="run.pictures_viewed")["results"]
    assert (seen["count"], seen["target_type"]) == (2, "user")
    assert seen["last_at"] >= seen["at"]
    moment = the_event("run.killed").at
    assert actions(operator, action="run.", since=moment.isoformat()) == ["run.pictures_viewed", "run.killed"]
    assert actions(operator, action="run.", until=moment.isoformat()) == []
    assert actions(operator, action="run.", via="token") == []
    assert actions(operator, action="run.", address="1.2.3.4") == []


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("action", "run.exploded", "No action is called 'run.exploded'"),
        ("target", "5", "such as run:5"),
        ("since", "yesterday", "is not a time"),
        ("format", "xml", "is not a valid choice"),
        ("who", "ada", "Unknown parameter"),
    ],
)
def test_a_wrong_question_names_the_cure(operator: Client, parameter: str, value: str, said: str) -> None:
    response = operator.get(API, {parameter: value})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["field"] == parameter
    assert said in error["message"]


def test_pages_follow_each_other(operator: Client) -> None:
    for number in range(7):
        record("run.created", target=str(number))
    page = asked(operator, action="run.created", page_size=3)
    seen = [event["target"] for event in page["results"]]
    while page["next"]:
        page = operator.get(page["next"]).json()
        seen += [event["target"] for event in page["results"]]
    assert seen == [str(number) for number in reversed(range(7))]


def test_the_export_has_all_of_them_oldest_first_and_is_recorded(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        record("run.created", target=str(number))
    monkeypatch.setattr("audit.reading.in_batches.__defaults__", (2,))
    response: Any = operator.get(API, {"format": "jsonl", "action": "run.created"})
    assert response["Content-Type"] == "application/x-ndjson"
    assert [line["target"] for line in lines(response)] == ["0", "1", "2", "3", "4"]
    assert the_event("audit.exported").details == {"asked": {"format": "jsonl", "action": "run.created"}}
    assert operator.head(API, {"format": "jsonl"}).status_code == 200
    assert len(events("audit.exported")) == 1


def test_the_export_of_a_projects_admin_has_no_other_events(projects: Any) -> None:
    head = client(member(projects[1], Role.ADMIN))
    assert {line["project_id"] for line in lines(head.get(API, {"format": "jsonl"}))} == {projects[1].pk}


def test_the_command_writes_lines(projects: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "export", "--json", "--action", "run.created", "--since", "2020-01-01")
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["target"] for line in written] == ["a run of Lungs", "a run of Hearts"]
    call_command("audit", "export", "--project", str(projects[0].pk))
    [line] = capsys.readouterr().out.splitlines()
    assert line.endswith("run.created a run of Lungs by the server itself (server)")
    call_command("audit", "export", "--until", "2020-01-01")
    assert capsys.readouterr().out == ""
    assert len(events("audit.exported")) == 3
    with pytest.raises(CommandError, match="no action is called 'x'"):
        call_command("audit", "export", "--action", "x")


def session(name: str, **rights: Any) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_user(name, **rights))
    return browser


def test_the_admin_shows_the_trail_to_superusers_and_to_staff_who_may_view_it(projects: Any) -> None:
    lists = "/admin/audit/auditevent/"
    superuser = session("root", is_staff=True, is_superuser=True)
    staff = session("op", is_staff=True)
    assert staff.get(lists).status_code == 403
    User.objects.get(username="op").user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    for browser in (superuser, staff):
        text = browser.get(lists).content.decode()
        assert "a run of Lungs" in text
        assert "Hearts" in text
        event = the_event("queue.paused")
        page = browser.get(f"{lists}{event.pk}/change/").content.decode()
        assert escape(ACTIONS["queue.paused"].meaning) in page
        assert 'name="_save"' not in page
        for end in ("add/", f"{event.pk}/delete/"):
            assert browser.get(lists + end).status_code == 403
        assert browser.post(f"{lists}{event.pk}/change/", {"user_name": "x"}).status_code == 403
    assert session("user").get(lists).status_code == 302


def test_the_admins_filters_and_search(projects: Any) -> None:
    browser, lists = session("root", is_staff=True, is_superuser=True), "/admin/audit/auditevent/"
    record("run.killed", target="one", user=User.objects.create_user("lin"))

    def shown(**asked: Any) -> set[str]:
        return {event.action for event in browser.get(lists, asked).context["cl"].result_list}

    assert shown(action="run.killed") == {"run.killed"}
    assert shown(user="lin") == {"run.killed"}
    assert shown(project=str(projects[0].pk)) == {"run.created"}
    assert shown(q="a run of") == {"run.created"}
    assert shown(address="9.9.9.9") == set()
    assert shown(via="token") == set()
    assert browser.get(lists, {"project": "Lungs"}).headers["Location"] == f"{lists}?e=1"


def test_the_documentation_has_all_actions() -> None:
    rows = table("reference/audit-trail", "Actions")
    assert [code(name)[0] for name, _, _ in rows] == list(ACTIONS)
    assert {"per minute", "per 10 minutes", ""} == {counted for _, _, counted in rows}


def test_actions_are_named_after_what_they_are_about() -> None:
    longest = AuditEvent._meta.get_field("action").max_length or 0
    assert all(len(name) <= longest for name in ACTIONS)
    assert all(action.meaning.endswith(".") for action in ACTIONS.values())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by the number of rows")
def test_events_of_a_rare_user_are_found_along_an_index() -> None:
    plan = sqlite_plan(str(chosen(users=["rare"])[:50].query).replace("(rare)", "('rare')"))
    assert "INDEX audit_user_name" in plan
    assert "TEMP B-TREE" not in plan
