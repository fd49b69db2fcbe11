"""GET /api/runs/<id>/predictions/: the table of predictions, with decisions and recalibrated scores, as CSV."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from runs.derived_models import SavedPoint
from runs.evaluation import prediction_rows
from runs.models import Run
from runs.statistics.recalibration.fitting import Outputs, recalibrated
from tests.runs.conftest import MakeRun, add_final, completed_columns

SIZE = 60
LABELS = np.arange(SIZE) % 3


def part(split: str, **columns: Any) -> pa.Table:
    ids = [f'{split} {number}, "x"' for number in range(SIZE)]
    return pa.table({"split": [split] * SIZE, "sample_id": ids, "patient_id": [None] * SIZE} | columns)


def evaluated(make_run: MakeRun, *parts: pa.Table, names: tuple[str, ...] = ("not 8", "8")) -> Run:
    run = make_run(**completed_columns())
    for table in parts:
        matrix = [[1] * len(names)] * len(names)
        threshold = 0.5 if len(names) == 2 else None
        add_final(
            run, table["split"][0].as_py(), {}, class_names=list(names), confusion_matrix=matrix, threshold=threshold
        )
    run.folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables(parts), run.folder / "predictions.parquet")
    return run


def two_classes(split: str) -> pa.Table:
    labels = (LABELS == 1).astype(int)
    logits = np.random.default_rng(len(split)).normal(size=SIZE) + labels
    return part(split, label=labels, score=1 / (1 + np.exp(-logits)), logit=logits)


def rows(api: Client, run: Run, **parameters: Any) -> list[dict[str, str]]:
    answer = api.get(f"/api/runs/{run.pk}/predictions/", parameters)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = async_to_sync(collected)(answer).decode()
    return list(csv.DictReader(io.StringIO(text)))


async def collected(answer: Any) -> bytes:
    """Read the answer as the server sends it."""
    return b"".join([piece async for piece in answer.streaming_content])


def numbers(found: list[dict[str, str]], name: str) -> Any:
    return np.array([float(row[name]) for row in found])


def test_all_columns_and_the_decision(api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction_rows, "VALUES_AT_ONCE", 100)  # many pieces
    val, test = two_classes("val"), two_classes("test")
    run = evaluated(make_run, val, test)
    found = rows(api, run)
    assert [row["sample_id"] for row in found] == val["sample_id"].to_pylist() + test["sample_id"].to_pylist()
    assert list(found[0]) == ["split", "sample_id", "patient_id", "label", "score", "logit", "predicted"]
    assert numbers(found, "score").tolist() == val["score"].to_pylist() + test["score"].to_pylist()
    assert (numbers(found, "predicted") == (numbers(found, "score") >= 0.5)).all()
    assert [row["sample_id"] for row in rows(api, run, split="test")] == test["sample_id"].to_pylist()


def test_the_saved_point_decides_in_a_column_of_its_own(api: Client, make_run: MakeRun) -> None:
    run = evaluated(make_run, two_classes("test"))
    point = {"run": run, "attempt": 1, "at": timezone.now(), "by": "ada", "reason": "x", "rule": "hand"}
    saved = SavedPoint.objects.create(threshold=0.3, **point)
    found = rows(api, run)
    assert (numbers(found, "predicted_at_saved_point") == (numbers(found, "score") >= 0.3)).all()
    SavedPoint.objects.create(threshold=0.3, log_odds=0.25, **point)
    found = rows(api, run)
    assert (numbers(found, "predicted_at_saved_point") == (numbers(found, "logit") >= 0.25)).all()
    assert saved.threshold == 0.3


def test_recalibrated_scores_are_those_of_the_fitted_numbers(api: Client, make_run: MakeRun) -> None:
    val, test = two_classes("val"), two_classes("test")
    run = evaluated(make_run, val, test)
    logits, labels = val["logit"].to_numpy(), val["label"].to_numpy()
    fitted = msgspec.to_builtins(recalibrated({"val": Outputs(logits, labels)}, ("not 8", "8")))
    Run.objects.filter(pk=run.pk).update(recalibration=fitted)
    found, logit = rows(api, run, split="test"), test["logit"].to_numpy()
    platt, isotonic, temperature = (method["parameters"] for method in fitted["methods"])
    expected = {
        "platt": 1 / (1 + np.exp(-(platt["intercept"] + platt["slope"] * logit))),
        "isotonic": np.clip(
            np.interp(logit, isotonic["logits"], isotonic["scores"]), isotonic["lowest"], isotonic["highest"]
        ),
        "temperature": 1 / (1 + np.exp(-logit / temperature["temperature"])),
    }
    for name, values in expected.items():
        assert numbers(found, f"recalibrated_{name}") == pytest.approx(values, abs=1e-14)


def test_several_classes(api: Client, make_run: MakeRun) -> None:
    logits = np.random.default_rng(1).normal(size=(SIZE, 3))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = ("a", "b, c", "d")
    columns = {f"score_{name}": scores[:, i] for i, name in enumerate(names)}
    columns |= {f"logit_{name}": logits[:, i] for i, name in enumerate(names)}
    run = evaluated(make_run, part("test", label=LABELS, **columns), names=names)
    method = {"name": "temperature", "formula": "", "parameters": {"temperature": 2.0}}
    Run.objects.filter(pk=run.pk).update(recalibration={"methods": [method]})
    found = rows(api, run)
    assert numbers(found, "predicted").tolist() == scores.argmax(axis=1).tolist()
    softer = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)
    for i, name in enumerate(names):
        assert numbers(found, f"recalibrated_temperature_{name}") == pytest.approx(softer[:, i])


def test_what_cannot_be_told(api: Client, make_run: MakeRun) -> None:
    def refused(run: Run, status: int) -> str:
        answer = api.get(f"/api/runs/{run.pk}/predictions/")
        assert answer.status_code == status
        detail: str = answer.json()["detail"]
        return detail

    running = make_run(status="in_progress")
    assert "is in progress: its predictions are there when it has ended" in refused(running, 409)
    assert "has no final evaluation" in refused(make_run(status="completed"), 404)
    run = evaluated(make_run, two_classes("test"))
    path = run.folder / "predictions.parquet"
    path.write_bytes(b"PAR1 is no table")
    assert "cannot be read" in refused(run, 404)
    pq.write_table(pa.table({"split": ["test"]}), path)
    assert "cannot be read" in refused(run, 404)
    path.unlink()
    assert refused(run, 404) == f"Run {run.pk} has no predictions.parquet."
    assert api.get("/api/runs/999999/predictions/").status_code == 404
    assert api.get(f"/api/runs/{run.pk}/predictions/", {"split": "train"}).status_code == 400
    assert Client().get(f"/api/runs/{run.pk}/predictions/").status_code in (401, 403)


def test_the_file_is_closed_with_the_answer(api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who leaves early keeps nothing open."""
    monkeypatch.setattr(prediction_rows, "VALUES_AT_ONCE", 100)
    run = evaluated(make_run, two_classes("val"), two_classes("test"))
    path = str(run.folder / "predictions.parquet")
    answer = api.get(f"/api/runs/{run.pk}/predictions/")
    assert path in opened_files()
    answer.close()
    assert path not in opened_files()


def opened_files() -> set[str]:
    """Return the files that this process has open."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(link.readlink()))
    return found


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.large_string())])
def test_no_text_becomes_a_formula(api: Client, make_run: MakeRun, kind: pa.DataType) -> None:
    table = two_classes("test")
    ids = ["=1+1", "@x", *table["sample_id"].to_pylist()[2:]]
    table = table.set_column(1, "sample_id", pa.array(ids, kind))
    found = [row["sample_id"] for row in rows(api, evaluated(make_run, table))]
    assert found == ["'=1+1", "'@x", *ids[2:]]
