"""GET /api/runs/: pages, filters, order, and the answers to wrong requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.derived_models import KnownColumn, MetricSummary
from runs.models import Run, RunTag
from runs.queries import with_summary
from runs.serializers import run_summary
from runs.summaries import known_columns
from runs.summaries.sparklines import grown
from tests.runs.conftest import MakeRun, completed_columns

URL = "/api/runs/"


def ids(client: Client, **parameters: str) -> list[int]:
    response = client.get(URL, parameters)
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def errors(client: Client, **parameters: str) -> dict[str, str]:
    response = client.get(URL, parameters)
    assert response.status_code == 400
    assert response.json()["detail"]
    return {error["field"]: error["message"] for error in response.json()["errors"]}


def test_a_run_in_the_list_says_everything_of_its_line(api: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns(), reason=None, notes=[{"code": "diverged", "text": "Loss became NaN."}])
    [row] = api.get(URL).json()["results"]
    assert row["id"] == row["run_id"] == run.pk
    assert row["owner"] == "ada"
    assert row["progress"] == {
        "fraction": 1.0,
        "epoch": 9,
        "max_epochs": 10,
        "samples_per_second": None,
        "eta_seconds": None,
    }
    assert row["best"] == {
        "epoch": 7,
        "value": 0.97,
        "val_recall": 0.9,
        "val_recall_epoch": 3,
        "val_loss": 0.12,
        "val_loss_epoch": 8,
    }
    assert row["final"] == {
        "split": "test",
        "cm_tp": 8,
        "cm_tn": 85,
        "cm_fp": 5,
        "cm_fn": 2,
        "precision": 8 / 13,
        "recall": 0.8,
        "f1": 16 / 23,
        "auroc": 0.95,
    }
    assert row["notes"] == [{"code": "diverged", "text": "Loss became NaN."}]
    assert datetime.fromisoformat(row["created_at"]) == run.created_at
    assert row["created_at"].endswith("Z")
    assert "config" not in row


def test_infinity_in_a_column_is_null_in_json(api: Client, make_run: MakeRun) -> None:
    make_run(best_val_loss=float("inf"))
    text = api.get(URL).content
    assert json.loads(text, parse_constant=pytest.fail)["results"][0]["best"]["val_loss"] is None


@pytest.mark.django_db
def test_no_anonymous_reading(make_run: MakeRun, client: Client) -> None:
    run = make_run()
    for path in ("", f"{run.pk}/", *(f"{run.pk}/{name}/" for name in ("metrics", "events", "final-stats", "files"))):
        assert client.get(URL + path).status_code == 401, path


def test_nothing_can_be_written(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    for method in (api.post, api.put, api.patch, api.delete):
        for path in ("", f"{run.pk}/", f"{run.pk}/events/"):
            if (method, path) != (api.patch, f"{run.pk}/"):  # which renames and describes
                assert method(URL + path).status_code == 405
    assert Run.objects.get().experiment_name == "digits"


def test_a_list_costs_few_queries_and_leaves_configurations_in_the_database(api: Client, make_run: MakeRun) -> None:
    for _ in range(3):
        make_run()
    with CaptureQueriesContext(connection) as few:
        api.get(URL)
    for _ in range(20):
        make_run()
    with CaptureQueriesContext(connection) as many:
        api.get(URL)
    with CaptureQueriesContext(connection) as again:
        api.get(URL)
    # The token and its user; the user's projects; which runs, the runs, their owners, projects and tags; the queue, its
    # workers and who waits in it.
    # Once for each that waits, what it asks for in its configuration; then which projects limit their running runs.
    assert len(many) == len(few) == 12
    assert len(again) == 11
    asked = [query["sql"] for query in again.captured_queries[1:]]
    assert not any('"config"' in sql for sql in asked)
    assert not any('JOIN "auth_user"' in sql and "runs_run" in sql for sql in asked)


def test_status_takes_several_values(api: Client, make_run: MakeRun) -> None:
    queued, failed, done = make_run(), make_run(status="failed"), make_run(status="completed")
    assert ids(api, status="queued,failed") == [failed.pk, queued.pk]
    assert ids(api, status="failed") == [failed.pk]
    assert ids(api, status="") == [done.pk, failed.pk, queued.pk]


def test_name_finds_a_part_in_any_case(api: Client, make_run: MakeRun) -> None:
    lung, _other = make_run(experiment_name="Lung X-ray, 50 %"), make_run(experiment_name="digits")
    assert ids(api, name="lung x") == [lung.pk]
    assert ids(api, name="0 %") == [lung.pk]
    assert ids(api, name="%") == [lung.pk]
    assert ids(api, name="heart") == []


def test_mode(api: Client, make_run: MakeRun) -> None:
    make_run()
    federated = make_run(training_mode="federated")
    assert ids(api, mode="federated") == [federated.pk]


def test_created_after_includes_and_before_excludes(api: Client, make_run: MakeRun) -> None:
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    first, second, third = (make_run() for _ in moments)
    for run, moment in zip((first, second, third), moments, strict=True):
        Run.objects.filter(pk=run.pk).update(created_at=moment)
    assert ids(api, created_after="2026-01-02") == [third.pk, second.pk]
    assert ids(api, created_before="2026-01-02") == [first.pk]
    assert ids(api, created_after="2026-01-01T12:00:00Z", created_before="2026-01-02T01:00:00+01:00") == []
    assert ids(api, created_after="2026-01-02T01:00:00+01:00", created_before="2026-01-02T00:00:01") == [second.pk]


@pytest.mark.parametrize(
    ("parameters", "field", "cure"),
    [
        ({"status": "runing"}, "status", "in_progress"),
        ({"status": "queued,x"}, "status", "queued"),
        ({"mode": "x"}, "mode", "centralized"),
        ({"created_after": "yesterday"}, "created_after", "2026-01-31"),
        ({"created_before": "2026-02-30"}, "created_before", "2026-01-31"),
        ({"ordering": "config"}, "ordering", "best_value"),
        ({"ordering": "--id"}, "ordering", "best_value"),
        ({"page_size": "0"}, "page_size", "1"),
        ({"page_size": "201"}, "page_size", "200"),
        ({"page_size": "many"}, "page_size", "integer"),
        ({"cursor": "x"}, "cursor", "start over"),
        ({"cursor": "\N{SNOWMAN}:a:b"}, "cursor", "start over"),
        ({"name": "a\0b"}, "name", "Null"),
        ({"naem": "x"}, "naem", "name"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_cure(
    api: Client, parameters: dict[str, str], field: str, cure: str
) -> None:
    assert cure in errors(api, **parameters)[field]


def test_all_wrong_parameters_are_named_at_once(api: Client) -> None:
    assert set(errors(api, status="x", page_size="0")) == {"status", "page_size"}
    assert set(errors(api, one="1", two="2")) == {"one", "two"}


def test_a_cursor_belongs_to_its_order(api: Client, make_run: MakeRun) -> None:
    for _ in range(3):
        make_run()
    following = api.get(URL, {"page_size": 2}).json()["next"]
    body = api.get(following + "&ordering=status").json()
    assert body["errors"][0]["field"] == "cursor"
    assert "ordering=-id" in body["errors"][0]["message"]


VALUES: list[dict[str, Any]] = [
    {"best_value": 0.5},
    {"best_value": None},
    {"best_value": 0.1 + 0.2},
    {"best_value": 0.5},
    {"best_value": None},
    {"best_value": 0.9},
    {"best_value": 0.5},
]


@pytest.mark.parametrize("ordering", ["best_value", "-best_value"])
def test_nulls_come_last_and_ties_are_newest_first(api: Client, make_run: MakeRun, ordering: str) -> None:
    made = [make_run(**columns).pk for columns in VALUES]
    a, b, c, d, e, f, g = made
    by_hand = {"best_value": [c, g, d, a, f, e, b], "-best_value": [f, g, d, a, c, e, b]}
    assert ids(api, ordering=ordering) == by_hand[ordering]


@pytest.mark.parametrize("column", ["id", "created_at", "status", "owner", "fold", "tags", "best_value"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_walking_the_pages_in_both_directions_shows_each_run_once(
    api: Client, make_run: MakeRun, column: str, sign: str
) -> None:
    made = [
        make_run(**columns, final_f1=index % 3 or None, status="failed" if index % 2 else "queued").pk
        for index, columns in enumerate(VALUES)
    ]
    made.append(make_run(**completed_columns()).pk)
    everything = ids(api, ordering=sign + column)
    assert sorted(everything) == made

    forwards, address = [], f"{URL}?ordering={sign}{column}&page_size=3"
    while True:
        body = api.get(address).json()
        forwards.append([row["id"] for row in body["results"]])
        if body["next"] is None:
            break
        address = body["next"]
    assert [len(page) for page in forwards] == [3, 3, 2]
    assert [pk for page in forwards for pk in page] == everything

    backwards = [forwards[-1]]
    while body["previous"] is not None:
        body = api.get(body["previous"]).json()
        backwards.append([row["id"] for row in body["results"]])
        assert body["next"] is not None
    assert backwards == forwards[::-1]


def test_runs_that_arrive_meanwhile_shift_nothing(api: Client, make_run: MakeRun) -> None:
    made = [make_run().pk for _ in range(4)]
    first = api.get(URL, {"page_size": 2}).json()
    make_run()
    second = api.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == made[::-1]


def test_filters_stay_in_the_links(api: Client, make_run: MakeRun) -> None:
    made = [make_run(status="failed" if index % 2 else "queued").pk for index in range(4)]
    first = api.get(URL, {"page_size": "1", "status": "failed"}).json()
    second = api.get(first["next"]).json()
    assert [row["id"] for row in second["results"]] == [made[1]]
    assert second["next"] is None


def test_a_remembered_line_is_never_older_than_its_run(api: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns() | {"notes": [{"code": "a", "text": "b"}], "attempt": 1})
    curve = {"width": 1, "first": [0, 0.5], "last": [0, 0.5], "buckets": [[0, [0, 0.5], [0, 0.5]]]}
    summary = MetricSummary.objects.create(run=run, name=run.monitor, last=0.5, last_epoch=0, curve=curve)
    known_columns.register(KnownColumn.Kind.METRIC, [run.monitor])
    known_columns.register(KnownColumn.Kind.CONFIG, ["seed"])
    asked = {"columns": f"metric.{run.monitor}, config.seed", "sparkline": "1"}

    def line() -> Any:
        [found] = api.get(URL, asked).json()["results"]
        assert found == api.get(URL, asked).json()["results"][0]
        return found

    def from_model() -> Any:
        return json.loads(msgspec.json.encode(run_summary(with_summary(Run.objects.all()).get())))

    seen = [line()]
    changes: tuple[dict[str, Any], ...] = (
        {"progress": 0.25}, {"attempt": 2}, {"replaced": True}, {"fold": 1, "folds": 2}, {"notes": []},
        {"touched_at": timezone.now()}, {"end_time": None}, {"model_name": "é"}, {"best_value": 1.0}, {"best_epoch": 0},
    )  # fmt: skip
    for change in changes:
        Run.objects.filter(pk=run.pk).update(**change)
        now = line()
        assert now.items() >= from_model().items()
        assert now != seen[-1] or "touched_at" in change
        seen.append(now)
    RunTag.objects.create(run=run, name="new")
    assert line()["tags"] == ["new"]
    User.objects.filter(pk=run.owner_id).update(username="renamed")
    assert line()["owner"] == "renamed"
    Run.objects.filter(pk=run.pk).update(config={"seed": 4})
    assert line()["columns"] == {f"metric.{run.monitor}": 0.5, "config.seed": 4}
    assert line()["sparkline"]["values"] == [0.5]
    MetricSummary.objects.filter(pk=summary.pk).update(last=0.75, curve=grown(curve, 1, 0.75))
    assert line()["columns"][f"metric.{run.monitor}"] == 0.75
    assert line()["sparkline"]["values"] == [0.5, 0.75]
