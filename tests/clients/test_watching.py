"""What a run's live views show, in a notebook and elsewhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from livetrain.curve_drawing import HEIGHT, WIDTH, drawn
from livetrain.described_run import DescribedRun
from livetrain.events import Event
from livetrain.notebook import LiveView
from livetrain.progress import Progress


class Tags(HTMLParser):
    """Collects the elements of a text, and that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def a_run(**details: Any) -> DescribedRun:
    known = {"experiment_name": "<b>x</b>", "status": "in_progress", "monitor": "val_auroc"}
    return DescribedRun("https://here.example", 7, known | details)


def told(*events: tuple[str, dict[str, Any]]) -> Iterator[Event]:
    for seq, (kind, data) in enumerate(events, 1):
        yield Event(kind, 7, seq, 1, datetime(2026, 11, 30, tzinfo=UTC), data)


def epoch(number: int, value: float | None) -> tuple[str, dict[str, Any]]:
    return "epoch_end", {"epoch": number, "phase": "val", "metrics": {"val_auroc": value}}


def test_what_a_resume_makes_void_is_forgotten() -> None:
    known = Progress(a_run())
    again = ("training_start", {"max_epochs": 4, "resumed_from_epoch": 0})
    for event in told(epoch(0, 0.5), epoch(1, 0.9), again, epoch(1, 0.6), epoch(2, None), epoch(3, math.inf)):
        known.take(event)
    assert known.monitored() == [0.5, 0.6, None, None]
    assert known.line() == "epoch 4 of 4: val_auroc inf"


def test_a_curve_is_drawn_inside_its_frame_with_gaps() -> None:
    values = [1.0, 2.0, None, math.nan, 3.0, -1e308, 1e308]
    picture = drawn("a<b", values)
    assert Tags(picture).found == ["svg", "title", "polyline", "polyline"]
    places = [place for part in picture.split('points="')[1:] for place in part.split('"')[0].split()]
    xs, ys = zip(*(map(float, place.split(",")) for place in places), strict=True)
    assert len(places) == 5
    assert list(xs) == sorted(xs)
    assert 0 <= min(xs) < max(xs) <= WIDTH
    assert (ys[-2], ys[-1]) == (HEIGHT - 3, 3)


@pytest.mark.parametrize("values", [[], [None, None], [1.0], [math.nan, 2.0]])
def test_a_curve_of_fewer_than_two_values_is_none(values: list[float | None]) -> None:
    assert drawn("x", values) == ""


def test_a_level_curve_is_a_level_line() -> None:
    assert drawn("x", [2.0, 2.0]).count(f",{HEIGHT / 2:.1f}") == 2


def test_without_a_notebook_each_epoch_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(progress={"max_epochs": 2})
    view = LiveView(run)
    for event in told(epoch(0, 0.5), ("progress", {"step": 3, "total_steps": 6}), epoch(1, 0.75)):
        view.take(event)
    run.details |= {"status": "failed", "reason": "No memory."}
    view.end()
    assert capsys.readouterr().out.splitlines() == [
        "epoch 1 of 2: val_auroc 0.5",
        "epoch 2 of 2: val_auroc 0.75",
        "Run 7 is failed: No memory.",
    ]


class Notebook:
    """IPython as a notebook's kernel has it: what is displayed, and what it is replaced by."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def display(self, what: Any, *, display_id: bool) -> Notebook:
        assert display_id
        self.update(what)
        return self

    def update(self, what: Any) -> None:
        self.shown.append(what._repr_html_())


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    found = Notebook()
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
    vars(display)["display"] = found.display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return found


def test_in_a_notebook_one_output_changes(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run()
    view = LiveView(run)
    view._next = -math.inf
    for event in told(epoch(0, 0.5), epoch(1, 0.75), ("progress", {"step": 3, "total_steps": 6})):
        view.take(event)
    assert len(notebook.shown) == 2  # what came within the same half second is shown with the next
    view._next = -math.inf
    view.take(next(told(("run_status", {"status": "failed", "reason": "<i>why</i>"}))))
    running = Tags(notebook.shown[-1])
    assert "failed: <i>why</i>" in running.words
    assert running.found.count("polyline") == 1
    assert 'value="0.5000"' in notebook.shown[-1]
    run.details |= {"status": "failed", "reason": "<i>why</i>"}
    view.end()
    ended = Tags(notebook.shown[-1])
    assert "Run 7: <b>x</b>" in ended.words
    assert ended.found.count("polyline") == 1
    assert capsys.readouterr().out == ""


def test_a_shell_in_a_terminal_is_no_notebook(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", SimpleNamespace)
    LiveView(a_run()).end()
    assert notebook.shown == []
    assert capsys.readouterr().out == "Run 7 is in_progress\n"


def test_a_run_of_a_list_has_the_curve_that_was_asked_for() -> None:
    assert "<svg" in a_run(sparkline={"metric": "val_auroc", "values": [0.5, 0.75]})._repr_html_()
    assert "<svg" not in a_run()._repr_html_()
