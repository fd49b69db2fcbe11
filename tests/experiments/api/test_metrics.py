"""Metrics in a request: checked against the list that a worker has made, and the endpoint that shows the list."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec
import pytest
import torchmetrics
from django.http import HttpResponse
from django.test import Client

from experiments import metric_list
from experiments.api import views
from experiments.models import MetricList
from experiments.processes import metric_listing
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.metrics import metric_catalogue
from experiments.training.contract.metrics.metric_catalogue import NOT_YET
from experiments.training.metrics import inspection
from experiments.training.recipes import process_entry
from runs.models import Run

pytestmark = pytest.mark.django_db
TRAIN = "/api/experiments/centralized/train"
METRICS = "/api/experiments/metrics/"
SENSITIVITY = {"name": "sensitivity_at_specificity", "options": {"min_specificity": 0.9}}


@pytest.fixture(autouse=True)
def _as_a_web_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the list from the database, as a process that has just started."""
    monkeypatch.setattr(metric_catalogue, "_source", [metric_list.read])
    monkeypatch.setattr(metric_list, "_read", {})


@pytest.fixture
def listed() -> None:
    """Store what a worker stores."""
    metric_list.store(inspection.encoded())


def post(client: Client, callbacks: dict[str, Any]) -> HttpResponse:
    body = {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer", "callbacks": callbacks}
    return client.post(TRAIN, data=json.dumps(body), content_type="application/json")  # type: ignore[return-value]


def errors_of(response: HttpResponse) -> dict[str, str]:
    assert response.status_code == 400, response.content
    assert not Run.objects.exists()
    return {error["field"]: error["message"] for error in json.loads(response.content)["errors"]}


def stored(response: HttpResponse) -> dict[str, Any]:
    assert response.status_code == 202, response.content
    run = Run.objects.get()
    assert TrainingConfig.model_validate(run.config).model_dump(mode="json") == run.config
    return dict(run.config["callbacks"], monitor_column=run.monitor)


@pytest.mark.usefixtures("listed")
def test_names_and_objects_are_taken_and_stored_written_out(api: Client) -> None:
    asked = ["cohen_kappa", {"name": "fbeta_score", "options": {"beta": 2}, "suffix": "b2"}]
    found = stored(post(api, {"metrics": asked}))
    assert found["metrics"] == [
        {"name": "cohen_kappa", "options": {}, "suffix": None},
        {"name": "fbeta_score", "options": {"beta": 2}, "suffix": "b2"},
    ]
    assert (found["monitor"], found["mode"]) == ("val_auroc", "max")
    assert Run.objects.get().versions["torchmetrics"] == torchmetrics.__version__


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("metrics", "field", "cure"),
    [
        (["cohen_kapa"], "callbacks.metrics.0", "did you mean 'cohen_kappa'?"),
        (["specificity", "BinaryHammingDistance"], "callbacks.metrics.1", "did you mean 'hamming_distance'?"),
        ([{"name": "kapa"}], "callbacks.metrics.0", "'cohen_kappa'"),
        (
            ["roc"],
            "callbacks.metrics.0",
            "roc gives a curve, and a curve needs one number per epoch; did you mean 'auroc'?",
        ),
        (["confusion_matrix"], "callbacks.metrics.0", "gives a matrix"),
        ([{"name": "f1_score", "options": {"average": "none"}}], "callbacks.metrics.0.options.average", '"macro"'),
        (["fbeta_score"], "callbacks.metrics.0.options.beta", "fbeta_score needs it: a number above 0."),
        ([{"name": "cohen_kappa", "options": {"weight": 1}}], "callbacks.metrics.0.options.weight", "'weights'?"),
        ([{"name": "cohen_kappa", "sufix": "b"}], "callbacks.metrics.0.sufix", "Did you mean 'suffix'?"),
        ([{"name": "cohen_kappa", "suffix": "cm_tp"}], "callbacks.metrics.0.suffix", "letters a to z and digits"),
        ([{"options": {}}], "callbacks.metrics.0.name", "Required"),
        ([7], "callbacks.metrics.0", "Must be a JSON object"),
        ("cohen_kappa", "callbacks.metrics", "list"),
        (["auroc"], "callbacks.metrics.0", "Every run reports val_auroc already; leave it out, or give it a suffix"),
        (["cohen_kappa", "cohen_kappa"], "callbacks.metrics", "Two of them would be called val_cohen_kappa"),
        ([{"name": "negative_predictive_value", "suffix": "a" * 30}], "callbacks.metrics.0", "take a shorter suffix"),
        (["accuracy"] * 21, "callbacks.metrics", "at most 20 items"),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(api: Client, metrics: Any, field: str, cure: str) -> None:
    found = errors_of(post(api, {"metrics": metrics}))
    assert list(found) == [field]
    assert cure in found[field]


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("metrics", "monitor", "mode"),
    [
        (["cohen_kappa"], "val_cohen_kappa", "max"),
        (["hamming_distance"], "val_hamming_distance", "min"),
        (["specificity"], "val_specificity", "max"),
        ([{"name": "calibration_error", "suffix": "l1"}], "val_calibration_error_l1", "min"),
        (["cohen_kappa"], "val_loss", "min"),
        ([], "val_recall", "max"),
    ],
)
def test_a_monitored_metric_has_its_direction(api: Client, metrics: Any, monitor: str, mode: str) -> None:
    found = stored(post(api, {"metrics": metrics, "monitor": monitor}))
    assert (found["monitor"], found["mode"], found["monitor_column"]) == (monitor, mode, monitor)


@pytest.mark.usefixtures("listed")
def test_a_direction_that_the_library_does_not_say_is_asked_for(api: Client) -> None:
    asked = {"metrics": [SENSITIVITY], "monitor": "val_sensitivity_at_specificity"}
    found = errors_of(post(api, asked))
    assert found["callbacks.mode"] == (
        "torchmetrics does not say whether val_sensitivity_at_specificity is better when it is higher or lower; "
        "give max (higher is better) or min."
    )
    assert stored(post(api, asked | {"mode": "max"}))["mode"] == "max"


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("metrics", "monitor", "cure"),
    [
        ([], "val_cohen_kappa", 'add "cohen_kappa" to callbacks.metrics.'),
        ([], "val_cohen_kapa", "did you mean 'val_cohen_kappa'? Then add \"cohen_kappa\" to callbacks.metrics."),
        (["cohen_kappa"], "val_cohen_kapa", "did you mean 'val_cohen_kappa'? It has val_auroc, "),
        (["cohen_kappa"], "cohen_kappa", "did you mean 'val_cohen_kappa'?"),
        ([{"name": "cohen_kappa", "suffix": "b"}], "val_cohen_kappa", 'add "cohen_kappa" to callbacks.metrics.'),
        ([], "val_cm_tp", "It has val_auroc, val_loss, val_acc, val_precision, val_recall, val_f1;"),
    ],
)
def test_a_monitor_that_the_run_has_not_is_named_with_its_cure(
    api: Client, metrics: Any, monitor: str, cure: str
) -> None:
    found = errors_of(post(api, {"metrics": metrics, "monitor": monitor}))
    assert list(found) == ["callbacks.monitor"]
    assert cure in found["callbacks.monitor"]


def test_of_a_wrong_metric_nothing_else_is_said(api: Client) -> None:
    metric_list.store(inspection.encoded())
    assert list(errors_of(post(api, {"metrics": ["kapa"], "monitor": "val_kapa"}))) == ["callbacks.metrics.0"]


def test_the_list_of_another_version_serves_until_this_one_is_listed(api: Client) -> None:
    """The training checks its request again, against the library that it has."""
    other = msgspec.structs.replace(inspection.catalogue(), version="1.8.0")
    MetricList.objects.create(key="1.8.0", metrics=msgspec.json.encode(other).decode())
    assert metric_list.read() == other
    assert not metric_list.is_up_to_date()
    assert "of torchmetrics 1.8.0" in errors_of(post(api, {"metrics": ["zzz"]}))["callbacks.metrics.0"]
    metric_list.store(inspection.encoded())
    assert metric_list.read() == inspection.catalogue()
    assert metric_list.is_up_to_date()


def test_before_a_worker_has_listed_them_requests_are_told_to_wait_and_others_are_taken(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "METRICS_WAIT_SECONDS", 0.0)
    assert errors_of(post(api, {"metrics": ["cohen_kappa"]})) == {"callbacks.metrics.0": f"{NOT_YET}."}
    assert json.loads(api.get(METRICS).content) == {"version": None, "metrics": None}
    assert list(errors_of(post(api, {"monitor": "val_cohen_kappa"}))) == ["callbacks.monitor"]
    stored(post(api, {"monitor": "val_f1"}))


def test_a_request_waits_for_the_first_list(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([None, None, inspection.catalogue(), inspection.catalogue()])
    monkeypatch.setattr(metric_catalogue, "_source", [lambda: next(looks, inspection.catalogue())])
    assert stored(post(api, {"metrics": ["cohen_kappa"]}))["metrics"][0]["name"] == "cohen_kappa"
    assert next(looks, "all looked at") == "all looked at"


def test_a_list_that_another_revision_wrote_is_made_again(monkeypatch: pytest.MonkeyPatch, warm: None) -> None:
    MetricList.objects.create(key=metric_list._key(), metrics='{"version": "1.9.0"}')
    assert metric_list.read() is None
    metric_listing.bring_up_to_date()
    assert metric_list.read() == inspection.catalogue()
    assert MetricList.objects.count() == 1


def test_a_worker_lists_them_once(monkeypatch: pytest.MonkeyPatch, warm: None) -> None:
    """In a child of the fork server, as no process of the server itself loads the library."""
    metric_listing.bring_up_to_date()
    monkeypatch.setattr(metric_listing, "_listed", pytest.fail)
    metric_listing.bring_up_to_date()
    assert metric_list.read() == inspection.catalogue()


def test_a_worker_that_waited_for_another_lists_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight workers that start together would load PyTorch eight times."""
    looks = iter([False, True])
    monkeypatch.setattr(metric_list, "is_up_to_date", lambda: next(looks))
    monkeypatch.setattr(metric_listing, "_listed", pytest.fail)
    metric_listing.bring_up_to_date()
    assert list(looks) == []


def test_a_worker_starts_without_a_list_too(
    monkeypatch: pytest.MonkeyPatch, warm: None, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process_entry, "METRICS", "no.such.module")
    monkeypatch.setattr(process_entry, "list_metrics", len)  # ends at once, without an answer
    with caplog.at_level(logging.ERROR):
        metric_listing.bring_up_to_date()
    assert "could not be listed" in caplog.text
    assert metric_list.read() is None


@pytest.mark.usefixtures("listed")
def test_the_endpoint_lists_every_metric_with_its_options(api: Client) -> None:
    found = json.loads(api.get(METRICS).content)
    metrics = {metric["name"]: metric for metric in found["metrics"]}
    assert list(metrics) == inspection.catalogue().usable()
    assert metrics["hamming_distance"]["direction"] == "min"
    binary, multiclass = (
        {option["name"]: option for option in metrics["fbeta_score"]["options"][task]}
        for task in ("binary", "multiclass")
    )
    assert binary["beta"] == {
        "name": "beta",
        "allowed": "a number above 0",
        "required": True,
        "default": None,
        "choices": None,
    }
    assert "average" not in binary
    assert multiclass["average"]["choices"] == ["micro", "macro", "weighted"]


@pytest.mark.usefixtures("listed")
def test_the_form_gets_the_directions(api: Client) -> None:
    found = json.loads(api.get("/api/experiments/options/").content)
    directions = found["directions"]
    assert (directions["val_loss"], directions["val_hamming_distance"]) == ("min", "min")
    assert (directions["val_f1"], directions["val_cohen_kappa"]) == ("max", "max")
    assert directions["val_sensitivity_at_specificity"] is None
    fields = {field["path"]: field for group in found["groups"] for field in group["fields"]}
    assert fields["callbacks.metrics"]["kinds"] == [{"type": "array", "items": {"type": "string"}, "objects": True}]
    assert fields["callbacks.monitor"]["extended_by"] == "callbacks.metrics"
    assert fields["callbacks.monitor"]["kinds"][0]["choices"][0] == "val_auroc"
