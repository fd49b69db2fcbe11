"""How cost grows: exponents, what they are called, and the tables that the documentation makes of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.growth import report
from benchmarks.growth.__main__ import SIZES
from benchmarks.growth.curve import Curve, curves
from docs.from_code import scale

TEN_TIMES = (10.0, 100.0, 1_000.0, 10_000.0)


def curve(*costs: float, each: bool = False) -> Curve:
    return Curve("runs", "a request", "runs", "ms", TEN_TIMES[: len(costs)], costs, each)


@pytest.mark.parametrize(
    ("costs", "exponent", "verdict"),
    [
        ((4.0, 4.0, 4.0, 4.0), 0.0, "flat"),
        ((1.0, 10.0, 100.0, 1_000.0), 1.0, "linear"),
        ((9.0, 10.0, 10.0 * 10**0.5, 100.0), 0.5, "less than linear"),
        ((1.0, 100.0, 10_000.0, 1_000_000.0), 2.0, "worse than linear"),
        ((5.0, 1.0, 10.0, 100.0), 1.0, "linear"),  # what is always there hides it at first
        ((4.0, 4.0, 4.0, 40.0), 1.0, "linear"),  # and longer
    ],
)
def test_the_exponent_is_that_of_the_largest_sizes(costs: tuple[float, ...], exponent: float, verdict: str) -> None:
    assert curve(*costs).exponent == pytest.approx(exponent)
    assert curve(*costs).verdict == verdict


def test_one_more_costs_the_slope_and_larger_sizes_follow_the_exponent() -> None:
    assert curve(7.0, 97.0).of_one() == pytest.approx(1.0)
    assert curve(9.0, 3.0).of_one() == 0.0
    assert curve(3.0).of_one() == 0.3
    assert curve(1.0, 10.0, 100.0, 1_000.0).at(100_000.0) == pytest.approx(10_000.0)
    assert curve(9.0, 3.0).at(1_000.0) == 3.0  # nothing becomes cheaper than what was measured


def test_a_table_shows_what_one_costs_where_that_is_asked() -> None:
    text = report.table([curve(10.0, 200.0, each=True), curve(1.0)])
    assert text.splitlines()[2:] == [
        "| a request | ms, each | 1 | 2 | 1.30 | worse than linear |",
        "| a request | ms | 1 | – | 0.00 | flat |",
    ]


def test_a_curve_comes_back_from_json() -> None:
    one = curve(1.0, 2.0)
    assert curves(json.loads(json.dumps([one._asdict()]))) == [one]


def test_the_documentation_shows_every_part_that_is_measured() -> None:
    page = Path("docs/explanation/scale.md").read_text()
    assert set(re.findall(r"from code: growth (\w+)", page)) == set(SIZES)
    for part in {curve.part for curve in report.known()}:
        assert len(scale.growth(part).splitlines()) > 3, part
    assert set(re.findall(r"from code: sizing (\w+)", page)) == {"runs", "trainings", "viewers"}
    assert "python -m benchmarks.growth --parts runs" in scale.growth_measured()


def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *found: Curve) -> None:
    file = tmp_path / "growth.json"
    file.write_text(json.dumps({"measured": {}, "curves": [one._asdict() for one in found]}))
    monkeypatch.setattr(report, "FILE", file)


def test_a_hundred_thousand_viewers_are_so_many_times_what_one_more_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = Curve("viewers", "web process", "viewers", "cores", (1.0, 1_001.0), (0.1, 1.1))
    measured(tmp_path, monkeypatch, web)
    [line] = scale.sizing("viewers").splitlines()[2:]
    assert line == "| web processes, 200 events a second | 1 ms of CPU a second | 100,000 | 100 cores |"
    assert scale.sizing("trainings") == scale.growth("runs") == scale.NOT_MEASURED


def test_a_million_runs_follow_the_largest_size_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Curve("runs", "size of the database", "runs", "MB", (1_000.0, 101_000.0), (10.0, 810.0))
    page = Curve("runs", "the newest 50", "runs", "ms", (1_000.0, 10_000.0), (5.0, 50.0))
    measured(tmp_path, monkeypatch, size, page)
    rows, request = scale.sizing("runs").splitlines()[2:]
    assert rows == "| rows of runs, SQLite | 8 kB | 1,000,000 | 8 GB |"
    assert request == "| a request for the list, SQLite | 5,000 ms | 1 | 5,000 ms |"
