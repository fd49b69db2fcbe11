"""`manage.py predict`: what it writes of files, folders and tables, its exit codes, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from experiments.training.prediction.streams import PlaceToRead
from experiments.training.recipes import prediction_process
from experiments.training.recipes.prediction_process import Count, Form, Task
from tests.experiments.trained_models.conftest import MakeTrainedRun, of_pictures, of_rows, trained_run
from tests.experiments.training.prediction.trained import Trained

__all__ = ["of_pictures", "of_rows", "trained_run"]


def predicted(run: Trained, *paths: Path, form: Form = "csv") -> tuple[str, Count, list[str]]:
    """Predict in this process; return what was written, the count and what was said."""
    written, said = io.StringIO(), list[str]()
    places = [PlaceToRead(name=path.name, path=str(path)) for path in paths]
    count = prediction_process.carry_out(Task(source=run.source, places=places, form=form), written.write, said.append)
    return written.getvalue(), count, said


def pictures(run: Trained) -> Path:
    return Path(str(run.job.config["source_path"]))


def test_a_folder_becomes_rows_with_the_stored_scores(of_pictures: Trained) -> None:
    text, count, _ = predicted(of_pictures, pictures(of_pictures))
    rows = {row["sample"]: row for row in csv.DictReader(io.StringIO(text))}
    assert count == Count(20, 0)
    assert list(rows) == sorted(rows)
    names, stored = of_pictures.table["file"].to_pylist(), of_pictures.table["score"].to_numpy()
    found = [float(rows[name]["score_pneumonia"]) for name in names]
    assert found == pytest.approx(stored, abs=1e-5)
    assert [rows[name]["predicted"] for name in names] == np.where(stored >= 0.5, "pneumonia", "healthy").tolist()
    assert {(row["run_id"], row["threshold"], row["decided_by"]) for row in rows.values()} == {
        ("7", "0.5", "own_threshold")
    }


def test_what_cannot_be_read_is_a_line_with_its_problem(of_pictures: Trained, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    good = pictures(of_pictures) / "healthy" / "0.png"
    text, count, said = predicted(of_pictures, tmp_path / "broken.png", tmp_path / "none.csv", good, form="jsonl")
    broken, missing, read = map(json.loads, text.splitlines())
    assert count == Count(1, 2)
    assert "copy it again" in broken["problem"] or "not a PNG" in broken["problem"]
    assert broken["predicted"] is None
    assert "none.csv" in missing["problem"]
    assert said == [missing["problem"]]
    assert (read["run_id"], read["attempt"], read["problem"]) == (7, 1, None)
    assert read["facts"]["width"] == 12
    assert read["scores"].keys() == {"healthy", "pneumonia"}


def test_rows_of_a_table_go_by_their_ids(of_rows: Trained, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("id,ward,marker,age\n=x,b,0.25,51.5\ny,b,0.25,old\n")
    text, count, _ = predicted(of_rows, tmp_path / "new.csv")
    first, second = csv.DictReader(io.StringIO(text))
    assert count == Count(1, 1)
    assert first["sample"] == "'=x"  # no formula in a spreadsheet
    assert "Column 'age' holds 'old'" in second["problem"]
    assert (second["predicted"], second["score_1"]) == ("", "")


@pytest.fixture
def signals() -> Iterator[None]:
    """Put back the handlers that the command replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.django_db
def test_the_command_predicts_in_a_process_of_its_own(
    of_pictures: Trained, trained_run: MakeTrainedRun, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, output = trained_run(of_pictures), tmp_path / "out.jsonl"
    (tmp_path / "empty.png").write_bytes(b"")
    paths = [str(pictures(of_pictures)), str(tmp_path / "empty.png")]
    with pytest.raises(SystemExit) as ended:
        call_command("predict", str(run.pk), *paths, "--format", "jsonl", "--output", str(output))
    assert ended.value.code == 1
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert [line["source"] for line in lines] == [paths[0]] * 20 + [paths[1]]
    assert {line["run_id"] for line in lines} == {run.pk}
    written = capfd.readouterr()
    assert "20 predicted; 1 could not be read" in written.err
    assert not written.out


@pytest.mark.django_db
def test_the_command_refuses_what_it_cannot_find(of_pictures: Trained, trained_run: MakeTrainedRun) -> None:
    with pytest.raises(CommandError, match="There is no run 999"):
        call_command("predict", "999", "a.png")
    with pytest.raises(CommandError, match="has not ended"):
        call_command("predict", str(trained_run(of_pictures, status="queued").pk), "a.png")
    with pytest.raises(CommandError, match="There is no data set 'scans' in the project"):
        call_command("predict", str(trained_run(of_pictures).pk), "dataset:scans")


def asked(monkeypatch: pytest.MonkeyPatch, task: Task) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(msgspec.json.encode(task))))


def test_ctrl_c_leaves_no_half_file(
    of_pictures: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_task: Task, write: Callable[[str], object], _say: object) -> Count:
        write("run_id\n")
        raise KeyboardInterrupt

    asked(monkeypatch, Task(source=of_pictures.source, places=[], form="csv", output=str(tmp_path / "out.csv")))
    monkeypatch.setattr(prediction_process, "carry_out", interrupted)
    assert prediction_process.main() == 130
    assert not list(tmp_path.iterdir())
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_model_that_cannot_be_loaded_is_an_error(
    of_pictures: Trained, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = msgspec.structs.replace(of_pictures.source, sha256="0" * 64)
    asked(monkeypatch, Task(source=source, places=[], form="csv"))
    assert prediction_process.main() == 1
    said = capsys.readouterr()
    assert said.err.startswith("Run 7 cannot predict. checkpoint: The checkpoint is not the file that it was")
    assert not said.out
