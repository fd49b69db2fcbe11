"""External tests as their pages write them: rows of tables, sentences above them, and histograms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from runs.models import FinalResult
from runs.statistics.metric_names import COUNTS
from runs.wording.difference_text import signed, signed_range
from runs.wording.metric_text import with_interval
from runs.wording.number_text import percent
from runs.wording.shift_text import COMPARED

WIDTH, HEIGHT = 300, 110
"""Of a histogram, in the units of its drawing."""
LISTED = ("final_auroc_cm", "final_sensitivity", "final_specificity", "final_accuracy_cm")
SPLITS = {"test": "Own test split", "val": "Own validation split"}


class Compared(NamedTuple):
    """One number of the internal and the external test; `shown`: they differ by more than chance explains."""

    label: str
    internal: str
    external: str
    difference: str
    rechosen: str
    shown: bool


class Bar(NamedTuple):
    """A bar of a histogram, in the units of its drawing."""

    x: float
    y: float
    width: float
    height: float
    title: str


class Histogram(NamedTuple):
    """Two distributions of scores, each as shares of its samples: bars of the external one, a line of the other."""

    title: str
    words: str
    bars: list[Bar]
    line: str
    highest: str


def compared_rows(test: Mapping[str, Any]) -> list[Compared]:
    """Write the internal test beside the external one, and the point that was chosen on its data."""
    kept = test["kept"]["statistics"]
    own = test["internal"] and test["internal"]["statistics"]
    other = test["rechosen"] and test["rechosen"]["statistics"]
    found = {one["name"]: one["difference"] for one in (test["shift"] or {}).get("differences", [])}
    rows = []
    for name, label in COMPARED.items():
        if kept.get(name) is None and (own or {}).get(name) is None:
            continue
        difference = found.get(name)
        rows.append(
            Compared(
                label,
                with_range(name, own) if own else "–",
                with_range(name, kept),
                _difference(name, difference),
                with_range(name, other) if other else "–",
                bool(difference and (difference["ci_low"] > 0 or difference["ci_high"] < 0)),
            )
        )
    return [*rows, *_counts(test)]


def _counts(test: Mapping[str, Any]) -> Iterator[Compared]:
    """Write the four counts of two classes."""
    blocks = [test["internal"], test["kept"], test["rechosen"]]
    if len(test["class_names"]) != 2:
        return
    for name, (row, column) in zip(COUNTS, ((1, 1), (0, 0), (0, 1), (1, 0)), strict=True):
        internal, kept, rechosen = (f"{block['confusion_matrix'][row][column]:,}" if block else "–" for block in blocks)
        yield Compared(name.removeprefix("cm_").upper(), internal, kept, "", rechosen, shown=False)


def with_range(name: str, statistics: Mapping[str, Any]) -> str:
    """Write a number with its 95 % interval."""
    return with_interval(name, *(statistics.get(f"{name}{end}") for end in ("", "_ci_low", "_ci_high")))


def _difference(name: str, found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "–"
    ends = signed_range(name, found["ci_low"], found["ci_high"])
    return f"{signed(name, found['value'])} ({ends})" if ends else signed(name, found["value"])


def listed_numbers(statistics: Mapping[str, Any]) -> list[str]:
    """Write the numbers of a row of the list."""
    return [with_range(name, statistics) for name in LISTED]


def own_row(results: Sequence[FinalResult], saved: Mapping[str, Any] | None) -> tuple[str, int, list[str]] | None:
    """Write the run's own test for the list, at the point that holds: name, samples and numbers; None without one."""
    by_split = {result.split: result for result in results}
    split = "test" if "test" in by_split else "val"
    if split not in by_split:
        return None
    result = by_split[split]
    statistics = result.statistics
    if saved and split in saved:
        statistics = {name: statistics.get(name) for name in statistics if "auroc" in name} | saved[split]
    return SPLITS[split], sum(map(sum, result.confusion_matrix)), listed_numbers(statistics)


def histograms(shift: Mapping[str, Any] | None) -> list[Histogram]:
    """Draw the scores of all samples, and of those of each of two classes."""
    if shift is None:
        return []
    found = shift["histograms"]
    where = "the test split" if shift["compared_with"] == "test" else "validation"
    return [
        _histogram(of, counts, found["internal"].get(of, []), found["edges"], where)
        for of, counts in found["external"].items()
    ]


def _histogram(of: str, here: Sequence[int], there: Sequence[int], edges: Sequence[float], where: str) -> Histogram:
    ours, theirs = _shares(here), _shares(there)
    most = max([*ours, *theirs, 1e-9])
    step = WIDTH / len(ours)
    bars = [
        Bar(
            round(place * step + 1, 2),
            round(HEIGHT * (1 - share / most), 2),
            round(step - 2, 2),
            round(HEIGHT * share / most, 2),
            f"Scores from {edges[place]:g} to {edges[place + 1]:g}: {percent(share)} of these data, "
            f"{percent(theirs[place] if theirs else None)} of {where}",
        )
        for place, share in enumerate(ours)
    ]
    title = "All samples" if of == "all" else f"Samples that are {of}"
    words = f"{title}: scores of {sum(here):,} samples of these data (bars) and {sum(there):,} of {where} (line)."
    return Histogram(title, words, bars, _line(theirs, most, step), percent(most))


def _shares(counts: Sequence[int]) -> list[float]:
    whole = sum(counts)
    return [count / whole if whole else 0.0 for count in counts]


def _line(shares: Sequence[float], most: float, step: float) -> str:
    points = []
    for place, share in enumerate(shares):
        y = HEIGHT * (1 - share / most)
        points += [f"{place * step:.1f},{y:.1f}", f"{(place + 1) * step:.1f},{y:.1f}"]
    return f"M{'L'.join(points)}" if points else ""
