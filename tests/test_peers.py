"""The comparison with peers: what its pages say, and that each row has somebody who can do it."""

from __future__ import annotations

import ast
from pathlib import Path

from benchmarks.peers import results
from benchmarks.peers.contestants import CONTESTANTS, OURS, ROOT
from benchmarks.peers.rounds import Measured
from benchmarks.peers.rows import ROWS, Row

FASTER = Row("values stored", "ingest", "values/s", {}, {}, more_is_better=True)
SOONER = Row("an answer", "history", "ms", {}, {}, given_up="one of them is asked twice")


def found(ours: float | None, *peers: float) -> list[Measured]:
    own = Measured(OURS.name, [] if ours is None else [ours], [])
    return [own, *(Measured(f"peer {place}", [value, value, 9 * value], []) for place, value in enumerate(peers))]


def functions(driver: str) -> set[str]:
    tree = ast.parse((ROOT / "benchmarks" / "peers" / "drivers" / f"{driver}.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}


def test_each_row_is_measured_by_ours_and_by_a_peer() -> None:
    drivers = {one.name: functions(one.driver) for one in CONTESTANTS}
    for row in ROWS:
        able = [name for name, known in drivers.items() if row.function in known]
        assert OURS.name in able, row.name
        assert len(able) > 1, row.name
    for known in drivers.values():
        assert known <= {row.function for row in ROWS}


def test_drivers_of_peers_need_nothing_of_ours() -> None:
    """They run where only the peer is installed."""
    for one in CONTESTANTS:
        if one is OURS:
            continue
        text = (Path(results.__file__).parent / "drivers" / f"{one.driver}.py").read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                own = (node.module or "").split(".")[0] in ("runs", "experiments", "realtime", "project", "tests")
                assert not own, one.name


def test_the_best_peer_is_what_counts() -> None:
    assert results.ratio(FASTER, found(200.0, 100.0, 400.0)) == 0.5
    assert results.ratio(SOONER, found(200.0, 100.0, 400.0)) == 0.5
    assert results.ratio(SOONER, found(None, 100.0)) is None
    assert results.ratio(SOONER, found(1.0)) is None


def test_what_we_lose_stands_first() -> None:
    rows = [
        (FASTER, found(200.0, 100.0)),
        (SOONER, found(9.0, 4.0)),
        (SOONER._replace(name="a page"), found(9.0, 1.0)),
        (FASTER._replace(name="runs"), found(101.0, 100.0)),
        (FASTER._replace(name="alone"), found(5.0)),
    ]
    text = results.as_text(rows, {"peer 0": {"package": "1.2"}}, 3)
    order = ["## We lose", "a page", "an answer", "## Nobody wins", "runs", "## We win", "values stored"]
    places = [text.index(part) for part in [*order, "## Nobody to compare", "alone", "## What to know of the rows"]]
    assert places == sorted(places)
    assert "| a page | ms | 9 | 1 (1 to 9) | 0.111 |" in text
    assert "- peer 0: package 1.2" in text
    assert text.count("one of them is asked twice") == 2


def test_who_failed_is_named() -> None:
    broken = [*found(5.0), Measured("peer", [], [], failure="Traceback\nRuntimeError: no room")]
    text = results.as_text([(FASTER, broken)], {}, 1)
    assert "| values stored | values/s | 5 | failed | – |" in text
    assert "- values stored, peer: RuntimeError: no room" in text
