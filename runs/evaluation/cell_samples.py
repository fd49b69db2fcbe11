"""List the samples behind one cell of a confusion matrix, the most confident first: of errors these are the worst.

Brings NumPy and Arrow: a web process loads it with the first evaluation that is looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from runs.evaluation import class_scores
from runs.evaluation.class_scores import ClassScores
from runs.evaluation.final_curves import NOT_YET
from runs.models import FinalResult, Run
from runs.statistics.roc import Ints

PAGE_SIZE = 50
CELLS = {"tn": (False, False), "fp": (False, True), "fn": (True, False), "tp": (True, True)}
"""Whether the samples are of the class, and whether they are predicted as it."""


def samples_of_cell(run: Run, result: FinalResult, label: int, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer with a page of the cell's samples; `problem` says why there are none. Raises StoreError."""
    threshold = asked.get("threshold", result.threshold)
    told = {
        "run_id": run.pk,
        "split": result.split,
        "label": label,
        "class": result.class_names[label],
        "cell": asked["cell"],
        "threshold": 0.5 if threshold is None else threshold,
        "page": asked["page"],
        "pages": None,
        "total": None,
        "results": [],
        "problem": None,
    }
    if run.status not in Run.ENDED:
        return told | {"problem": NOT_YET}
    try:
        return told | _page(run, result, told)
    except class_scores.NoScores as error:
        return told | {"problem": str(error)}


def _page(run: Run, result: FinalResult, told: dict[str, Any]) -> dict[str, Any]:
    scores = class_scores.read(run.pk, run.attempt, result.split, told["label"], tuple(result.class_names))
    places = _places(scores, told["cell"], told["threshold"])
    shown = places[(told["page"] - 1) * PAGE_SIZE :][:PAGE_SIZE].tolist()
    named = class_scores.identities(run.pk, result.split, shown)
    return {
        "total": len(places),
        "pages": max(1, -(-len(places) // PAGE_SIZE)),
        "results": [
            {"sample_id": sample, "patient_id": patient, "score": float(scores.scores[place])}
            for place, (sample, patient) in zip(shown, named, strict=True)
        ],
    }


def _places(found: ClassScores, cell: str, threshold: float) -> Ints:
    """Return where the cell's samples are, from the one farthest on its side of the threshold."""
    own, said = CELLS[cell]
    places = np.flatnonzero((found.positive == own) & ((found.scores >= threshold) == said))
    ranks = found.ranks[places]
    return places[np.argsort(-ranks if said else ranks, kind="stable")]
