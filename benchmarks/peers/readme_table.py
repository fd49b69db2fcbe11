"""The table of peers in `README.md`, written from `results.json`: `--write` renews it, a test compares it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.peers.results_page import NONE, number

NAMES = ("Livetrain", "MLflow", "Trackio", "TensorBoard")
ROWS = {
    "one call that logs 10 values, caller blocked": "training is blocked per call that logs 10 values",
    "step values stored, many runs": "values stored a second, many runs",
    "size of that run an hour after its end": "size of a value of a long run",
    "from the call to a reader, median": "from the call to a reader",
    "the newest 50 of 5,000 runs": "list of 5,000 runs",
    "all 100,000 points of a curve": "one curve of 100,000 steps",
    "server start to its first answer": "start of the server",
    "memory of the idle server": "memory of the idle server",
}
"""What the rows of the results are called there."""
UNITS = {"values/s": "", "bytes/value": " bytes", "us": " µs"}
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def table(found: Mapping[str, Any]) -> str:
    """Write the rows that a reader chooses by."""
    return "\n".join(_lines(found))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    rows = {row["name"]: row for row in found["rows"] if row["name"] in ROWS}
    medians = {name: {one["contestant"]: one["median"] for one in row["measured"]} for name, row in rows.items()}
    names = [name for name in NAMES if any(of.get(name) is not None for of in medians.values())]
    yield f"| | {' | '.join(names)} |"
    yield "|---|" + "---|" * len(names)
    for name, said in ROWS.items():
        if name in rows:
            cells = " | ".join(_cell(medians[name].get(one), rows[name]["unit"]) for one in names)
            yield f"| {said} | {cells} |"
    here = found["machine"]
    yield ""
    yield (
        f"Medians of `make bench` of {found['date'][:10]}, {here['cores']} cores; "
        "[all results](benchmarks/RESULTS.md) begin with the rows in which a peer is better."
    )


def _cell(value: float | None, unit: str) -> str:
    return NONE if value is None else number(value) + UNITS.get(unit, f" {unit}")


def renewed(readme: str, found: Mapping[str, Any]) -> str:
    """Return the README with this table in place of the one between the marks. Raises ValueError without marks."""
    text, count = re.subn(
        f"{BEGIN}\n.*?\n{END}", lambda _: f"{BEGIN}\n{table(found)}\n{END}", readme, count=1, flags=re.DOTALL
    )
    if not count:
        raise ValueError(f"README.md has no {BEGIN}")
    return text
