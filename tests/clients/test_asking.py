"""What is asked again and what is not, and what a refusal says."""

from __future__ import annotations

import itertools
import json
import math
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest

from livetrain import Client, errors, transport
from livetrain.operations import evaluating, files, runs
from livetrain.wire import FIRST_PAUSE, LONGEST_PAUSE, Answer, Failure, Request, ask
from tests.clients.scripted import LOST, NOBODY, Scripted, answer


@pytest.mark.parametrize("failure", [LOST, NOBODY, answer({}, 503), answer({}, 502)])
def test_what_changes_nothing_is_asked_again(failure: Answer | Failure) -> None:
    script = Scripted([failure, failure, answer({"id": 1})])
    assert script.returned(ask(Request("GET", "/"), patience=60)).json() == {"id": 1}
    assert len(script.asked) == 3
    first, second = script.pauses
    assert FIRST_PAUSE / 2 <= first <= FIRST_PAUSE <= second <= 2 * FIRST_PAUSE


def test_what_may_have_been_done_is_not_sent_again() -> None:
    script = Scripted([LOST])
    with pytest.raises(errors.ServerUnreachable, match="may have reached the server"):
        script.returned(runs.act(7, "clone", patience=60))
    assert len(script.asked) == 1


def test_what_never_arrived_is_sent_again() -> None:
    script = Scripted([NOBODY, answer({"detail": "Stopping."})])
    assert script.returned(runs.act(7, "cancel", patience=60)) == {"detail": "Stopping."}


def test_a_training_that_is_sent_again_has_the_same_key() -> None:
    script = Scripted([LOST, answer({"run_id": 3}, 202)])
    assert script.returned(runs.train({"source_path": "x"}, patience=60))["run_id"] == 3
    first, second = [request.headers["Idempotency-Key"] for request in script.asked]
    assert first == second
    other = Scripted([answer({"run_id": 4}, 202)])
    other.returned(runs.train({"source_path": "x"}, patience=60))
    assert other.asked[0].headers["Idempotency-Key"] != first


@pytest.mark.parametrize("ended", ["done", "failed"])
def test_a_report_is_waited_for(ended: str) -> None:
    states = [answer({"preflight_id": 5, "status": state}, 202) for state in ("queued", "running", ended)]
    script = Scripted(states)
    assert script.returned(runs.check({}, patience=60, wait=math.inf))["status"] == ended
    assert [request.method for request in script.asked] == ["POST", "GET", "GET"]
    assert script.asked[0].parameters["wait"] == 20
    assert script.asked[1].path == "/api/experiments/preflights/5/"
    assert Scripted(states).returned(runs.check({}, patience=60, wait=0))["status"] == "queued"


def test_a_client_is_patient_for_as_long_as_it_was_told() -> None:
    script = Scripted(lambda _request: NOBODY)
    with pytest.raises(errors.ServerUnreachable, match="nobody listens"):
        script.returned(ask(Request("GET", "/"), patience=60))
    assert 60 - LONGEST_PAUSE < sum(script.pauses) <= 60
    assert max(script.pauses) <= LONGEST_PAUSE


def test_a_busy_server_says_when_to_come_back() -> None:
    script = Scripted([answer({"detail": "Too many."}, 429, retry_after="7"), answer({"id": 1})])
    script.returned(ask(Request("POST", "/", again=False), patience=60))
    assert script.pauses == [7.0]
    impatient = Scripted([answer({"detail": "Too many requests."}, 429, retry_after="7")])
    with pytest.raises(errors.TooManyRequests, match="Too many requests"):
        impatient.returned(ask(Request("GET", "/"), patience=5))


@pytest.mark.parametrize(("said", "pause"), [("0", FIRST_PAUSE), ("2", 2.0)])
def test_a_busy_server_is_not_asked_at_once(said: str, pause: float) -> None:
    script = Scripted([answer({}, 429, retry_after=said), answer({"id": 1})])
    script.returned(ask(Request("GET", "/"), patience=60))
    assert script.pauses == [pause]


@pytest.mark.parametrize("said", ["²", "soon", "-1", "Mon, 30 Nov 2026 08:00:00 GMT"])
def test_what_a_busy_server_says_may_be_no_number(said: str) -> None:
    script = Scripted([answer({}, 503, retry_after=said), answer({"id": 1})])
    script.returned(ask(Request("GET", "/"), patience=60))
    assert FIRST_PAUSE / 2 <= script.pauses[0] <= FIRST_PAUSE


def test_the_time_that_a_silent_server_takes_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0, 30)
    monkeypatch.setattr("livetrain.wire.time", SimpleNamespace(monotonic=lambda: next(clock)))
    script = Scripted(lambda _request: LOST)
    with pytest.raises(errors.ServerUnreachable):
        script.returned(ask(Request("GET", "/"), patience=60))
    assert len(script.asked) == 3


@pytest.mark.parametrize("path", ["https://elsewhere.example/api/runs/", "//elsewhere.example/api/runs/"])
def test_no_path_leads_to_another_server(path: str) -> None:
    with pytest.raises(errors.LivetrainError, match="no path of the API"):
        Client("https://here.example", "token").get(path)


def test_parameters_may_stand_in_the_path() -> None:
    assert runs.address_of("/api/runs/?tag=a%20b&owner=", {"tag": ["c", "d"]}) == (
        "/api/runs/",
        {"tag": "c,d", "owner": ""},
    )


def test_options_are_sent_as_json() -> None:
    body = {"source_path": Path("a/b"), "seed": numpy.int64(3), "classes": numpy.array([1, 2]), "name": "\udcff"}
    sent = transport.arguments(Request("POST", "/", body=body))
    assert json.loads(sent["content"]) == {"source_path": "a/b", "seed": 3, "classes": [1, 2], "name": "\udcff"}
    assert sent["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_json_does_not_have_is_told(value: object) -> None:
    with pytest.raises(errors.LivetrainError, match="cannot be sent as JSON"):
        Client("https://here.example", "token").train(seed=value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.NotLoggedIn),
        (403, errors.NotAllowed),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.RequestError),
        (500, errors.ServerFault),
    ],
)
def test_a_refusal_has_its_kind_and_its_words(status: int, kind: type[errors.RequestError]) -> None:
    with pytest.raises(errors.RequestError, match="No such thing") as caught:
        Scripted([answer({"detail": "No such thing."}, status)]).returned(ask(Request("GET", "/"), patience=60))
    assert type(caught.value) is kind
    assert caught.value.status == status


def test_every_wrong_field_is_named() -> None:
    wrong = [{"field": "trainer.max_epochs", "message": "At least 1."}, {"field": "", "message": "Too much."}]
    body = {"detail": "trainer.max_epochs: At least 1. Too much.", "errors": wrong, "more": 3}
    with pytest.raises(errors.BadRequest) as caught:
        Scripted([answer(body, 400)]).returned(runs.train({}, patience=60))
    assert caught.value.errors == [("trainer.max_epochs", "At least 1."), ("", "Too much.")]
    assert str(caught.value).splitlines()[1:] == ["  trainer.max_epochs: At least 1.", "  Too much.", "  and 3 more"]


def test_a_problem_is_told_with_its_title_places_and_request() -> None:
    wrong = [
        {"pointer": "#/data/columns/0", "detail": "Not there.", "field": "old", "message": "old"},
        {"pointer": "#/a~1b/50%25~0", "detail": "Unknown field."},
        {"pointer": "#", "detail": "Must be a JSON object."},
        {"parameter": "page_size", "detail": "Too many."},
        {"header": "Idempotency-Key", "detail": "Too long."},
    ]
    kind = "/help/reference/problems.html#invalid-request"
    body = {"type": kind, "title": "Invalid request", "status": 400, "detail": "…", "errors": wrong, "more": 1}
    with pytest.raises(errors.BadRequest) as caught:
        Scripted([answer(body | {"request_id": "8e0b"}, 400)]).returned(runs.train({}, patience=60))
    assert (caught.value.type, caught.value.title, caught.value.request_id) == (kind, "Invalid request", "8e0b")
    assert [field for field, _ in caught.value.errors] == [
        "data.columns.0", "a/b.50%~", "", "page_size", "Idempotency-Key",
    ]  # fmt: skip
    lines = str(caught.value).splitlines()
    assert lines[:2] == ["Invalid request:", "  data.columns.0: Not there."]
    assert lines[-2:] == ["  and 1 more", "  (request 8e0b)"]


def test_the_request_is_told_by_the_header_where_the_body_does_not() -> None:
    with pytest.raises(errors.ServerFault, match=r"\(request 8e0b\)") as caught:
        Scripted([Answer(500, b"<html>", {"x-request-id": "8e0b"})]).returned(runs.detail(1, patience=0))
    assert caught.value.title == caught.value.type == ""


def test_another_program_at_that_address_is_told() -> None:
    with pytest.raises(errors.LivetrainError, match="no Livetrain server"):
        Scripted([Answer(200, b"<html>", {})]).returned(runs.detail(1, patience=60))


def test_a_server_that_moved_is_not_followed_with_the_token() -> None:
    script = Scripted([answer({}, 301, location="https://elsewhere.example/")])
    with pytest.raises(errors.RequestError, match=r"elsewhere\.example"):
        script.returned(ask(Request("GET", "/"), patience=60))
    assert len(script.asked) == 1


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "c:x", "a\\b", ""])
def test_no_name_of_a_file_leaves_the_folder(tmp_path: Path, name: str) -> None:
    script = Scripted([answer({"files": [{"name": name}]})])
    with pytest.raises(errors.LivetrainError, match="no name of a file"):
        script.returned(files.download(1, tmp_path / "here", None, patience=60))
    assert list(tmp_path.rglob("*")) == [tmp_path / "here"]


def test_a_file_that_came_in_part_is_not_there(tmp_path: Path) -> None:
    def cut(request: Request) -> Failure:
        assert request.into is not None
        request.into.write_bytes(b"half")
        return LOST

    with pytest.raises(errors.ServerUnreachable):
        Scripted(cut).returned(files.download(1, tmp_path, ["a/b.csv"], patience=1))
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]


def test_a_time_without_a_zone_is_local() -> None:
    moment = datetime(2026, 11, 1, 12)
    [said] = runs.as_parameters({"created_after": moment}).values()
    assert datetime.fromisoformat(str(said)) == moment.astimezone()
    assert runs.as_parameters({"created_after": date(2026, 11, 1)}) == {"created_after": "2026-11-01"}


def test_filters_become_parameters() -> None:
    asked = runs.as_parameters({"status": ["failed", "cancelled"], "tag": ["a,b"], "deleted": True, "search": None})
    assert asked == {"status": "failed,cancelled", "tag": "a\\,b", "deleted": 1}


def test_an_external_test_is_waited_for() -> None:
    job = {"model_job_id": 4, "problem": None, "result": None}
    done = job | {"status": "done", "result": {"external_test": 2}}
    script = Scripted([answer(job | {"status": "queued"}, 202), answer(done), answer({"number": 2})])
    found = script.returned(evaluating.evaluate(7, {"source_path": "dataset:b"}, None, patience=60))
    assert found == {"number": 2}
    assert [request.path for request in script.asked] == [
        "/api/runs/7/evaluate/", "/api/model-jobs/4/", "/api/runs/7/external-tests/2/",
    ]  # fmt: skip
    failed = Scripted([answer(job | {"status": "queued"}, 202), answer(job | {"status": "failed", "problem": "No."})])
    with pytest.raises(errors.JobFailed, match=r"Model job 4 is failed: No\."):
        failed.returned(evaluating.evaluate(7, {}, None, patience=60))
    with pytest.raises(errors.WaitedTooLong, match="goes on after 0 seconds"):
        Scripted([answer(job | {"status": "queued"}, 202)]).returned(evaluating.evaluate(7, {}, 0, patience=60))
