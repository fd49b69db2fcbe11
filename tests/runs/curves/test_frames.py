"""Curves as pandas tables: in full, one column each, compared with the journal."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from runs.curves.frames import curves
from runs.curves.window import NoAxis
from runs.models import Run, RunEvent
from tests.documentation import examples
from tests.runs.conftest import MakeRun
from tests.runs.curves.conftest import STEPS, epochs, journal, resumed_twice, start, status


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run with 75 epochs of 40 steps: more samples than a chart shows."""
    run = make_run(status="in_progress")
    journal(run, [status("queued", None), start(None, total_steps=75 * STEPS), *epochs(0, 74, 7)])
    return run


def test_every_batch_has_a_row_at_its_step(run: Run) -> None:
    table = curves(run)
    sent = [json.loads(event.data) for event in RunEvent.objects.filter(run=run, type="batch_metrics").order_by("seq")]
    assert list(table.columns) == ["batch/accuracy", "batch/f1", "batch/loss", "batch/recall"]
    assert table.index.name == "step"
    assert table.index.tolist() == [data["step"] for data in sent] == list(range(1, 75 * STEPS + 1))
    found = [None if math.isnan(value) else value for value in table["batch/loss"].tolist()]
    assert found == [data["loss"] for data in sent]


def test_curves_of_several_kinds_stand_side_by_side(run: Run) -> None:
    table = curves(run, "batch/loss", "epoch/val_loss", by="epoch")
    assert list(table.columns) == ["batch/loss", "epoch/val_loss"]
    assert table.index.name == "epoch"
    validated = table["epoch/val_loss"].dropna()
    assert set(validated.index) <= set(range(75))
    assert len(table) >= 75 * STEPS


def test_void_samples_are_left_out(make_run: MakeRun) -> None:
    run = make_run(status="in_progress")
    journal(run, resumed_twice())
    table = curves(run, "batch/loss")
    assert table.index.is_unique
    assert table.index.is_monotonic_increasing


def test_the_shell_of_the_documentation_reads_a_run(run: Run) -> None:
    *_, example = examples("python", "how-to/analyse-in-a-notebook")
    read: dict[str, Any] = {}
    exec(example.replace("pk=1", f"pk={run.pk}"), read)
    assert read["history"].equals(run.history())
    assert {"batch/loss", "gradient/total"} <= set(read["steps"].columns)
    assert len(read["steps"]) == 75 * STEPS


def test_what_no_run_can_have_is_refused(run: Run) -> None:
    with pytest.raises(KeyError, match="batch/none"):
        curves(run, "batch/none")
    with pytest.raises(NoAxis):
        curves(run, "usage/memory_rss")


def test_a_run_that_has_not_trained_has_no_rows(make_run: MakeRun) -> None:
    assert curves(make_run()).empty
