"""Have figures drawn and PDFs made by processes of their own: no server process loads matplotlib or WeasyPrint."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

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


def drawn(plots: Sequence[AnyPlot]) -> list[Drawn]:
    """Have the plots drawn; raises Conflict with the cure where that is not possible."""
    if not plots:
        return []
    with tempfile.TemporaryDirectory(prefix="livetrain-figures-") as folder:
        task = msgspec.msgpack.encode(Task(folder=folder, plots=list(plots)))
        answer = msgspec.msgpack.decode(_answer(DRAWING, task, DRAW_SECONDS, "Figures"), type=Answer)
    if answer.problem:
        raise Conflict(answer.problem)
    return answer.drawn


def printed(html: bytes) -> bytes:
    """Have a report printed as PDF; raises Conflict with the cure where that is not possible."""
    with tempfile.TemporaryDirectory(prefix="livetrain-pdf-") as folder:
        task = msgspec.msgpack.encode(PrintTask(folder=folder, html=html))
        answer = msgspec.msgpack.decode(_answer(PRINTING, task, PRINT_SECONDS, "The PDF"), type=PrintAnswer)
    if answer.problem or answer.pdf is None:
        raise Conflict(answer.problem or DIED.format("The PDF"))
    return answer.pdf


def _answer(module: str, task: bytes, seconds: float, what: str) -> bytes:
    try:
        found = isolated_process.answer(module, task, seconds=seconds)
    except TimeoutError as error:
        raise Conflict(TOO_LONG.format(what, seconds)) from error
    if found is None:
        raise Conflict(DIED.format(what))
    return found
