"""Compare runs with a reference, number by number and decision by decision, over the samples that all of them share.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runs.comparison import paired_samples
from runs.comparison.compared_runs import Deciding, NotComparable, deciding
from runs.comparison.paired_samples import SharedSamples
from runs.evaluation.remembered import remembered
from runs.models import Run
from runs.statistics.holm import holm
from runs.statistics.matrix_statistics import FINAL_METRICS, Number
from runs.statistics.paired.decisions import DecisionTest, compared_decisions
from runs.statistics.paired.differences import LEVEL, Network, PairedNumber, paired_number
from runs.statistics.paired.drawn_numbers import NAMES, drawn_numbers, shared_resampling
from runs.statistics.roc import Flags

REMEMBERED = 32  # answers; each holds some numbers for each run
MOST_VALUES = 20_000_000
"""Samples times classes times runs: what is held of them at once."""

_TITLES = {meaning: name for name, meaning in FINAL_METRICS.items()}


def report(runs: Sequence[Run], split: str) -> dict[str, Any]:
    """Compare the runs after the first with it; `problem` says why nothing is compared. Raises StoreError."""
    told: dict[str, Any] = {
        "split": split,
        "reference": runs[0].pk,
        "samples": None,
        "patients": None,
        "evaluated": {},
        "draws": None,
        "comparisons": 0,
        "decisions": [],
        "against": [],
        "problem": None,
    }
    try:
        return told | _compared(deciding(runs, split), split)
    except NotComparable as error:
        return told | {"problem": str(error)}


@remembered(REMEMBERED, in_turn=True)
def _compared(those: tuple[Deciding, ...], split: str) -> dict[str, Any]:
    """Compare what these attempts evaluated, which does not change."""
    samples = paired_samples.shared_samples(those, split)
    classes = len(those[0].class_names)
    if len(samples.targets) * (1 if classes == 2 else classes) * len(those) > MOST_VALUES:
        raise NotComparable("The runs have too many samples and classes to be compared at once: choose fewer runs.")
    splits = [paired_samples.evaluated_by(one, samples) for one in those]
    plan = shared_resampling(splits[0], classes, len(those))
    networks = [Network(each, drawn_numbers(each, classes, plan)) for each in splits]
    numbers = [[paired_number(name, other, networks[0], plan) for name in NAMES] for other in networks[1:]]
    right: list[Flags] = [each.predicted == each.targets for each in splits]
    tests = [compared_decisions(other, right[0], splits[0].patients) for other in right[1:]]
    return _head(those, samples) | {
        "draws": plan.draws,
        "against": [
            {"run": one.run, "numbers": rows, "decisions": test}
            for one, rows, test in zip(those[1:], _adjusted(numbers), _tests(tests), strict=True)
        ],
    }


def _head(those: Sequence[Deciding], samples: SharedSamples) -> dict[str, Any]:
    return {
        "samples": len(samples.targets),
        "patients": samples.people,
        "evaluated": {str(run): size for run, size in samples.evaluated.items()},
        "comparisons": len(those) - 1,
        "decisions": [{"run": one.run, **one.decision._asdict()} for one in those],
    }


def _adjusted(numbers: Sequence[Sequence[PairedNumber]]) -> list[list[dict[str, Any]]]:
    """Adjust p of each number for the number of runs that are compared with the reference."""
    adjusted = [holm([each.p for each in same]) for same in zip(*numbers, strict=True)]
    return [
        [_number(number, adjusted[row][column]) for row, number in enumerate(of_run)]
        for column, of_run in enumerate(numbers)
    ]


def _number(found: PairedNumber, adjusted_p: Number) -> dict[str, Any]:
    excludes = found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)
    return {
        "name": _TITLES[found.name],
        "value": found.first,
        "reference": found.second,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "adjusted_p": adjusted_p,
        "method": found.method,
        "shown": excludes and adjusted_p is not None and adjusted_p < LEVEL,
    }


def _tests(tests: Sequence[DecisionTest]) -> list[dict[str, Any]]:
    adjusted = holm([test.p for test in tests])
    return [
        {
            "both": test.both,
            "run_only": test.first_only,
            "reference_only": test.second_only,
            "neither": test.neither,
            "method": test.method,
            "p": test.p,
            "mid_p": test.mid_p,
            "adjusted_p": adjusted_p,
            "shown": adjusted_p is not None and adjusted_p < LEVEL,
        }
        for test, adjusted_p in zip(tests, adjusted, strict=True)
    ]
