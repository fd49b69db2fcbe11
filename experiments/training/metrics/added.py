"""Compute the metrics that a run adds, by the functions of torchmetrics, from all scores of an epoch at once."""

from __future__ import annotations

import inspect
import math
import traceback
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from experiments.training.contract.metrics.metric_catalogue import Task
from experiments.training.contract.metrics.metric_request import MetricRequest
from experiments.training.contract.reports import Note, Reporter
from experiments.training.metrics import library, undefined
from experiments.training.metrics.counting import confusion_matrix
from experiments.training.metrics.inspection import catalogue, one_number, samples
from runs.statistics.matrix_statistics import Number, mcc
from runs.statistics.predictions import predicted_classes
from runs.statistics.roc import Flags, Floats, Ints

BELOW_ONE: dict[Task, float] = {"binary": math.nextafter(1.0, 0.0), "multiclass": 1.0 - 2.0**-24}
"""The highest score within the last bin of the calibration error: the library has a bin of its own for 1.

With more than two classes it computes in single precision.
"""


class UnfitMetric(Exception):  # the message is a sentence for the user
    """A metric that cannot be computed for so many classes, or with such options."""


class NoValue(Exception):  # the message says why, as part of a sentence
    """A metric that is not defined for the samples of an epoch."""


class SeveralNumbers(NoValue):
    """A metric that gives one number per class, unless its options say otherwise."""


class Scored(NamedTuple):
    """The scores of a split, (N,) or (N, C), with the true labels."""

    scores: Floats
    targets: Ints


class AddedMetric:
    """One added metric of a run with that many classes.

    The scores of two classes become labels by the run's threshold, as for all other numbers, unless an option names
    another; a metric that has no form for two classes takes the form for more.
    """

    def __init__(self, asked: MetricRequest, *, classes: int, threshold: float | None) -> None:
        form, self._task = _form(asked.name, classes)
        taken = library.parameters(form)
        self.name, self.number = asked.name, asked.number
        self.unused = [name for name in asked.options if name not in taken]
        self._options = {name: _passed(value, taken[name]) for name, value in asked.options.items() if name in taken}
        self._form, self._classes = form, classes
        self._by_labels = classes == 2 and ("threshold" in taken or self._task == "multiclass")
        self._threshold = self._options.pop("threshold", threshold)

    def check(self) -> None:
        """Try it on a few samples; raises SeveralNumbers, or whatever the library raises.

        The library then checks all options, too.
        """
        given = samples("binary" if self._classes == 2 else "multiclass", self._classes)
        scored = Scored(given["preds"].numpy(), given["target"].numpy())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of these samples nobody wants to know
            self._number(scored, predicted_classes(scored.scores, self._threshold), validate=True)

    def value(self, scored: Scored) -> float:
        """Compute the number; raises NoValue, or whatever the library raises."""
        labels = predicted_classes(scored.scores, self._threshold)
        self._require_value(labels, scored.targets)
        if self.name == "matthews_corrcoef":
            return self._correlation(labels, scored.targets)
        number = self._number(scored, labels, validate=False)
        value = float(str(number.numpy()))  # of single precision, where it computes in that, no more digits than it has
        if not math.isfinite(value):
            raise NoValue("torchmetrics gives no finite number")
        return value

    def _number(self, scored: Scored, labels: Ints, *, validate: bool) -> torch.Tensor:
        scores = scored.scores
        if self.name == "calibration_error":
            scores = np.minimum(scores, BELOW_ONE[self._task])
        number = one_number(self._result(labels if self._by_labels else scores, scored.targets, validate))
        if number is None:
            raise SeveralNumbers("torchmetrics gives several numbers")
        return number

    def _require_value(self, labels: Ints, targets: Ints) -> None:
        """Raise NoValue where the metric is not defined, unless the request says what it shall be there."""
        if "zero_division" in self._options:
            return
        counted = self._counted(targets)
        if why := undefined.reason(self.name, targets[counted], labels[counted], self._classes):
            raise NoValue(why)

    def _counted(self, targets: Ints) -> Flags:
        """Return which samples count: those of an ignored class do not."""
        ignored = self._options.get("ignore_index")
        return np.ones(len(targets), dtype=np.bool_) if ignored is None else np.asarray(targets != ignored)

    def _result(self, predictions: Floats | Ints, targets: Ints, validate: bool) -> Any:
        count = {} if self._task == "binary" else {"num_classes": self._classes}
        return self._form(
            torch.from_numpy(predictions), torch.from_numpy(targets), validate_args=validate, **count, **self._options
        )

    def _correlation(self, labels: Ints, targets: Ints) -> float:
        """Compute Matthews' correlation in double precision: the library's is wrong where it is not defined."""
        counted = self._counted(targets)
        found = mcc(confusion_matrix(targets[counted], labels[counted], self._classes).tolist())
        if found is None:
            raise NoValue("all samples, or all predictions, are of one class")
        return found


class AddedMetrics:
    """The added metrics of a run; what one of them lacks or breaks never stops the training.

    A number that cannot be computed is unknown in that epoch, and the first time a note on the run says why.
    """

    def __init__(self, metrics: Sequence[AddedMetric], report: Reporter) -> None:
        self._metrics, self._report = metrics, report
        self._noted: set[str] = set()

    def numbers(self, phase: str, scores: Floats, targets: Ints, *, where: str) -> dict[str, Number]:
        """Compute all numbers under their names; `where` says in a note which scores these were."""
        if not (len(scores) and np.isfinite(scores).all()):  # that is reported as a divergence
            return {f"{phase}_{metric.number}": None for metric in self._metrics}
        scored = Scored(scores, targets)
        return {f"{phase}_{metric.number}": self._number(metric, phase, scored, where) for metric in self._metrics}

    def _number(self, metric: AddedMetric, phase: str, scored: Scored, where: str) -> Number:
        try:
            return metric.value(scored)
        except NoValue as error:
            why = str(error)
        except Exception as error:  # whatever a library does: the training is worth more than this number
            traceback.print_exc()
            why = f"torchmetrics failed ({type(error).__name__}; the details are in train.log)"
        name = f"{phase}_{metric.number}"
        if name not in self._noted:
            self._noted.add(name)
            text = f"{name} has no value in {where}: {why}. Its curve has a gap where that is so."
            self._report(Note(code=f"no_value_{name}", text=text))
        return None


def build(asked: Iterable[MetricRequest], *, classes: int, threshold: float | None, report: Reporter) -> AddedMetrics:
    """Make the metrics for so many classes, and report options without a meaning there; raises UnfitMetric."""
    metrics = []
    for place, request in enumerate(asked):
        metric = _checked(f"callbacks.metrics.{place}", request, classes, threshold)
        if metric.unused:
            report(Note(code=f"unused_option_{metric.number}", text=_unused(place, metric, classes)))
        metrics.append(metric)
    return AddedMetrics(metrics, report)


def _checked(field: str, asked: MetricRequest, classes: int, threshold: float | None) -> AddedMetric:
    try:
        metric = AddedMetric(asked, classes=classes, threshold=threshold)
        metric.check()
    except SeveralNumbers as error:
        raise UnfitMetric(
            f"{field}: {asked.name} gives several numbers with {_words(classes)}; {_cure(asked)}."
        ) from error
    except Exception as error:  # of the library, for options that it takes only with another number of classes
        said = " ".join(str(error).split())
        raise UnfitMetric(
            f"{field}: {asked.name} cannot be computed with these options for {_words(classes)} ({said}); "
            "change them, or leave it out."
        ) from error
    return metric


def _passed(value: Any, parameter: inspect.Parameter) -> Any:
    """Turn the whole numbers of a request into floats where the library refuses them."""
    if isinstance(value, list):
        return [float(number) for number in value]
    return float(value) if type(value) is int and "int" not in str(parameter.annotation) else value


def _form(name: str, classes: int) -> tuple[library.Function, Task]:
    order: tuple[Task, ...] = library.TASKS if classes == 2 else ("multiclass",)
    for task in order:
        if form := library.function(name, task):
            return form, task
    raise ValueError("it is for two classes only")


def _cure(asked: MetricRequest) -> str:
    """Name the option that makes one number of several."""
    options = catalogue().metrics[asked.name].options.get("multiclass", [])
    found = next((option for option in options if option.several and option.name not in asked.options), None)
    if found is None:
        return "leave it out"
    return f"set its option {found.name} to {' or '.join(found.choices)}"


def _unused(place: int, metric: AddedMetric, classes: int) -> str:
    names = " and ".join(metric.unused)
    return f"callbacks.metrics.{place}: {names} means nothing to {metric.name} with {_words(classes)}, and is not used."


def _words(classes: int) -> str:
    return "two classes" if classes == 2 else f"{classes} classes"
