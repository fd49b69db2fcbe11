"""Draw the curves of an external test, and list its samples, from its predictions.

Brings NumPy and Arrow: a web process loads it with the first evaluation that is looked at.
"""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework.exceptions import NotFound

from experiments.external_tests.descriptions import NAME
from experiments.models import ExternalTest
from runs.evaluation import cell_samples
from runs.evaluation.cell_samples import Wanted
from runs.evaluation.class_scores import NoScores
from runs.evaluation.final_curves import Drawing, drawn, known
from runs.evaluation.net_benefits import Probabilities, probabilities_of
from runs.models import FinalResult
from runs.saved_points.run_decision import Decision
from runs.statistics.recalibration.methods import Method

STORED_SPLIT = "test"
"""What the rows of the file say: `model_jobs.external_test.SPLIT`."""
RECALIBRATED = "From scores recalibrated by Platt's method, fitted on the run's validation split."


def curves(test: ExternalTest, result: FinalResult, label: int, points: int) -> dict[str, Any]:
    """Answer with the curves of one class against the rest; `problem` says why there are none."""
    used = _probabilities(test)
    rechosen = test.details["rechosen"] or {}
    held = tuple(one for one in (result.threshold, rechosen.get("threshold")) if one is not None)
    drawing = Drawing(str(test.predictions), test.pk, held, used, STORED_SPLIT)
    told = known(test.run, result, label) | drawn(drawing, result, label, points)
    if told["decision_curve"] and used.method:
        told["decision_curve"]["text"] = RECALIBRATED
    return told


def _probabilities(test: ExternalTest) -> Probabilities:
    """Return how scores become probabilities, as it was when the test was made."""
    if test.attempt == test.run.attempt:
        return probabilities_of(test.run)
    stored = test.details["recalibration"]
    return Probabilities(None if stored is None else msgspec.convert(stored, Method), None)


def page_of_cell(test: ExternalTest, label: int, decision: Decision, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer with a page of the samples behind a cell; `problem` says why there are none."""
    wanted = _wanted(test, label, decision, asked["cell"])
    return cell_samples.page_of_cell(test.run, wanted, asked) | {"split": NAME, "attempt": test.attempt}


def table_of_cell(test: ExternalTest, label: int, decision: Decision, cell: str) -> str:
    """Write all of them as CSV; raises NotFound with the reason where there are none to list."""
    try:
        return cell_samples.table_of_cell(_wanted(test, label, decision, cell))
    except NoScores as error:
        raise NotFound(str(error)) from error


def _wanted(test: ExternalTest, label: int, decision: Decision, cell: str) -> Wanted:
    names = tuple(test.class_names)
    return Wanted(str(test.predictions), test.pk, STORED_SPLIT, label, names, cell, decision)
