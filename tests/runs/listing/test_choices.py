"""GET /api/runs/, facets/ and grouped/: search, filters, columns, curves and groups against answers made by hand."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs import lifecycle, recorder
from runs.events import DatasetSummary, EpochEnd, ModelSummary, TrainingStart, utc_now
from runs.models import Run
from runs.summaries import metric_summaries
from runs.tagging import tags
from tests.runs.api.test_list import errors, ids
from tests.runs.conftest import CONFIG, MakeRun, completed_columns

URL = "/api/runs/"


def launched(owner: User, rate: Any, *names: str, **columns: Any) -> Run:
    config = {**CONFIG, "optimizer": {"learning_rate": rate}, "model": {"name": "cnn"}} | columns
    return lifecycle.create(owner, config, tags=names)


def trained(owner: User, *values: float, name: str = "val_auroc") -> Run:
    run = launched(owner, 0.1)
    assert lifecycle.claim(run.pk, "tester")
    batch = [
        recorder.stamp(EpochEnd(epoch=epoch, phase="val", metrics={name: value}, timestamp=utc_now()))
        for epoch, value in enumerate(values)
    ]
    recorder.record(run.pk, 1, batch)
    return run


def test_search_looks_everywhere_for_every_word(api: Client, make_run: MakeRun) -> None:
    named = make_run(experiment_name="Night shift")
    data = make_run(source_path="dataset:night-rays")
    network = make_run(model_name="nightnet")
    reason = make_run(reason="lost in the night")
    noted = make_run(notes=[{"code": "x", "text": "Nächtens night"}])
    tagged = make_run(experiment_name="other")
    tags.change(tagged.pk, ["night"], [])
    make_run(experiment_name="day")
    assert set(ids(api, search="NIGHT")) == {run.pk for run in (named, data, network, reason, noted, tagged)}
    assert ids(api, search="night shift") == [named.pk]
    assert ids(api, search="Nächtens") == [noted.pk]
    assert ids(api, search=f"#{data.pk}") == [data.pk]
    assert len(ids(api, search="ada")) == 7  # the owner


def test_filters_are_any_of_their_values_and_all_of_each_other(api: Client, make_run: MakeRun) -> None:
    a, b, c = make_run(source_path="a,b"), make_run(model_name="mlp"), make_run(experiment_name="x", model_name="mlp")
    for run, names in ((a, ["one"]), (b, ["two"]), (c, ["two", "three"])):
        tags.change(run.pk, names, [])
    assert ids(api, tag="One,three") == [c.pk, a.pk]
    assert ids(api, tag="two", experiment="x") == [c.pk]
    assert ids(api, dataset="a\\,b") == ids(api, source_path="a\\,b") == [a.pk]
    assert ids(api, model="mlp", owner="ada,eve") == [c.pk, b.pk]
    assert ids(api, owner="eve") == []
    assert "number" in errors(api, group="1,x")["group"]


def test_runs_with_a_test_result_are_told_from_those_with_validation_alone(api: Client, make_run: MakeRun) -> None:
    tested, validated = (make_run(**completed_columns() | {"final_split": split}) for split in ("test", "val"))
    make_run(final_split="")
    assert ids(api, final_split="test") == [tested.pk]
    assert ids(api, final_split="val") == [validated.pk]
    assert ids(api, final_split="val,test") == [validated.pk, tested.pk]
    assert api.get(f"{URL}facets/", {"final_split": "test"}).json()["count"] == 1
    grouped = api.get(f"{URL}grouped/", {"by": "owner", "final_split": "val"}).json()["results"]
    assert [group["count"] for group in grouped] == [1]
    assert "test, val" in errors(api, final_split="train")["final_split"]


def test_columns_and_sorting_by_what_a_run_was_configured_with(api: Client, user: User) -> None:
    slow, fast, word, none = (launched(user, rate) for rate in (0.001, 10, "auto", None))
    forwards, name = [slow.pk, fast.pk, word.pk, none.pk], "config.optimizer.learning_rate"
    assert ids(api, ordering=name) == forwards
    assert ids(api, ordering=f"-{name}") == [fast.pk, slow.pk, word.pk, none.pk]
    walked, address = [], f"{URL}?ordering={name}&page_size=1&columns={name}"
    while address:
        body = api.get(address).json()
        walked += [(row["id"], row["columns"]) for row in body["results"]]
        address = body["next"]
    assert walked == list(zip(forwards, [{name: v} for v in (0.001, 10, "auto", None)], strict=True))
    assert "facets" in errors(api, ordering="config.optimizer.lr")["ordering"]
    assert "config.<path>" in errors(api, columns="lr")["columns"]


def test_columns_sorting_and_curves_of_metrics(api: Client, user: User) -> None:
    a, b = trained(user, 0.2, 0.9, 0.4), trained(user, 0.3, 0.5)
    without = launched(user, 1)
    body = api.get(URL, {"columns": "metric.val_auroc.best,metric.val_auroc", "sparkline": "1"}).json()["results"]
    assert [row["columns"] for row in body] == [
        {"metric.val_auroc.best": None, "metric.val_auroc": None},
        {"metric.val_auroc.best": 0.5, "metric.val_auroc": 0.5},
        {"metric.val_auroc.best": 0.9, "metric.val_auroc": 0.4},
    ]
    assert [row["sparkline"]["values"] for row in body] == [[], [0.3, 0.5], [0.2, 0.9, 0.4]]
    assert {row["sparkline"]["metric"] for row in body} == {"val_auroc"}
    assert ids(api, ordering="-metric.val_auroc.best") == [a.pk, b.pk, without.pk]
    assert ids(api, ordering="-metric.val_auroc.last") == [b.pk, a.pk, without.pk]
    assert "val_acu" in errors(api, ordering="metric.val_acu")["ordering"]


def test_the_best_of_an_added_error_is_its_lowest_value(api: Client, user: User) -> None:
    near, far = (trained(user, *values, name="val_hamming_distance") for values in ((0.2, 0.3), (0.4, 0.25)))
    name = "metric.val_hamming_distance.best"
    body = api.get(URL, {"columns": name, "ordering": name}).json()["results"]
    assert [(row["id"], row["columns"][name]) for row in body] == [(near.pk, 0.2), (far.pk, 0.25)]


def test_a_page_costs_the_same_queries_for_any_number_of_runs(api: Client, user: User) -> None:
    asked = {"columns": "metric.val_auroc,config.seed", "sparkline": "1", "search": "digits"}
    trained(user, 0.5)
    with CaptureQueriesContext(connection) as few:
        assert api.get(URL, asked).status_code == 200
    for _ in range(5):
        tags.change(trained(user, 0.5, 0.6).pk, ["x"], [])
    with CaptureQueriesContext(connection) as many:
        api.get(URL, asked)
    assert len(many) == len(few)


def test_facets_count_what_there_is(api: Client, user: User, make_run: MakeRun) -> None:
    tagged = launched(user, 0.1, "night")
    make_run(status="failed", source_path="builtin:moons")
    body = api.get(f"{URL}facets/").json()
    assert body["count"] == 2
    assert {row["value"]: row["count"] for row in body["status"] if row["count"]} == {"queued": 1, "failed": 1}
    assert body["tag"] == [{"value": "night", "count": 1}]
    assert body["owner"] == [{"value": "ada", "count": 2}]
    assert "optimizer.learning_rate" in body["columns"]["config"]
    assert api.get(f"{URL}facets/", {"tag": "night"}).json()["source_path"] == [
        {"value": tagged.source_path, "count": 1}
    ]


@pytest.mark.parametrize("by", ["experiment", "dataset", "model", "owner", "tag"])
def test_groups_have_mean_and_spread_of_their_completed_runs(api: Client, make_run: MakeRun, by: str) -> None:
    numbers = [0.5, 0.75, 0.9]
    runs = [make_run(**completed_columns() | {"final_auroc": number}, model_name="cnn") for number in numbers]
    runs.append(make_run(model_name="cnn"))
    for run in runs:
        tags.change(run.pk, ["all"], [])
    [group] = api.get(f"{URL}grouped/", {"by": by}).json()["results"]
    assert (group["count"], group["statuses"]) == (4, {"queued": 1, "completed": 3})
    assert group["newest"]["id"] == runs[-1].pk
    found = group["splits"]["test"]["statistics"]["auroc"]
    assert found["n"] == group["splits"]["test"]["runs"] == 3
    assert (found["mean"], found["sd"]) == pytest.approx((statistics.mean(numbers), statistics.stdev(numbers)))
    assert (found["min"], found["max"]) == (0.5, 0.9)
    assert len(api.get(group["links"]["runs"]).json()["results"]) == 4


def test_pages_of_groups_show_each_once_newest_first(api: Client, make_run: MakeRun) -> None:
    for name in "abcabd":
        make_run(experiment_name=name)
    seen, address = [], f"{URL}grouped/?by=experiment&page_size=2"
    while address:
        body = api.get(address).json()
        seen += [row["key"] for row in body["results"]]
        address = body["next"]
    assert seen == ["d", "b", "a", "c"]
    assert [row["key"] for row in api.get(body["previous"]).json()["results"]] == ["d", "b"]


def test_epochs_that_are_trained_again_leave_the_summaries(api: Client, user: User) -> None:
    run = trained(user, 0.2, 0.9, 0.4)
    start = TrainingStart(
        run_id=run.pk,
        experiment_name="digits",
        max_epochs=10,
        training_mode="centralized",
        resumed_from_epoch=0,
        total_steps=None,
        dataset=DatasetSummary(name="d", classes=["a", "b"], sizes={}),
        model=ModelSummary(name="resnet18", parameters=1, trainable=1),
    )
    recorder.record(run.pk, 1, [recorder.stamp(start)])
    [row] = api.get(URL, {"columns": "metric.val_auroc.best", "sparkline": "1"}).json()["results"]
    assert (row["columns"], row["sparkline"]["values"]) == ({"metric.val_auroc.best": 0.2}, [0.2])
    assert row["model_name"] == "resnet18"


@pytest.mark.parametrize("name", ["final_auroc", "final_recall", "final_precision", "final_f1"])
def test_values_of_test_splits_come_before_those_of_validation(api: Client, make_run: MakeRun, name: str) -> None:
    """A perfect validation split is no better than a test split of 0.9."""
    made = {
        (split, value): make_run(**completed_columns() | {name: value, "final_split": split}).pk
        for split, value in (("val", 1.0), ("test", 0.9), ("test", None), ("val", 0.5), ("test", 0.95), ("", None))
    }
    best = [made["test", 0.95], made["test", 0.9], made["val", 1.0], made["val", 0.5]]
    unknown = [made["", None], made["test", None]]
    assert ids(api, ordering=f"-{name}") == [*best, *unknown]
    worst = [made["test", 0.9], made["test", 0.95], made["val", 0.5], made["val", 1.0]]
    assert ids(api, ordering=name) == [*worst, *unknown]
    assert walked_by(api, f"-{name}") == [*best, *unknown]


def walked_by(api: Client, ordering: str) -> list[int]:
    """Return the runs in the order of pages of one."""
    walked, address = [], f"{URL}?ordering={ordering}&page_size=1"
    while address:
        page = api.get(address).json()
        walked += [run["id"] for run in page["results"]]
        address = page["next"]
    return walked


def test_every_final_number_of_a_test_split_comes_before_those_of_validation(api: Client, make_run: MakeRun) -> None:
    """A column that a user chooses is no other than those that are always there."""
    made = {}
    for split, value in (("val", 1.0), ("test", 0.9), ("test", None), ("val", 0.5), ("test", 0.95)):
        run = make_run(**completed_columns() | {"final_split": split})
        metric_summaries.add_final(run.pk, 3, {"final_mcc": value, "val_auroc": value})
        made[split, value] = run.pk
    best = [made["test", 0.95], made["test", 0.9], made["val", 1.0], made["val", 0.5], made["test", None]]
    assert walked_by(api, "-metric.final_mcc") == best
    assert ids(api, ordering="metric.final_mcc")[:2] == [made["test", 0.9], made["test", 0.95]]
    assert ids(api, ordering="-metric.val_auroc")[:2] == [made["val", 1.0], made["test", 0.95]]
