"""Predict what `manage.py predict` names: a process of its own, as only trainings and predictions load PyTorch.

One Task arrives as JSON on standard input; predictions leave on standard output or in a file, as CSV or as one JSON
object a line, in the order in which they were named; progress and problems go to standard error.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

import msgspec
import torch

from experiments.training.contract.source_errors import SourceError
from experiments.training.loading import lean_lightning  # noqa: F401  (before Lightning is loaded)
from experiments.training.model_source import ModelSource
from experiments.training.prediction import streams
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.scores import Score
from experiments.training.prediction.streams import Batch, PlaceToRead
from experiments.training.prediction.trained_model import TrainedModel, load
from experiments.training.recipes import cpu_threads
from runs import atomic_files
from runs.spreadsheets.neutral_cells import Cell, csv_line

Form = Literal["csv", "jsonl"]
DONE, UNREAD, FAILED, STOPPED = 0, 1, 1, 130
"""Exit codes: all inputs have a prediction, some have none, nothing could be done, it was stopped by Ctrl-C."""
SHOWN_SECONDS = 1.0


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to predict, by which model, and where that goes: into the file `output`, or to standard output."""

    source: ModelSource
    places: list[PlaceToRead]
    form: Form
    output: str | None = None
    device: str = "cpu"


class Count(NamedTuple):
    """How many inputs got a prediction, and how many did not."""

    predicted: int
    unread: int


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the answer; without `predicted` the `problem` says why."""

    run_id: int
    attempt: int
    source: str
    sample: str
    predicted: str | None
    decided_by: str
    threshold: float | None
    scores: dict[str, float]
    probabilities: dict[str, float] | None
    logits: list[float]
    problem: str | None
    facts: dict[str, Any]


def carry_out(task: Task, write: Callable[[str], object], say: Callable[[str], object]) -> Count:
    """Predict all inputs in order and write them; raises ModelError.

    A place that cannot be read at all is one line with a problem.
    """
    model = load(task.source, device=task.device)
    torch.set_num_threads(cpu_threads.chosen(model.config.trainer))
    if task.form == "csv":
        write(csv_line(_head(model)))
    total = Count(0, 0)
    progress = _Progress(say)
    for place in task.places:
        try:
            for batch in streams.read(model, place):
                count = _write(model, batch, task.form, write)
                total = Count(total.predicted + count.predicted, total.unread + count.unread)
                progress.show(place.name, len(batch.inputs), batch.total)
        except SourceError as error:
            problem = ReadInput(name="", problem=f"{place.name} was not read: {error.sentence}")
            _write(model, Batch(place=place.name, inputs=[problem], total=None), task.form, write)
            total = total._replace(unread=total.unread + 1)
            say(problem.problem or "")
    return total


def _write(model: TrainedModel, batch: Batch, form: Form, write: Callable[[str], object]) -> Count:
    """Write the predictions of a batch, and count them."""
    scores = model.scored_inputs(batch.inputs)
    lines = [_prediction(model, batch.place, one, score) for one, score in zip(batch.inputs, scores, strict=True)]
    for line in lines:
        write(_as_csv(model, line) if form == "csv" else msgspec.json.encode(line).decode() + "\n")
    predicted = sum(line.predicted is not None for line in lines)
    return Count(predicted, len(lines) - predicted)


def _prediction(model: TrainedModel, place: str, read: ReadInput, score: Score | None) -> Prediction:
    source = model.source
    return Prediction(
        run_id=source.run_id,
        attempt=source.attempt,
        source=place,
        sample=read.name,
        predicted=score.predicted if score else None,
        decided_by=score.decided_by if score else "",
        threshold=source.threshold,
        scores=score.scores if score else {},
        probabilities=score.probabilities if score else None,
        logits=score.logits if score else [],
        problem=score.problem if score else read.problem,
        facts=read.facts,
    )


def _head(model: TrainedModel) -> Sequence[str]:
    logits = ["logit"] if model.binary else [f"logit_{name}" for name in model.classes]
    return [
        *("run_id", "attempt", "source", "sample", "predicted", "decided_by", "threshold"),
        *(f"score_{name}" for name in model.classes),
        *(f"probability_{name}" for name in model.classes),
        *logits,
        *("problem", "notes"),
    ]


def _as_csv(model: TrainedModel, one: Prediction) -> str:
    likely = one.probabilities or {}
    blank: list[float | None] = [None] * (1 if model.binary else len(model.classes))
    cells: list[Cell] = [
        *(one.run_id, one.attempt, one.source, one.sample, one.predicted, one.decided_by, one.threshold),
        *(one.scores.get(name) for name in model.classes),
        *(likely.get(name) for name in model.classes),
        *(one.logits or blank),
        *(one.problem, " ".join(one.facts.get("notes", []))),
    ]
    return csv_line(cells)


class _Progress:
    """Says now and then how far a place is."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say, self._said = say, time.monotonic()
        self._place, self._done = "", 0

    def show(self, place: str, more: int, total: int | None) -> None:
        """Count further inputs of a place, and say so if it was a while ago."""
        if place != self._place:
            self._place, self._done = place, 0
        self._done += more
        if (now := time.monotonic()) - self._said >= SHOWN_SECONDS:
            self._said = now
            self._say(f"{place}: {self._done:,} of {total:,}" if total is not None else f"{place}: {self._done:,}")


@contextmanager
def _writing(output: str | None, standard: TextIO) -> Iterator[Callable[[str], object]]:
    """Yield what writes a text: into the file, which is there whole or not at all, or to standard output."""
    if output is None:
        yield standard.write
        standard.flush()
        return
    with (
        atomic_files.replacing(Path(output)) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        yield file.write


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Run the process: read a task, write predictions; return its exit code."""
    standard = sys.stdout
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
        with redirect_stdout(sys.stderr), _writing(task.output, standard) as write:  # readers of data print, too
            count = carry_out(task, write, _say)
    except KeyboardInterrupt:
        _say("Stopped.")
        return STOPPED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    except ModelError as error:
        _say(f"Run {task.source.run_id} cannot predict. {error}")
        return FAILED
    except OSError as error:
        _say(f"The predictions cannot be written: {error.strerror or error}.")
        return FAILED
    unread = f"; {count.unread:,} could not be read, as their problems say" if count.unread else ""
    _say(f"{count.predicted:,} predicted{unread}.")
    return UNREAD if count.unread else DONE
