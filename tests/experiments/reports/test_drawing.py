"""The processes that draw figures and print: each is started once, for all kinds of plots."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from experiments.processes import isolated_process
from experiments.reports.drawing import drawing_process, printing_process, requests
from experiments.reports.drawing.plots import (
    AnyPlot,
    Drawn,
    ForestPlot,
    ForestRow,
    HistogramPlot,
    Line,
    LinePlot,
    MatrixPlot,
    Task,
)
from experiments.reports.drawing.printing import PrintTask
from runs.errors import Conflict

PLOTS: list[AnyPlot] = [
    LinePlot(
        name="curve", x_label="x", y_label="$y$", square=True,
        lines=[
            Line(label="class $a_1", x=[0, 0.5, 1], y=[0, 0.7, 1], colour=11),
            Line(label="steps", x=[0, 1], y=[0, 1], style="steps", colour=-1),
            Line(label="bins", x=[0.2], y=[0.3], low=[0.1], high=[0.6], style="points"),
            Line(label="band", x=[0, 1], y=[0.2, 0.3], low=[0.1, 0.2], high=[0.3, 0.4], style="dashed"),
        ],
    ),
    HistogramPlot(name="scores", low=0, high=1, groups=[("a", [0.5, 0.5]), ("b", [0.0, 1.0])], marks=[(0.5, "at .5")]),
    MatrixPlot(name="matrix", labels=["<a> & b", "c"], counts=[[3, 0], [0, 0]]),
    ForestPlot(
        name="forest", reference=0.5, reference_label="all",
        rows=[ForestRow(label="site", heading=True), ForestRow(label="A", value=0.4, low=0.2, high=0.6, text="0.4"),
              ForestRow(label="B", value=0.4)],
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    pytest.importorskip("matplotlib", reason="the extra report is not installed")
    return requests.drawn([*PLOTS, PLOTS[1]])


def test_each_plot_becomes_an_svg_without_scripts_and_a_png(drawn: list[Drawn]) -> None:
    assert [one.name for one in drawn] == ["curve", "scores", "matrix", "forest", "scores"]
    for one in drawn:
        root = ElementTree.fromstring(one.svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        tags = {element.tag.partition("}")[2] for element in root.iter()}
        assert tags & {"script", "foreignObject", "image"} <= ({"image"} if one.name == "matrix" else set())
        width, height = Image.open(io.BytesIO(one.png)).size
        assert min(width, height) > 150


def test_the_same_plot_has_the_same_bytes(drawn: list[Drawn]) -> None:
    assert (drawn[1].svg, drawn[1].png) == (drawn[4].svg, drawn[4].png)
    assert b"<dc:date>" not in drawn[1].svg


def test_without_matplotlib_the_cure_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "experiments.reports.drawing.drawing", raising=False)
    monkeypatch.setenv("MPLCONFIGDIR", "")
    answer = drawing_process.answer_to(Task(folder=str(tmp_path), plots=PLOTS))
    assert answer.drawn == []
    assert 'make setup EXTRAS="report"' in (answer.problem or "")


def test_a_report_is_printed() -> None:
    pytest.importorskip("weasyprint", reason="the extra report is not installed")
    html = b"<!doctype html><html lang='en'><head><title>t</title></head><body><p>Report</p></body></html>"
    assert requests.printed(html).startswith(b"%PDF-1")


def test_chromium_prints_where_weasyprint_cannot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(_: bytes) -> bytes:
        raise OSError("cannot load library 'libpango-1.0-0'")

    def run(command: list[str], **_: Any) -> None:
        target = next(part for part in command if part.startswith("--print-to-pdf="))
        Path(target.partition("=")[2]).write_bytes(b"%PDF of " + Path(command[-1].removeprefix("file://")).read_bytes())

    monkeypatch.setattr(printing_process, "by_weasyprint", missing)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name == "google-chrome" else None)
    monkeypatch.setattr(printing_process, "subprocess", SimpleNamespace(run=run, SubprocessError=RuntimeError))
    task = PrintTask(folder=str(tmp_path), html=b"<p>x</p>")
    assert printing_process.answer_to(task).pdf == b"%PDF of <p>x</p>"
    assert printing_process.answer_to(task).by == "Chromium"

    monkeypatch.setattr(shutil, "which", lambda _: None)
    told = printing_process.answer_to(task)
    assert told.pdf is None
    assert "libpango-1.0-0" in (told.problem or "")
    assert "Chromium" in (told.problem or "")


@pytest.mark.parametrize("found", [None, TimeoutError("x")])
def test_a_process_that_fails_is_a_conflict(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    def answer(*_: Any, **__: Any) -> bytes | None:
        if found is not None:
            raise found
        return None

    monkeypatch.setattr(isolated_process, "answer", answer)
    with pytest.raises(Conflict, match="ended without an answer" if found is None else "Try again"):
        requests.drawn(PLOTS)
