"""The list of metrics says what the installed library does, and refuses what would be no curve."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import torchmetrics
from pydantic import ValidationError
from torchmetrics import classification

from experiments.training.contract.metrics.metric_catalogue import Catalogue, ListedMetric
from experiments.training.contract.metrics.metric_option import MetricOption
from experiments.training.contract.metrics.metric_request import MetricRequest
from experiments.training.metrics import inspection, library
from experiments.training.metrics.added import AddedMetric, UnfitMetric, build
from runs.statistics.metric_names import lower_is_better

LISTED = inspection.catalogue()
REQUIRED: dict[str, dict[str, Any]] = {
    "fbeta_score": {"beta": 2},
    "precision_at_fixed_recall": {"min_recall": 0.9},
    "recall_at_fixed_precision": {"min_precision": 0.9},
    "sensitivity_at_specificity": {"min_specificity": 0.9},
    "specificity_at_sensitivity": {"min_sensitivity": 0.9},
}


def metric(name: str) -> ListedMetric:
    return LISTED.find(name)


def option(name: str, wanted: str) -> MetricOption:
    found = [one for options in metric(name).options.values() for one in options if one.name == wanted]
    return found[0]


def request(name: str, **options: Any) -> MetricRequest:
    suffix = "b" if name in ("auroc", "precision", "recall") else None
    return MetricRequest.model_validate({"name": name, "options": options, "suffix": suffix})


def test_it_is_that_of_the_installed_version() -> None:
    assert LISTED.version == torchmetrics.__version__
    assert {"cohen_kappa", "specificity", "hamming_distance", "matthews_corrcoef", "exact_match"} <= set(
        LISTED.usable()
    )
    assert msgspec.json.decode(inspection.encoded(), type=Catalogue) == LISTED


@pytest.mark.parametrize("name", LISTED.usable())
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_each_usable_metric_gives_one_number(name: str, classes: int) -> None:
    options = REQUIRED.get(name, {}) | ({"average": "macro"} if name == "eer" and classes > 2 else {})
    asked = request(name, **options)
    if classes > 2 and "multiclass" in metric(name).problems:
        with pytest.raises(UnfitMetric, match=rf"callbacks\.metrics\.0: {name} gives several numbers with {classes}"):
            build([asked], classes=classes, threshold=None, report=lambda _message: None)
        return
    added = AddedMetric(asked, classes=classes, threshold=0.5 if classes == 2 else None)
    added.check()
    assert added.unused == []


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("roc", "a curve"),
        ("precision_recall_curve", "a curve"),
        ("confusion_matrix", "a matrix"),
        ("stat_scores", "several numbers"),
        ("fairness", "a number only with groups besides scores and labels"),
    ],
)
def test_what_gives_no_single_number_is_refused(name: str, form: str) -> None:
    assert name not in LISTED.usable()
    with pytest.raises(ValueError, match=f"{name} gives {form}, and a curve needs one number per epoch"):
        LISTED.find(name)


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ("cohen_kapa", "cohen_kappa"),
        ("BinaryCohenKappa", "cohen_kappa"),
        ("MulticlassF1Score", "f1_score"),
        ("binary_specificity", "specificity"),
        ("kappa", "cohen_kappa"),
    ],
)
def test_an_unknown_name_is_told_what_is_near(wanted: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"no classification metric of torchmetrics .*{near!r}"):
        LISTED.find(wanted)


def test_a_name_like_no_other_is_told_all_there_are() -> None:
    with pytest.raises(ValueError, match="there are accuracy, auroc, average_precision, "):
        LISTED.find("zzz")


def test_directions_are_those_of_the_classes() -> None:
    assert {name: metric(name).direction for name in ("cohen_kappa", "hamming_distance", "calibration_error")} == {
        "cohen_kappa": "max",
        "hamming_distance": "min",
        "calibration_error": "min",
    }
    assert metric("sensitivity_at_specificity").direction is None


@pytest.mark.parametrize("name", ["Specificity", "NegativePredictiveValue", "EER"])
def test_a_direction_is_filled_in_only_where_the_class_says_nothing_itself(name: str) -> None:
    """Once a version of the library says it, its own word counts."""
    for task in ("Binary", "Multiclass"):
        assert "higher_is_better" not in vars(getattr(classification, task + name))
    assert library.direction("specificity") == library.direction("negative_predictive_value") == "max"
    assert library.direction("eer") == "min"


def test_lists_of_runs_know_which_metrics_are_better_when_lower() -> None:
    """They know names alone: of a version with another error, its name is to be added there."""
    known = {name: metric(name).direction for name in LISTED.usable() if metric(name).direction}
    assert {name for name in known if lower_is_better(f"val_{name}")} == {n for n, way in known.items() if way == "min"}
    assert lower_is_better("test_hamming_distance_micro")
    assert not lower_is_better("val_fbeta_score_eer")


def test_bounds_come_from_trials() -> None:
    assert option("fbeta_score", "beta").allowed == "a number above 0"
    assert option("cohen_kappa", "threshold").allowed == "a number from 0 to 1"
    assert option("accuracy", "top_k").allowed == "a whole number from 1 to 10000"
    assert option("auroc", "max_fpr").allowed == "a number above 0 to 1, or null"
    assert option("calibration_error", "norm").choices == ["l1", "l2", "max"]


@pytest.mark.parametrize(
    ("name", "options", "field", "cure"),
    [
        ("fbeta_score", {}, "beta", "fbeta_score needs it: a number above 0"),
        ("fbeta_score", {"beta": 0}, "beta", "It must be a number above 0; got 0"),
        ("fbeta_score", {"beta": "2"}, "beta", 'It must be a number above 0; got "2"'),
        ("fbeta_score", {"beta": True}, "beta", "It must be a number above 0; got true"),
        ("fbeta_score", {"beta": 1, "betta": 2}, "betta", "fbeta_score has no such option; did you mean 'beta'?"),
        ("cohen_kappa", {"weights": "cubic"}, "weights", 'one of "linear", "quadratic", "none", or null; got "cubic"'),
        ("f1_score", {"average": "none"}, "average", 'choose one of "micro", "macro", "weighted"'),
        ("f1_score", {"average": None}, "average", 'choose one of "micro", "macro", "weighted"'),
        ("accuracy", {"multidim_average": "samplewise"}, "multidim_average", 'It must be one of "global"'),
        ("calibration_error", {"n_bins": 10**12}, "n_bins", "a whole number from 1 to 10000; got 1000000000000"),
        ("calibration_error", {"n_bins": 1.5}, "n_bins", "a whole number from 1 to 10000; got 1.5"),
        ("average_precision", {"thresholds": [0.9, 0.1]}, "thresholds", "a list of rising numbers from 0 to 1"),
        ("average_precision", {"thresholds": []}, "thresholds", "a list of rising numbers from 0 to 1"),
        ("logauc", {"fpr_range": [0, 1]}, "fpr_range", "two numbers [from, to], 0 < from < to <= 1"),
        ("precision_at_fixed_recall", {"min_recall": 5}, "min_recall", "a number from 0 to 1; got 5"),
        ("hinge_loss", {"squared": 1}, "squared", "It must be true or false; got 1"),
        ("cohen_kappa", {"num_classes": 3}, "num_classes", "cohen_kappa has no such option"),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(name: str, options: dict[str, Any], field: str, cure: str) -> None:
    with pytest.raises(ValidationError) as caught:
        request(name, **options)
    [problem] = [error for error in caught.value.errors() if error["loc"][-1] == field]
    assert problem["loc"] == ("options", field)
    assert cure in problem["msg"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("fbeta_score", {"beta": 0.5, "average": "weighted", "threshold": 0.3}),
        ("auroc", {"max_fpr": 1}),
        ("average_precision", {"thresholds": 100}),
        ("average_precision", {"thresholds": [0, 0.5, 1]}),
        ("logauc", {"fpr_range": [0.01, 0.1]}),
        ("cohen_kappa", {"weights": None}),
        ("precision", {"zero_division": 1}),
    ],
)
def test_right_options_are_taken_and_work(name: str, options: dict[str, Any]) -> None:
    asked = request(name, **options)
    assert asked.options == options
    AddedMetric(asked, classes=2, threshold=0.5).check()
