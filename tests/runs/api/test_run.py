"""One run over REST: detail, metrics, final statistics, links, and who may see what."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from access.default_project import DEFAULT_PROJECT
from runs import queries
from runs.models import RunMetric
from runs.serializers import links
from runs.statistics.matrix_statistics import matrix_statistics
from tests.problems import problem_of
from tests.runs.conftest import CONFIG, MakeRun, add_epoch, add_final, completed_columns

NAMES = {
    "self": "run-detail",
    "metrics": "run-metrics",
    "events": "run-events",
    "series": "run-series",
    "snapshot": "run-snapshot",
    "final_stats": "run-final-stats",
    "operating_points": "run-operating-points",
    "operating_point": "run-operating-point",
    "test_split": "run-test-split",
    "hints": "run-hints",
    "reading": "run-reading",
    "log": "run-log",
    "files": "run-files",
    "page": "run-page",
    **{
        action: f"run-{action}"
        for action in ("cancel", "finish", "kill", "move", "priority", "resume", "retry", "clone", "delete", "restore")
    },
}


def test_links_lead_where_they_say() -> None:
    found = links(17)
    assert found.pop("websocket") == "/ws/runs/17/"
    assert {name: resolve(path).url_name for name, path in found.items()} == NAMES
    assert all(resolve(path).kwargs == {"run_id": 17} for path in found.values())


def test_detail_adds_what_the_list_leaves_out(api: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns(), git_commit="abc")
    detail = api.get(f"/api/runs/{run.pk}/").json()
    [row] = api.get("/api/runs/").json()["results"]
    assert {name: detail[name] for name in row} == row
    assert detail["config"] == CONFIG
    assert detail["seed"] == 42
    assert detail["git_commit"] == "abc"
    assert detail["model"]["parameters"] == 12345
    assert detail["total_epochs"] == 10
    assert detail["queue_position"] is None


def test_queue_position_counts_those_queued_before(api: Client, make_run: MakeRun) -> None:
    first, running, third = make_run(), make_run(status="in_progress"), make_run()
    found = [api.get(f"/api/runs/{run.pk}/").json()["queue_position"] for run in (first, running, third)]
    assert found == [1, None, 2]


@pytest.mark.parametrize("run_id", ["1", "99999999999999999999999999"])
@pytest.mark.parametrize(
    "path",
    [
        "",
        "metrics/",
        "events/",
        "final-stats/",
        "test-split/",
        "hints/",
        "reading/",
        "log/",
        "files/",
        "files/metrics.csv",
    ],
)
def test_an_unknown_run_is_404_in_json(api: Client, run_id: str, path: str) -> None:
    response = api.get(f"/api/runs/{run_id}/{path}")
    assert response.status_code == 404
    assert problem_of(response, "not-found")["detail"] == f"Run {run_id} does not exist."


@pytest.mark.parametrize("path", ["", "metrics/", "events/", "final-stats/", "test-split/", "reading/", "files/"])
def test_unknown_parameters_are_errors_everywhere(api: Client, make_run: MakeRun, path: str) -> None:
    response = api.get(f"/api/runs/{make_run().pk}/{path}?colour=red")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["colour"]


def test_only_active_users_see_runs(user: User, make_run: MakeRun) -> None:
    make_run()
    assert queries.visible_runs(user).count() == 1
    user.is_active = False
    assert queries.visible_runs(user).count() == 0


def test_heads_of_unfinished_runs(make_run: MakeRun) -> None:
    queued, _done, running = make_run(), make_run(status="failed"), make_run(status="in_progress", last_seq=5)
    assert queries.unfinished_heads() == [
        (queued.pk, 0, "queued", None, None, DEFAULT_PROJECT),
        (running.pk, 5, "in_progress", None, None, DEFAULT_PROJECT),
    ]


def test_a_series_has_an_epoch_for_each_value(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", last_seq=9)
    for epoch in (2, 0, 1):
        add_epoch(run, epoch, {"val_loss": 0.5 + epoch, "train_loss": None if epoch == 1 else 1.0 + epoch})
    add_final(run, "val", {"final_recall_cm": 0.75, "final_recall_cm/8": 0.5})
    body = api.get(f"/api/runs/{run.pk}/metrics/").json()
    assert (body["run_id"], body["status"], body["last_seq"]) == (run.pk, "in_progress", 9)
    none = {"client_id": None, "round_id": None}
    epochs = [0, 1, 2]
    final = {"name": "final_recall_cm", "split": "val", "context": "final", "epochs": [7]}
    assert body["series"] == [
        final | {"class": None, "values": [0.75]} | none,
        final | {"class": "8", "values": [0.5]} | none,
        {"name": "train_loss", "split": "train", "context": "epoch", "class": None, "epochs": epochs}
        | {"values": [1.0, None, 3.0]}
        | none,
        {"name": "val_loss", "split": "val", "context": "epoch", "class": None, "epochs": epochs}
        | {"values": [0.5, 1.5, 2.5]}
        | none,
    ]


def test_the_same_name_on_two_splits_makes_two_series(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    for split, value in (("val", 0.1), ("test", 0.2)):
        add_final(run, split, {"final_f1_cm": value})
    series = api.get(f"/api/runs/{run.pk}/metrics/?name=final_f1_cm").json()["series"]
    assert [(one["split"], one["values"]) for one in series] == [("test", [0.2]), ("val", [0.1])]


def test_federated_clients_are_told_apart(api: Client, make_run: MakeRun) -> None:
    run = make_run(training_mode="federated")
    for client, value in (("a", 0.1), ("b", 0.2)):
        RunMetric.objects.create(
            run=run, epoch=0, metric_name="val_f1", value=value, dataset_type="val", client_id=client, round_id=1
        )
    series = api.get(f"/api/runs/{run.pk}/metrics/").json()["series"]
    assert [(one["client_id"], one["round_id"], one["values"]) for one in series] == [("a", 1, [0.1]), ("b", 1, [0.2])]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("name=val_loss", ["val_loss"]),
        ("name=val_loss, train_loss", ["train_loss", "val_loss"]),
        ("split=train", ["train_loss"]),
        ("split=val,test&context=epoch", ["val_loss"]),
        ("context=final", ["final_f1_cm"]),
        ("name=nobody", []),
    ],
)
def test_metrics_are_filtered(api: Client, make_run: MakeRun, question: str, names: list[str]) -> None:
    run = make_run()
    add_epoch(run, 0, {"val_loss": 0.5, "train_loss": 1.0})
    add_final(run, "val", {"final_f1_cm": 0.1})
    series = api.get(f"/api/runs/{run.pk}/metrics/?{question}").json()["series"]
    assert [one["name"] for one in series] == names


@pytest.mark.parametrize(("question", "cure"), [("split=validation", "val"), ("context=last", "final")])
def test_a_wrong_metric_filter_is_named(api: Client, make_run: MakeRun, question: str, cure: str) -> None:
    [error] = api.get(f"/api/runs/{make_run().pk}/metrics/?{question}").json()["errors"]
    assert error["field"] == question.partition("=")[0]
    assert cure in error["message"]


def test_reading_metrics_costs_the_same_queries_for_any_length(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    for epoch in range(30):
        add_epoch(run, epoch, {"val_loss": 0.5, "train_loss": 1.0})
    with CaptureQueriesContext(connection) as queries_made:
        api.get(f"/api/runs/{run.pk}/metrics/")
    assert len(queries_made) == 6  # token, projects, head, and three for any number of values


POINT = {"samples": 9, "low": 0.1, "high": 0.3, "mean_score": 0.2, "share": 0.25, "ci_low": 0.1, "ci_high": 0.4}


def test_final_statistics_of_each_split(api: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns())
    add_final(run, "val", {"final_auroc_cm": None}, threshold=None)
    add_final(run, "test", {"final_auroc_cm": 0.95, "final_auroc_cm_ci_low": 0.9}, patients=40, reliability=[POINT])
    body = api.get(f"/api/runs/{run.pk}/final-stats/").json()
    assert (body["run_id"], body["status"], list(body["splits"])) == (run.pk, "completed", ["val", "test"])
    assert body["splits"]["test"] == {
        "epoch": 7,
        "threshold": 0.5,
        "class_names": ["not 8", "8"],
        "positive_class": "8",
        "confusion_matrix": [[85, 5], [2, 8]],
        "statistics": {"final_auroc_cm": 0.95, "final_auroc_cm_ci_low": 0.9},
        "patients": 40,
        "reliability": [POINT],
        "macro": None,
        "by_patient": None,
    }
    assert body["splits"]["val"]["statistics"] == {"final_auroc_cm": None}
    assert (body["splits"]["val"]["patients"], body["splits"]["val"]["reliability"]) == (None, [])  # of an older run


def test_final_statistics_count_patients_too(api: Client, make_run: MakeRun) -> None:
    run, names, matrix = make_run(**completed_columns()), ["a", "b", "c"], [[5, 2, 1], [0, 3, 0], [0, 0, 0]]
    rows = matrix_statistics(matrix, names)
    found = {"patients": 11, "mixed": 2, "confusion_matrix": matrix, "statistics": rows}
    add_final(run, "val", rows, class_names=names, confusion_matrix=matrix, by_patient=found)
    told = api.get(f"/api/runs/{run.pk}/final-stats/").json()["splits"]["val"]["by_patient"]
    assert {name: told[name] for name in found} == found
    assert told["macro"] == {"classes": 2, "absent": ["c"], "never_predicted": []}
    assert told["text"] == (
        "Each of 11 patients counts once, with the mean of the scores of its samples; "
        "2 patients with samples of several classes are left out."
    )


def test_final_statistics_say_over_which_classes_they_are_averages(api: Client, make_run: MakeRun) -> None:
    run, names, matrix = make_run(**completed_columns()), ["a", "b", "c"], [[5, 2, 1], [0, 3, 0], [0, 0, 0]]
    rows = matrix_statistics(matrix, names)
    add_final(run, "val", rows, class_names=names, confusion_matrix=matrix, threshold=None)
    found = api.get(f"/api/runs/{run.pk}/final-stats/").json()["splits"]["val"]
    assert found["macro"] == {"classes": 2, "absent": ["c"], "never_predicted": []}
    assert found["statistics"]["final_precision_cm"] == pytest.approx((1 + 3 / 5) / 2)


def test_before_the_end_there_are_no_final_statistics(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    assert api.get(f"/api/runs/{run.pk}/final-stats/").json()["splits"] == {}
    assert api.get(f"/api/runs/{run.pk}/").json()["final"] is None


def test_nothing_answers_with_a_bare_nan(api: Client, make_run: MakeRun) -> None:
    run = make_run(best_value=float("inf"))
    add_epoch(run, 0, {"val_loss": float("inf")})
    for path in ("", "metrics/"):
        json.loads(api.get(f"/api/runs/{run.pk}/{path}").content, parse_constant=pytest.fail)
