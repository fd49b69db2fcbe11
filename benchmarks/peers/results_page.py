"""`RESULTS.md`: what we lose comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from benchmarks.peers.contestants import CONTESTANTS
from benchmarks.peers.results import Results, by_winner, machine, reached
from benchmarks.peers.rounds import Measured
from benchmarks.peers.rows import Row

NONE = "–"
Versions = Mapping[str, Mapping[str, str]]


def as_text(results: Results, versions: Versions, minutes: float, *, command: str = "make bench") -> str:
    """Write the page: lost rows, even ones, won ones, ours alone, what was given up for each peer, how it was made."""
    return "\n".join(_lines(results, versions, minutes, command)) + "\n"


def _lines(results: Results, versions: Versions, minutes: float, command: str) -> Iterator[str]:
    here = machine()
    yield "# Ours beside the peers"
    yield ""
    machine_text = f"{here['processor']}, {here['cores']} cores, {here['system']}, Python {here['python']}"
    when = f"Measured {datetime.now(UTC):%Y-%m-%d} in one run of {minutes:.0f} minutes by `{command}`"
    yield (
        f"{when}, contestants in turn, as many rounds as fitted into it: medians with the least and the most in "
        "brackets, of the rounds or, where there was one, of the answers in it. "
        f"{machine_text}, load {here['load'][0]} at the end. The last column says how many times better ours is than "
        "the best peer; below 1 a peer is better."
    )
    found = by_winner(results)
    for title, rows in (("We lose", found.lost), ("Nobody wins", found.even), ("We win", found.won)):
        if rows:
            yield from _table(title, rows)
    if found.alone:
        yield from _alone(found.alone)
    yield from _to_know(results)
    yield from ("", "## Versions", "")
    for name, packages in versions.items():
        yield f"- {name}: " + ", ".join(f"{package} {version}" for package, version in packages.items())
    yield from _failures(results)


def _table(title: str, rows: list[tuple[float, Row, list[Measured]]]) -> Iterator[str]:
    taking_part = {one.contestant for _, _, found in rows for one in found}
    names = [one.name for one in CONTESTANTS if one.name in taking_part]
    names += sorted(taking_part - set(names))
    yield from ("", f"## {title}", "")
    yield f"| | unit | {' | '.join(names)} | ours, times better |"
    yield "|---|---|" + "---|" * (len(names) + 1)
    for better, row, found in rows:
        known = {one.contestant: one for one in found}
        cells = " | ".join(_cell(known.get(name)) for name in names)
        yield f"| {row.name} | {row.unit} | {cells} | {number(better)} |"


def _alone(rows: list[tuple[Row, Measured]]) -> Iterator[str]:
    yield from ("", "## Nobody to compare", "")
    yield "What it once took and what was aimed at are the yardstick; both were measured on other days."
    yield ""
    yield "| | unit | once | now | target | |"
    yield "|---|---|---|---|---|---|"
    for row, ours in rows:
        said = NONE if ours.median is None else {True: "reached", False: "missed", None: ""}[reached(row, ours.median)]
        before, target = ("" if known is None else number(known) for known in (row.before, row.target))
        yield f"| {row.name} | {row.unit} | {before} | {_cell(ours)} | {target} | {said} |"


def _cell(one: Measured | None) -> str:
    if one is None or one.median is None:
        return "failed" if one and one.failure else NONE
    if one.spread is None:
        return number(one.median)
    least, most = one.spread
    return f"{number(one.median)} ({number(least)} to {number(most)})"


def number(value: float) -> str:
    """Write three digits at least, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _to_know(results: Results) -> Iterator[str]:
    said = [(row.name, row.given_up) for row, _ in results if row.given_up]
    left = [(row.name, name, why) for row, found in results for name, why in row.left.items() if _absent(name, found)]
    if said or left:
        yield from ("", "## What to know of the rows", "")
        yield from (f"- {name}: {text}." for name, text in said)
        yield from (
            f"- {name}: {who} {why}, so that it takes part in `make bench-full` alone." for name, who, why in left
        )


def _absent(name: str, found: list[Measured]) -> bool:
    return name not in [one.contestant for one in found]


def _failures(results: Results) -> Iterator[str]:
    failed: dict[tuple[str, str], list[str]] = {}
    for row, found in results:
        for one in found:
            if one.failure:
                failed.setdefault((one.contestant, one.failure.splitlines()[-1]), []).append(row.name)
    if failed:
        yield from ("", "## What failed", "")
        yield from (f"- {who} ({'; '.join(names)}): {why}" for (who, why), names in failed.items())
