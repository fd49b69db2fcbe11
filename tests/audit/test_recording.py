"""What is recorded: by whom, from where, in which transaction, how often; and what a failing trail does."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.issuing import issue
from accounts.scopes import Scope
from audit import actor, recording
from audit.actor import Actor, acting, acting_itself
from audit.models import AuditEvent, Repeats
from audit.recording import record
from audit.via import Via
from experiments import launch
from experiments.training.contract.config import TrainingConfig
from realtime.auth import WrongToken, opened_by
from realtime.login import login_link
from realtime.logins import login_events
from realtime.logins.audited_requests import audited
from request_ids.current import bound
from runs.json_logging import JsonLines
from runs.models import Run
from runs.pauses import held_turns
from runs.removal import deletion
from tests.audit.trail import count_of, events, new_events, said, the_event
from tests.realtime.writing import queued_run

pytestmark = pytest.mark.django_db
JSON = "application/json"
ADDRESS = "203.0.113.7"


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let the trail's clock stand at the start of an hour; return what moves it on."""
    now = [datetime(2026, 3, 4, 5, tzinfo=timezone.get_default_timezone())]
    monkeypatch.setattr(recording, "timezone", SimpleNamespace(now=lambda: now[0]))

    def move(by: timedelta) -> None:
        now[0] += by

    return move


def test_an_unknown_action_is_an_error() -> None:
    with pytest.raises(KeyError):
        record("run.exploded")


def test_a_session_a_token_and_the_command_line_are_told_apart(
    user: User, browser_session: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued_run(user)
    cancel = f"/api/runs/{run.pk}/cancel/"
    browser_session.post(cancel, {}, JSON, REMOTE_ADDR=ADDRESS)
    token, text = issue(user, "nightly", Scope.TRAIN)
    program = Client(headers={"authorization": f"Token {text}"})
    program.post(f"/api/runs/{queued_run(user).pk}/cancel/", {}, JSON, REMOTE_ADDR="2001:db8:1:2:3::4")
    monkeypatch.setattr(actor, "_process", actor._process)  # put back afterwards
    monkeypatch.setattr("getpass.getuser", lambda: "sysop")
    actor.act_as_command()
    record("queue.resumed")
    by_session, by_token = events("run.cancelled")
    assert said(by_session) == {"user_name": "ada", "via": "session", "credential": "", "address": ADDRESS}
    assert (by_session.user_id, by_session.target_type, by_session.target_id) == (user.pk, "run", str(run.pk))
    assert by_session.target_name == f"digits #{run.pk}"
    named = {"user_name": "ada", "via": "token", "credential": f"nightly ({token.token_key}…)"}
    assert said(by_token) == {**named, "address": "2001:db8:1:2::"}
    by_command = {"user_name": "", "via": "command", "credential": "sysop", "address": ""}
    assert said(the_event("queue.resumed")) == by_command


@pytest.mark.django_db(transaction=True)  # in a test's transaction the last event would wait for its end
def test_an_event_has_the_identifier_of_its_request(user: User, browser_session: Client) -> None:
    own = browser_session.post(
        f"/api/runs/{queued_run(user).pk}/cancel/", {}, JSON, headers={"x-request-id": "nightly.7"}
    )
    refused = Client().get("/api/runs/", headers={"authorization": "Token livetrain_" + "0" * 64})
    assert the_event("run.cancelled").request_id == own["X-Request-ID"] == "nightly.7"
    assert the_event("token.refused").request_id == refused["X-Request-ID"]
    with bound("socket.8"), pytest.raises(WrongToken):
        opened_by(
            {
                "path": "/ws/runs/",
                "query_string": b"",
                "client": (ADDRESS, 5),
                "headers": [(b"host", b"testserver"), (b"authorization", b"Token wrong")],
            }
        )
    by_socket = next(event for event in events("token.refused") if event.address == ADDRESS)
    assert (by_socket.address, by_socket.request_id) == (ADDRESS, "socket.8")


def test_a_forwarded_address_counts_as_for_failed_logins(browser_session: Client, user: User) -> None:
    """The web server decides whether to believe the header; a view never sees it."""
    address = f"/api/runs/{queued_run(user).pk}/cancel/"
    browser_session.post(address, {}, JSON, headers={"x-forwarded-for": "6.6.6.6"}, REMOTE_ADDR=ADDRESS)
    assert the_event("run.cancelled").address == ADDRESS


def test_what_the_server_does_itself_is_not_the_doing_of_a_request() -> None:
    with acting(lambda: Actor(Via.SESSION, 1, "ada")), acting_itself():
        record("upload.dropped", target="x")
    assert said(the_event("upload.dropped"))["via"] == "server"


def test_an_event_is_stored_with_what_it_tells_or_not_at_all(user: User) -> None:
    run = queued_run(user)
    with transaction.atomic():
        deletion.delete(run.pk, user)
        transaction.set_rollback(True)
    assert events("run.deleted") == []
    assert Run.objects.get(pk=run.pk).deleted_at is None


def test_what_cannot_be_recorded_does_not_happen(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_event: AuditEvent) -> None:
        raise DatabaseError("the disk is full")

    run = queued_run(user)
    monkeypatch.setattr(recording, "_insert", fails)
    with pytest.raises(DatabaseError):
        deletion.delete(run.pk, user)
    assert Run.objects.get(pk=run.pk).deleted_at is None


def test_who_reads_is_answered_although_the_trail_fails(
    user: User, api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = queued_run(user)
    run.folder.mkdir(parents=True)
    (run.folder / "train.log").write_text("x")

    def fails(*_: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(recording, "_count", fails)
    response: Any = api.get(f"/api/runs/{run.pk}/files/train.log")
    assert (response.status_code, b"".join(response)) == (200, b"x")
    [told] = [line for line in caplog.messages if "lacks an event" in line]
    assert "file.downloaded" in told
    assert "the disk is full" in told


def test_a_failed_login_outlasts_the_transaction_around_it(user: User) -> None:
    def view(request: HttpRequest) -> None:
        with transaction.atomic():
            assert authenticate(request, username="ada", password="wrong") is None
            transaction.set_rollback(True)
        held_turns.release(request, None)
        assert events("login.failed") == []

    request = HttpRequest()
    request.META["REMOTE_ADDR"] = ADDRESS
    audited(view)(request)
    event = the_event("login.failed")
    assert (event.target_name, event.address, event.via) == ("ada", ADDRESS, "nobody")


def test_each_run_of_a_bulk_action_has_one_event_and_a_refused_one_has_none(user: User, api: Client) -> None:
    mine = [queued_run(user).pk for _ in range(3)]
    other = queued_run(User.objects.create_user("lin")).pk
    api.post("/api/runs/bulk/", {"runs": [*mine, mine[0], other, 999], "action": "cancel"}, JSON)
    assert [int(event.target_id) for event in events("run.cancelled")] == mine
    api.post("/api/runs/tags/", {"runs": mine, "add": ["a"]}, JSON)
    api.post("/api/runs/tags/", {"runs": mine[:1], "add": ["a"]}, JSON)
    assert [event.details for event in events("run.tagged")] == [{"added": ["a"], "removed": []}] * 3


def test_a_request_with_an_idempotency_key_is_recorded_once_and_folds_one_by_one(user: User, api: Client) -> None:
    folds = {"experiment_name": "x", "source_path": "builtin:breast-cancer", "data": {"folds": 3}}
    for _ in range(2):
        answer = api.post("/api/experiments/centralized/train", folds, JSON, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 202
    assert [int(event.target_id) for event in events("run.created")] == answer.json()["run_ids"]
    assert {event.details["group"] for event in events("run.created")} == {answer.json()["group_id"]}


def test_retries_and_copies_name_their_origin(user: User) -> None:
    config = TrainingConfig(experiment_name="x", source_path="builtin:breast-cancer")
    [run] = launch.create(config, user)
    launch.create(config, user, origin=run)
    launch.create(config, user, origin=run, in_its_place=True)
    assert [event.action for event in events() if event.target_type == "run"] == [
        "run.created",
        "run.cloned",
        "run.retried",
    ]
    assert {event.details["origin"] for event in events("run.cloned") + events("run.retried")} == {run.pk}


def test_a_page_of_pictures_is_one_event_a_few_minutes_later_another(
    user: User, ticking: Callable[[timedelta], None]
) -> None:
    run, other = queued_run(user), queued_run(user)
    for _ in range(60):
        record("run.pictures_viewed", target=run)
        ticking(timedelta(seconds=1))
    record("run.pictures_viewed", target=other)
    record("run.pictures_viewed", target=run, user=User.objects.create_user("lin"))
    assert [(event.target_id, count_of(event)) for event in events("run.pictures_viewed")] == [
        (str(run.pk), 60),
        (str(other.pk), 1),
        (str(run.pk), 1),
    ]
    first = events("run.pictures_viewed")[0]
    assert Repeats.objects.get(pk=first.pk).last_at == first.at + timedelta(seconds=59)
    ticking(timedelta(minutes=10))
    record("run.pictures_viewed", target=run)
    assert len(events("run.pictures_viewed")) == 4


def test_a_flood_of_wrong_tokens_is_one_event_a_minute(
    db: None, settings: Settings, ticking: Callable[[timedelta], None]
) -> None:
    settings.LOGIN_TRIES = 1
    client = Client(headers={"authorization": "Token livetrain_" + "0" * 64})
    statuses = [client.get("/api/runs/").status_code for _ in range(30)]
    assert set(statuses) == {401, 429}
    assert count_of(the_event("token.refused")) == 30
    ticking(timedelta(minutes=1))
    client.get("/api/runs/")
    client.get("/api/runs/", REMOTE_ADDR=ADDRESS)
    assert [event.address for event in events("token.refused")] == ["127.0.0.1", "127.0.0.1", ADDRESS]


def test_a_flood_of_names_is_bounded_and_no_password_is_written_down(
    user: User, ticking: Callable[[timedelta], None]
) -> None:
    with acting(lambda: Actor(Via.NOBODY, address=ADDRESS)) as source:
        for name in ["ada", "correct horse battery staple", *(f"{number:02}xyz" for number in range(40))]:
            login_events._login_failed({"username": name})
        source.write_postponed()
    found = events("login.failed")
    assert [event.target_name for event in found[:3]] == ["ada", "cor…", "00x…"]
    assert len(found) == 21
    assert (found[-1].target_name, count_of(found[-1])) == ("", 22)


def test_two_processes_that_count_at_once_make_one_event(
    user: User, ticking: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one stores the first event between the look for it and the insertion."""
    counted, looks = recording._counted, []

    def first_look_comes_too_early(event: AuditEvent, span: timedelta) -> bool:
        looks.append(event)
        if len(looks) == 1:
            record("run.pictures_viewed", target="x")
            return False
        return counted(event, span)

    monkeypatch.setattr(recording, "_counted", first_look_comes_too_early)
    record("run.pictures_viewed", target="x")
    assert count_of(the_event("run.pictures_viewed")) == 2


def test_the_events_of_a_deleted_user_stay(user: User, admin_client: Client) -> None:
    with new_events() as since:
        record("queue.paused", user=user)
        User.objects.filter(pk=user.pk).first().delete()  # type: ignore[union-attr]
        assert since() == ["queue.paused", "user.deleted"]
    assert (the_event("queue.paused").user_id, the_event("queue.paused").user_name) == (user.pk, "ada")
    assert the_event("user.deleted").target_name == "ada"


def test_texts_are_cut_and_fit_both_databases() -> None:
    record("queue.paused", reason="a\x00b\ud800" + "c" * 1_000, number=float("nan"), many=range(3), set={2, 1})
    details = the_event("queue.paused").details
    assert details["reason"].startswith("a?b?ccc")
    assert len(details["reason"]) == 500
    assert (details["number"], details["set"]) == ("nan", [1, 2])


def test_each_event_is_a_line_of_the_log_once_it_is_committed(
    user: User, api: Client, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    caplog.set_level(logging.INFO, "audit")
    run = queued_run(user)
    with django_capture_on_commit_callbacks() as callbacks:
        api.post(f"/api/runs/{run.pk}/cancel/", {}, JSON, REMOTE_ADDR=ADDRESS)
    assert [line for line in caplog.records if line.name == "audit"] == []
    for callback in callbacks:
        callback()
    [line] = [line for line in caplog.records if line.name == "audit"]
    assert line.getMessage() == f"run.cancelled digits #{run.pk} by ada (token) from {ADDRESS} evaluate=False"
    written = json.loads(JsonLines().format(line))["audit"]
    assert (written["action"], written["user"], written["address"]) == ("run.cancelled", "ada", ADDRESS)
    assert written["id"] == the_event("run.cancelled").pk


def test_logins_say_by_what(user: User, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user.set_password("a rather long passphrase")
    user.save()
    Client().post("/login/", {"username": "ada", "password": "a rather long passphrase"})
    Client().post(login_link(User.objects.get(pk=user.pk)))
    assert [event.details["by"] for event in events("login.succeeded")] == ["password", "one-time link"]
    assert [event.user_name for event in events("login.succeeded")] == ["ada", "ada"]


def test_a_token_is_noted_when_it_is_used_for_the_first_time(user: User) -> None:
    _, text = issue(user, "nightly", Scope.READ)
    program = Client(headers={"authorization": f"Token {text}"})
    for _ in range(2):
        assert program.get("/api/runs/", REMOTE_ADDR=ADDRESS).status_code == 200
    event = the_event("token.first_used")
    assert (event.user_name, event.target_name.partition(" ")[0], event.address) == ("ada", "nightly", ADDRESS)


def test_a_new_password_and_the_tokens_that_it_ends(user: User) -> None:
    issue(user, "one")
    issue(user, "two")
    with new_events() as since:
        user.set_password("a rather long passphrase")
        user.save()
        assert since() == ["password.changed", "token.revoked", "token.revoked"]
    assert {event.details["because"] for event in events("token.revoked")} == {"a new password"}


def test_recording_costs_two_statements_at_most(user: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        record("queue.paused")
    run = queued_run(user)
    record("run.pictures_viewed", target=run)
    with transaction.atomic(), django_assert_num_queries(3):  # a savepoint around it: a failure ends no transaction
        record("run.pictures_viewed", target=run)
