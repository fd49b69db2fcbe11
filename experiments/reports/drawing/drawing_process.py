"""The process that draws: reads a task from its standard input, and answers on its standard output."""

from __future__ import annotations

import os

from experiments.reports.drawing.answering import answer_one
from experiments.reports.drawing.plots import Answer, Drawn, Task

PROBLEM = "Figures need matplotlib, which is not installed; {cure}"
CURE = 'run `make setup EXTRAS="report"` on the server.'


def drawn(task: Task) -> list[Drawn]:
    """Draw all plots. Raises ImportError where matplotlib is missing."""
    os.environ["MPLCONFIGDIR"] = task.folder
    os.environ["MPLBACKEND"] = "agg"
    from experiments.reports.drawing.drawing import draw  # noqa: PLC0415  # after the folder is known

    return [draw(plot) for plot in task.plots]


def answer_to(task: Task) -> Answer:
    """Draw all plots, or say what is missing."""
    try:
        return Answer(drawn=drawn(task))
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        return Answer(problem=PROBLEM.format(cure=CURE))


if __name__ == "__main__":
    answer_one(Task, answer_to)
