"""List the samples behind one cell of a confusion matrix, the most confident first: of errors these are the worst.

Brings NumPy and Arrow: a web process loads it with the first evaluation that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from runs.evaluation import class_scores, error_pictures, said_classes
from runs.evaluation.class_scores import ClassScores, Origin
from runs.evaluation.final_curves import NOT_YET
from runs.models import FinalResult, Run
from runs.saved_points.run_decision import Decision, decision_at
from runs.spreadsheets.neutral_cells import Cell, csv_text
from runs.statistics.roc import Flags, Floats, Ints

CELLS = {"tn": (False, False), "fp": (False, True), "fn": (True, False), "tp": (True, True)}
"""Whether the samples are of the class, and whether they are predicted as it."""
ERRORS = "errors"
"""The samples that were said to be of another class than they are."""
UNTOLD = -1
REMEMBERED = 4  # cells; each holds at most 16 bytes for a sample of the split
MOST_EXPORTED = 200_000  # rows
HEAD = ("sample_id", "patient_id", "file", "class", "predicted", "score")


class Wanted(NamedTuple):
    """Which samples: `label` is the class that the cells are of."""

    origin: Origin
    attempt: int
    split: str
    label: int
    class_names: tuple[str, ...]
    cell: str
    decision: Decision

    @property
    def threshold(self) -> float:
        """Return the score that decides; of several classes 0.5 for one against the rest."""
        return 0.5 if self.decision.threshold is None else self.decision.threshold

    def said(self, found: ClassScores) -> Flags:
        """Mark the samples that are predicted as the class."""
        odds = self.decision.log_odds
        return found.scores >= self.threshold if odds is None or not found.has_logits else found.ranks >= odds


class Found(NamedTuple):
    """Where the samples are in their split, the most confident first; their scores, and what they were said to be."""

    places: Ints
    scores: Floats
    said: Ints


def samples_of_cell(run: Run, result: FinalResult, label: int, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer with a page of the cell's samples; `problem` says why there are none. Raises StoreError."""
    wanted = _wanted(run, result, label, asked)
    if run.status not in Run.ENDED:
        return _nothing(run, wanted, asked) | {"problem": NOT_YET}
    told = page_of_cell(run, wanted, asked)
    if asked["thumbnails"] and told["results"]:
        drawn = error_pictures.addresses(run, wanted.split, [row["place"] for row in told["results"]])
        for row in told["results"]:
            row["picture"] = drawn.get(row["place"])
    return told


def page_of_cell(run: Run, wanted: Wanted, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer with a page of these samples, which some evaluation of the run has. Raises StoreError."""
    told = _nothing(run, wanted, asked)
    try:
        return told | _page(wanted, asked)
    except class_scores.NoScores as error:
        return told | {"problem": str(error)}


def _nothing(run: Run, wanted: Wanted, asked: dict[str, Any]) -> dict[str, Any]:
    """Describe what is asked for; there are no samples."""
    return {
        "run_id": run.pk,
        "attempt": run.attempt,
        "split": wanted.split,
        "label": wanted.label,
        "class": wanted.class_names[wanted.label],
        "cell": wanted.cell,
        "threshold": wanted.threshold,
        "log_odds": wanted.decision.log_odds,
        "decides": wanted.decision.source,
        "page": asked["page"],
        "pages": None,
        "total": None,
        "results": [],
        "problem": None,
    }


def exported(run: Run, result: FinalResult, label: int, asked: dict[str, Any]) -> str:
    """Write the cell's samples as CSV for people, MOST_EXPORTED at most. Raises NoScores, StoreError."""
    if run.status not in Run.ENDED:
        raise class_scores.NoScores(NOT_YET)
    return table_of_cell(_wanted(run, result, label, asked))


def table_of_cell(wanted: Wanted) -> str:
    """Write these samples in the same way."""
    return csv_text(HEAD, _exported_rows(wanted, _found(wanted)))


def _exported_rows(wanted: Wanted, found: Found) -> Iterator[Sequence[Cell]]:
    places = found.places[:MOST_EXPORTED]
    for row in _described(wanted, found, slice(0, len(places))):
        yield [row[name] for name in HEAD]


def _wanted(run: Run, result: FinalResult, label: int, asked: dict[str, Any]) -> Wanted:
    decision = decision_at(asked.get("threshold"), run, result)
    return Wanted(run.pk, run.attempt, result.split, label, tuple(result.class_names), asked["cell"], decision)


def _page(wanted: Wanted, asked: dict[str, Any]) -> dict[str, Any]:
    found, size = _found(wanted), asked["page_size"]
    start = (asked["page"] - 1) * size
    results = _described(wanted, found, slice(start, start + size))
    return {"total": len(found.places), "pages": max(1, -(-len(found.places) // size)), "results": results}


def _described(wanted: Wanted, found: Found, part: slice) -> list[dict[str, Any]]:
    """Describe these of the samples."""
    places = found.places[part]
    names = wanted.class_names
    identities = class_scores.identities(wanted.origin, wanted.split, places)
    return [
        {
            "sample_id": identity.sample_id,
            "patient_id": identity.patient_id,
            "score": score,
            "file": identity.file,
            "class": names[identity.label] if identity.label < len(names) else None,
            "predicted": None if said == UNTOLD else names[said],
            "place": place,
        }
        for identity, place, score, said in zip(
            identities, places.tolist(), found.scores[part].tolist(), found.said[part].tolist(), strict=True
        )
    ]


@lru_cache(maxsize=REMEMBERED)
def _found(wanted: Wanted) -> Found:
    """Find the samples. Raises NoScores, StoreError."""
    two = len(wanted.class_names) == 2
    if wanted.cell == ERRORS and not two:
        found = said_classes.read(wanted.origin, wanted.attempt, wanted.split, wanted.class_names)
        wrong = np.flatnonzero(found.said != found.labels)
        places = wrong[np.argsort(-found.scores[wrong], kind="stable")]
        return Found(places, found.scores[places], found.said[places])
    scores = class_scores.read(wanted.origin, wanted.attempt, wanted.split, wanted.label, wanted.class_names)
    called = wanted.said(scores)
    places = _of_both(scores, called) if wanted.cell == ERRORS else _places(scores, called, wanted.cell)
    said = called[places].astype(np.int64) if two else _said(wanted, places)
    return Found(places, scores.scores[places], said)


def _said(wanted: Wanted, places: Ints) -> Ints:
    """Return which classes the samples were said to be, UNTOLD where there are too many scores to look."""
    try:
        return said_classes.read(wanted.origin, wanted.attempt, wanted.split, wanted.class_names).said[places]
    except class_scores.NoScores:
        return np.full(len(places), UNTOLD)


def _places(found: ClassScores, called: Flags, cell: str) -> Ints:
    """Return where the cell's samples are, from the one farthest on its side of the threshold."""
    own, said = CELLS[cell]
    places = np.flatnonzero((found.positive == own) & (called == said))
    ranks = found.ranks[places]
    return places[np.argsort(-ranks if said else ranks, kind="stable")]


def _of_both(found: ClassScores, called: Flags) -> Ints:
    """Return where samples were missed or are false alarms, from the lowest score of what they are."""
    places = np.flatnonzero(found.positive != called)
    given = np.where(found.positive, found.scores, 1 - found.scores)[places]
    return places[np.argsort(given, kind="stable")]
