"""The comparison with peers: what its pages say, that each row has somebody who can do it, and what a failure costs."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import environments, readme_table, results, results_page, rounds
from benchmarks.peers.contestants import CONTESTANTS, OURS, ROOT, Contestant
from benchmarks.peers.environments import Ready
from benchmarks.peers.own_rows import ROWS
from benchmarks.peers.rounds import Measured, Rounds, Taken
from benchmarks.peers.rows import Row, Work

FASTER = Row("values stored", "ingest", "values/s", {}, {}, more_is_better=True)
SOONER = Row("an answer", "history", "ms", {}, {}, given_up="one of them is asked twice")
APPS = ("runs", "access", "audit", "notifications", "request_ids", "accounts", "experiments", "realtime", "project")
PEER = Contestant("peer", "peer_driver", ("nothing",), ())


def found(ours: float | None, *peers: float) -> list[Measured]:
    own = Measured(OURS.name, [] if ours is None else [ours], [])
    return [own, *(Measured(f"peer {place}", [value, value, 9 * value], []) for place, value in enumerate(peers))]


def functions(driver: str) -> set[str]:
    tree = ast.parse((ROOT / "benchmarks" / "peers" / "drivers" / f"{driver}.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}


def test_each_row_is_measured_by_ours_and_by_a_peer() -> None:
    drivers = {one.name: functions(one.driver) for one in CONTESTANTS}
    for row in ROWS:
        if row.alone:
            assert row.function in functions(row.driver or OURS.driver), row.name
            continue
        able = [name for name, known in drivers.items() if row.function in known]
        assert OURS.name in able, row.name
        assert len(able) > 1, row.name
        assert set(row.left) <= set(drivers), row.name
    for one in CONTESTANTS:
        assert one is OURS or drivers[one.name] <= {row.function for row in ROWS}


def test_rows_have_names_of_their_own_and_a_target_is_better_than_what_was() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        if row.before is not None and row.target is not None:
            assert (row.before < row.target) == row.more_is_better, row.name


def test_drivers_of_peers_need_nothing_of_ours() -> None:
    """They run where only the peer is installed."""
    for one in CONTESTANTS:
        if one is OURS:
            continue
        text = (Path(results.__file__).parent / "drivers" / f"{one.driver}.py").read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                own = (node.module or "").split(".")[0] in (*APPS, "tests")
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
        (FASTER._replace(name="alone", before=2.0, target=6.0), found(5.0)),
    ]
    text = results_page.as_text(rows, {"peer 0": {"package": "1.2"}}, 3)
    order = ["## We lose", "a page", "an answer", "## Nobody wins", "runs", "## We win", "values stored"]
    places = [text.index(part) for part in [*order, "## Nobody to compare", "alone", "## What to know of the rows"]]
    assert places == sorted(places)
    assert "| a page | ms | 9 | 1 (1 to 9) | 0.111 |" in text
    assert "| alone | values/s | 2 | 5 | 6 | missed |" in text
    assert "- peer 0: package 1.2" in text
    assert text.count("one of them is asked twice") == 2


def test_who_failed_is_named() -> None:
    broken = [*found(5.0), Measured("peer", [], [], failure="Traceback\nRuntimeError: no room")]
    text = results_page.as_text([(FASTER._replace(left={"absent": "is slow"}), broken)], {}, 1)
    assert "| values stored | values/s |  | 5 |  |  |" in text
    assert "- peer (values stored): RuntimeError: no room" in text
    assert "- values stored: absent is slow, so that it takes part in `make bench-full` alone." in text


def test_the_answers_of_a_single_round_are_its_spread() -> None:
    once = Measured("peer", [5.0], [{"least": 4.0, "most": 9.0}])
    assert once.spread == (4.0, 9.0)
    assert once._replace(details=[{}]).spread is None
    assert once._replace(values=[5.0, 2.0], details=[{}, {}]).spread == (2.0, 5.0)


class Drivers:
    """Answers in place of the drivers' processes, and keeps who was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
        self.asked: list[str] = []
        self.now, self.seconds = 0.0, seconds
        monkeypatch.setattr(rounds, "_figures", self._figures)
        monkeypatch.setattr("benchmarks.peers.rounds.time.monotonic", lambda: self.now)

    def _figures(self, work: Work, one: Ready, _longest: float) -> dict[str, Any]:
        self.now += self.seconds.get(work.function, 1.0)
        self.asked.append(f"{work.function} {one.contestant.name}")
        if one.contestant is PEER and work.function == "history":
            raise RuntimeError("no room")
        return {"value": 4.0, "p95": 7.0} if one.contestant is OURS else {"missing": True}


def ready(contestant: Contestant, failure: str = "") -> Ready:
    return Ready(contestant, Path(sys.executable), failure=failure)


def test_rows_that_share_a_work_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drivers = Drivers(monkeypatch)
    later = FASTER._replace(name="the slowest", figure="p95", alone=True)
    asked = Rounds([FASTER, later], [ready(OURS), ready(PEER)], full=False, minutes=None)
    asked.carry_out(2)
    assert drivers.asked == ["ingest Livetrain", "ingest peer", "ingest Livetrain"]
    assert [one.values for one in asked.measured(FASTER)] == [[4.0, 4.0], []]
    [alone] = asked.measured(later)
    assert (alone.contestant, alone.values, alone.failure) == (OURS.name, [7.0, 7.0], "")


def test_who_fails_costs_its_own_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    drivers = Drivers(monkeypatch)
    absent = Contestant("absent", "absent", (), ())
    asked = Rounds([SOONER], [ready(OURS), ready(PEER), ready(absent, "not installed")], full=False, minutes=None)
    asked.carry_out(3)
    assert drivers.asked.count("history Livetrain") == 3
    assert drivers.asked.count("history peer") == 1
    ours, peer, missing = asked.measured(SOONER)
    assert (ours.values, peer.failure, missing.failure) == ([4.0] * 3, "no room", "not installed")


def test_later_rounds_leave_out_what_no_longer_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    drivers = Drivers(monkeypatch, ingest=40.0, history=10.0)
    asked = Rounds([FASTER, SOONER], [ready(OURS)], full=False, minutes=75 / 60)
    asked.carry_out(3)
    assert drivers.asked == ["ingest Livetrain", *["history Livetrain"] * 3]
    late = Rounds([FASTER, SOONER], [ready(OURS)], full=False, minutes=0.5)
    late.carry_out(1)
    assert [one.failure for one in late.measured(SOONER)] == [rounds.TOO_LATE]


def test_the_quick_run_leaves_out_who_takes_minutes() -> None:
    row = SOONER._replace(left={"peer": "takes minutes"})
    assert [
        one.contestant for one in Rounds([row], [ready(OURS), ready(PEER)], full=False, minutes=1).measured(row)
    ] == [OURS.name]
    assert len(Rounds([row], [ready(OURS), ready(PEER)], full=True, minutes=None).measured(row)) == 2


def test_an_environment_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "benchmarks.peers.environments.venv.create", lambda *_, **__: None
    )  # no interpreter comes of it
    made = environments.prepared(PEER, tmp_path)
    assert made.failure.startswith("could not be installed: ")
    assert made.contestant is PEER


def test_a_driver_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "sleeper"
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    script.chmod(0o755)
    taken = Taken()
    rounds._carry_out(Work("", "history", "{}"), Ready(PEER, script), taken, 0.3)
    assert taken.failure == "no answer within 0 s"
    assert taken.seconds < 30


def test_the_table_in_the_readme_is_what_was_measured() -> None:
    measured = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    readme = (ROOT / "README.md").read_text()
    assert readme_table.renewed(readme, measured) == readme
    assert set(readme_table.ROWS) <= {row.name for row in ROWS}
    with pytest.raises(ValueError, match="has no"):
        readme_table.renewed("", measured)
