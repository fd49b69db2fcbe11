"""Have figures drawn and PDFs made by processes of their own: no server process loads matplotlib or WeasyPrint."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from experiments.processes import isolated_process
from experiments.reports.drawing.plots import Answer, AnyPlot, Drawn, Task
from experiments.reports.drawing.printing import PrintAnswer, PrintTask
from runs.errors import Conflict

DRAWING = "experiments.reports.drawing.drawing_process"
PRINTING = "experiments.reports.drawing.printing_process"
DRAW_SECONDS = 120.0
PRINT_SECONDS = 120.0
TOO_LONG = "{} took longer than {:g} seconds: the machine is busy. Try again."
DIED = "{} could not be made: the process that makes them ended without an answer. See the server's log."
_AnyAnswer = TypeVar("_AnyAnswer", Answer, PrintAnswer)


def drawn(plots: Sequence[AnyPlot]) -> list[Drawn]:
    """Have the plots drawn; raises Conflict with the cure where that is not possible."""
    if not plots:
        return []
    with tempfile.TemporaryDirectory(prefix="livetrain-figures-") as folder:
        task = Task(folder=folder, plots=list(plots))
        return _asked(DRAWING, task, Answer, DRAW_SECONDS, "Figures").drawn


def printed(html: bytes) -> bytes:
    """Have a report printed as PDF; raises Conflict with the cure where that is not possible."""
    with tempfile.TemporaryDirectory(prefix="livetrain-pdf-") as folder:
        pdf = _asked(PRINTING, PrintTask(folder=folder, html=html), PrintAnswer, PRINT_SECONDS, "The PDF").pdf
    if pdf is None:
        raise Conflict(DIED.format("The PDF"))
    return pdf


def _asked(module: str, task: msgspec.Struct, kind: type[_AnyAnswer], seconds: float, what: str) -> _AnyAnswer:
    try:
        found = isolated_process.answer(module, msgspec.msgpack.encode(task), seconds=seconds)
    except TimeoutError as error:
        raise Conflict(TOO_LONG.format(what, seconds)) from error
    if found is None:
        raise Conflict(DIED.format(what))
    answer = msgspec.msgpack.decode(found, type=kind)
    if answer.problem:
        raise Conflict(answer.problem)
    return answer
