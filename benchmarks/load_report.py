"""The figures of `benchmarks.load` as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.load_processes import FLAT_MIB_PER_MINUTE


def table(figures: dict[str, Any]) -> str:
    """Return the figures as lines of text, with a line feed at the end."""
    return "\n".join([*_events(figures), "", *_processes(figures), "", *_database(figures), ""])


def _events(figures: dict[str, Any]) -> Iterator[str]:
    heard, latency = figures["heard"], figures["heard"]["latency_ms"]
    yield (
        f"{figures['minutes']:g} minutes, {figures['clients']} clients, {figures['queued']} queued runs; load average "
        + " ".join(f"{load:.1f}" for load in figures["load"])
    )
    yield f"events per second: {figures['events_per_second']} stored, {figures['asked_per_second']} asked for"
    for run_id, run in figures["stored"].items():
        yield f"run {run_id}: {run['said']} events said, {run['stored']} stored"
    wrong = ("lost", "doubled", "skipped", "disconnected")
    yield f"clients: {heard['events']} events in {heard['frames']} frames; " + ", ".join(
        [*(f"{heard[name]} {name}" for name in wrong), f"{heard['wrong_list_rows']} wrong list rows"]
    )
    yield f"latency, ms: {_cuts(latency)}"


def _processes(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'process':14}{'cores':>8}{'PSS':>9}{'most':>9}{'RSS':>9}{'MiB/min':>10}"
    for name, found in figures["processes"].items():
        sizes = "".join(f"{found[column]:9.1f}" for column in ("pss", "pss_max", "rss"))
        yield f"{name:14}{found['cpu']:8.3f}{sizes}{found['slope']:10.3f}"
    word = "flat" if figures["flat"] else "NOT flat"
    yield f"memory of the server's processes: {word} (second half: below {FLAT_MIB_PER_MINUTE} MiB a minute)"


def _database(figures: dict[str, Any]) -> Iterator[str]:
    writes = figures["writes"]
    yield f"journal writes: {writes['batches']} batches of {writes['events'] / writes['batches']:.1f} events"
    yield f"one write, ms: {_cuts(writes['ms'])}"
    if figures["wal_mib_max"] is not None:
        yield (
            f"database: {figures['bytes_per_event']} bytes per event, "
            f"write-ahead log at most {figures['wal_mib_max']} MiB"
        )
    for name in figures["ended"]:
        yield f"{name} ended before its time"
    yield "It holds." if figures["holds"] else "It does NOT hold."


def _cuts(cuts: dict[str, float]) -> str:
    return ", ".join(f"{name} {value}" for name, value in cuts.items())
