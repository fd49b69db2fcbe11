"""The files of a run: their content, and that each is whole or does not exist."""

from __future__ import annotations

import csv
import json
import random
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from runs import atomic_files
from runs.evaluation import error_pictures
from runs.events import EarlyStopped, Progress
from runs.files import exports, local_files
from runs.files.exports import export, write_config
from runs.models import Run, RunMetric
from tests.runs.conftest import CONFIG, MakeRun, add_epoch, add_events, add_final, completed_columns

HEADER = (
    "epoch,train_loss,train_acc,train_f1,train_recall,"
    "val_loss,val_acc,val_precision,val_recall,val_f1,val_auroc,val_cm_tp,val_cm_tn,val_cm_fp,val_cm_fn,learning_rate,"
    "test_loss,test_acc,test_precision,test_recall,test_f1,test_auroc,test_cm_tp,test_cm_tn,test_cm_fp,test_cm_fn"
)


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Let writing beyond `size` bytes fail with OSError, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run of three epochs, the middle one best; the last one diverged."""
    run = make_run(**completed_columns() | {"best_epoch": 1, "total_epochs": 3, "duration_seconds": None})
    run.spent_seconds, run.attempt_start = 50.0, timezone.now() - timedelta(seconds=40)
    run.save()
    for epoch, loss in enumerate((0.7, 0.1 + 0.2, None)):
        add_epoch(run, epoch, {"train_loss": loss, "learning_rate": 0.001, "val_loss": loss, "val_cm_tp": 8.0 + epoch})
    final = add_final(run, "test", {"test_loss": 0.25, "test_cm_tp": 8.0, "final_auroc_cm": 0.95}, epoch=1)
    final.run.metrics.filter(context="final").update(epoch=1)
    return run


def read_json(path: Path) -> Any:
    return json.loads(path.read_bytes(), parse_constant=pytest.fail)


def test_metrics_csv_has_a_row_per_epoch_and_loses_no_digit(run: Run) -> None:
    export(run)
    text = (run.folder / "metrics.csv").read_text()
    assert text.splitlines()[0] == HEADER
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [row["train_loss"] for row in rows] == ["0.7", "0.30000000000000004", ""]
    assert [row["val_cm_tp"] for row in rows] == ["8", "9", "10"]
    assert {row["val_auroc"] for row in rows} == {""}
    assert [row["test_loss"] for row in rows] == ["", "0.25", ""]
    assert [row["test_cm_tp"] for row in rows] == ["", "8", ""]


def test_metrics_of_a_network_of_its_own_are_not_lost(run: Run) -> None:
    add_epoch(run, 0, {"val_dice": 0.5})
    export(run)
    first, *rows = (run.folder / "metrics.csv").read_text().splitlines()
    assert first == f"{HEADER},val_dice"
    assert [row.rpartition(",")[2] for row in rows] == ["0.5", "", ""]


def doubles(count: int) -> Iterator[float]:
    """Yield numbers of every size that a double can have, and such as trainings have."""
    source = random.Random(7)
    for _ in range(count):
        [value] = struct.unpack("d", source.randbytes(8))
        yield value if abs(value) < float("inf") else 0.1
        yield source.random()


def test_no_number_changes_a_bit_on_its_way_into_a_file(make_run: MakeRun) -> None:
    """The cells are those of Python's own csv module."""
    run, numbers = make_run(), list(doubles(500))
    extremes = [0.1 + 0.2, 5e-324, 0.0, 1e16, 1e22, 1e-5, 123456789.0, 1.7976931348623157e308]
    numbers[: len(extremes)] = extremes
    RunMetric.objects.bulk_create(
        RunMetric(run=run, epoch=epoch, metric_name="val_loss", value=value, dataset_type="val")
        for epoch, value in enumerate(numbers)
    )
    export(run)
    rows = list(csv.DictReader((run.folder / "metrics.csv").read_text().splitlines()))
    assert [row["val_loss"] for row in rows] == [repr(value) for value in numbers]
    history = read_json(run.folder / "results.json")["metrics_history"]
    assert [struct.pack("d", row["val_loss"]) for row in history] == [struct.pack("d", value) for value in numbers]


def test_what_an_epoch_does_not_have_is_not_in_its_history(run: Run) -> None:
    """Null is what the training measured and could not say."""
    add_epoch(run, 1, {"val_dice": None, "a,b": 2.5})
    export(run)
    first, second, third = read_json(run.folder / "results.json")["metrics_history"]
    assert second["val_dice"] is None
    assert "val_dice" not in first | third
    header, *rows = csv.reader((run.folder / "metrics.csv").read_text().splitlines())
    assert header[-2:] == ["a,b", "val_dice"]
    assert [row[-2:] for row in rows] == [["", ""], ["2.5", ""], ["", ""]]


def test_a_test_metric_of_the_epochs_gives_way_to_the_evaluation_of_its_epoch(run: Run) -> None:
    for epoch in (0, 1, 2):
        add_epoch(run, epoch, {"test_loss": 9.0 + epoch})
    export(run)
    rows = list(csv.DictReader((run.folder / "metrics.csv").read_text().splitlines()))
    assert [row["test_loss"] for row in rows] == ["9.0", "0.25", "11.0"]
    assert [row["test_cm_tp"] for row in rows] == ["", "8", ""]


def test_an_evaluation_of_an_epoch_without_metrics_adds_no_row(run: Run) -> None:
    run.metrics.filter(context="final").update(epoch=7)
    export(run)
    rows = list(csv.DictReader((run.folder / "metrics.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert {row["test_loss"] for row in rows} == {""}


def test_the_history_of_a_run_is_a_table_with_a_row_per_epoch(run: Run) -> None:
    add_epoch(run, 2, {"val_dice": 0.5})
    table = run.history()
    assert list(table.columns) == ["train_loss", "val_loss", "val_cm_tp", "learning_rate", "val_dice"]
    assert (table.index.name, table.index.tolist()) == ("epoch", [0, 1, 2])
    assert table["val_loss"].tolist()[:2] == [0.7, 0.1 + 0.2]
    assert table["val_loss"].isna().tolist() == [False, False, True]
    assert table["val_dice"].isna().tolist() == [True, True, False]
    assert table["val_cm_tp"].tolist() == [8.0, 9.0, 10.0]


def test_a_run_without_epochs_has_an_empty_history(make_run: MakeRun) -> None:
    table = make_run().history()
    assert table.empty
    assert table.index.name == "epoch"


def test_added_metrics_have_columns_of_every_epoch_and_of_the_test_split(run: Run) -> None:
    for epoch, value in enumerate((0.5, None, 0.75)):
        add_epoch(run, epoch, {"val_cohen_kappa": value})
    add_final(run, "val", {"final_mcc": 0.5})
    run.metrics.create(epoch=1, metric_name="test_cohen_kappa", value=0.625, dataset_type="test", context="final")
    export(run)
    rows = list(csv.DictReader((run.folder / "metrics.csv").read_text().splitlines()))
    assert [(row["val_cohen_kappa"], row["test_cohen_kappa"]) for row in rows] == [
        ("0.5", ""),
        ("", "0.625"),
        ("0.75", ""),
    ]


def test_results(run: Run) -> None:
    run.attempt = 2
    add_events(
        run,
        [
            Progress(epoch=0, batch_idx=1, batches=9, step=2, total_steps=90, samples_per_second=1.0, eta_seconds=1.0),
            EarlyStopped(epoch=2, best_metric_value=0.97, patience=1, monitor="val_auroc", reason="No improvement."),
        ],
    )
    export(run)
    results = read_json(run.folder / "results.json")
    assert results["checkpoint"] == {
        "path": "checkpoints/a1/best.ckpt",
        "monitor": "val_auroc",
        "mode": "max",
        "score": 0.97,
        "epoch": 1,
    }
    assert results["trainer_state"]["global_step"] == 27
    assert results["trainer_state"]["stopped_early"] is True
    assert results["trainer_state"]["early_stopping"]["reason"] == "No improvement."
    assert results["metrics_history"][1] == {
        "epoch": 1,
        "train_loss": 0.1 + 0.2,
        "learning_rate": 0.001,
        "val_loss": 0.1 + 0.2,
        "val_cm_tp": 9.0,
    }
    assert results["metrics_history"][2]["val_loss"] is None
    assert results["final_stats"]["test"]["confusion_matrix"] == [[85, 5], [2, 8]]
    assert results["operating_points"] is None  # those of version 0.1 have none
    assert results["metadata"]["run_id"] == run.pk
    assert results["metadata"]["total_epochs"] == 3
    assert results["metadata"]["best_val_recall"] == 0.9
    assert results["metadata"]["best_val_recall_epoch"] == 3
    assert results["metadata"]["best_val_loss"] == 0.12
    assert results["metadata"]["training_time_seconds"] >= 90


def test_results_have_the_subgroups_that_the_training_wrote(run: Run) -> None:
    told = {"threshold": 0.5, "metric": "auroc", "splits": {"test": {"groups": [], "comparisons": 0, "worst": None}}}
    export(run)
    assert read_json(run.folder / "results.json")["subgroups"] is None
    (run.folder / "subgroups.json").write_text(json.dumps(told))
    export(run)
    assert read_json(run.folder / "results.json")["subgroups"] == told
    assert "subgroups.json" in read_json(run.folder / "metadata.json")["files"]


def test_results_have_the_operating_points(run: Run) -> None:
    numbers = {"cm_tp": 8, "final_sensitivity": 0.8}
    point = {"rule": "f1", "threshold": 0.25, "log_odds": None, "reason": None, "statistics": numbers}
    run.final_results.filter(split="test").update(operating_points=[point])
    add_final(run, "val", {}, operating_points=[point])
    export(run)
    assert read_json(run.folder / "results.json")["operating_points"] == [
        {
            "rule": "f1",
            "label": "Highest F1",
            "threshold": 0.25,
            "log_odds": None,
            "reason": None,
            "splits": {"val": numbers, "test": numbers},
            "shifts": [],
        }
    ]


def test_results_keep_the_names_of_the_version_before(run: Run) -> None:
    export(run)
    results = read_json(run.folder / "results.json")
    assert results["trainer"] == results["trainer_state"]
    assert results["metadata"]["epochs_trained"] == results["metadata"]["total_epochs"] == 3
    assert results["metadata"]["training_seconds"] == results["metadata"]["training_time_seconds"]


def test_metadata_and_config(run: Run) -> None:
    write_config(run)
    export(run)
    assert read_json(run.folder / "config.json") == CONFIG
    metadata = read_json(run.folder / "metadata.json")
    assert metadata["run_id"] == run.pk
    assert metadata["dataset"]["sizes"] == {"train": 1000, "val": 200, "test": 100}
    assert metadata["versions"] == {"python": "3.11.7", "torch": "2.13.0"}
    assert metadata["owner"] == "ada"


def test_a_run_without_any_number_can_be_exported(make_run: MakeRun) -> None:
    run = make_run(best_val_loss=float("inf"))
    export(run)
    assert (run.folder / "metrics.csv").read_text() == HEADER + "\n"
    assert read_json(run.folder / "results.json")["metadata"]["best_val_loss"] is None


def test_the_attempts_predictions_are_published_and_again(run: Run) -> None:
    attempt = run.folder / "attempts" / "1"
    attempt.mkdir(parents=True)
    (attempt / "predictions.parquet").write_bytes(b"first")
    export(run)
    assert (run.folder / "predictions.parquet").read_bytes() == b"first"
    export(run)
    attempt.joinpath("new").write_bytes(b"second")
    attempt.joinpath("new").replace(attempt / "predictions.parquet")
    export(run)
    assert (run.folder / "predictions.parquet").read_bytes() == b"second"
    assert not list(run.folder.rglob(".*"))


def test_pictures_of_an_earlier_attempt_do_not_stay_beside_new_predictions(run: Run) -> None:
    pictures = run.folder / "error_pictures.zip"
    first, second = (run.folder / "attempts" / str(number) for number in (1, 2))
    for folder in (first, second):
        folder.mkdir(parents=True)
    (first / "predictions.parquet").write_bytes(b"first")
    (first / "error_pictures.zip").write_bytes(b"of the first")
    export(run)
    assert pictures.read_bytes() == b"of the first"
    Run.objects.filter(pk=run.pk).update(attempt=2)
    run.refresh_from_db()
    export(run)
    assert pictures.exists()  # with the predictions that they are of
    (second / "predictions.parquet").write_bytes(b"second")
    export(run)
    assert not pictures.exists()


KILLED = """
import os, signal, sys, zipfile
from pathlib import Path
from runs.atomic_files import replacing

with replacing(Path(sys.argv[1])) as temporary, zipfile.ZipFile(temporary, "w") as archive:
    archive.writestr("test/0.png", b"half of the pictures")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_pictures_that_a_kill_left_half_are_never_served_and_do_not_stay(run: Run) -> None:
    attempt = run.folder / "attempts" / "1"
    command = [sys.executable, "-c", KILLED, str(attempt / "error_pictures.zip")]
    done = subprocess.run(command, cwd=settings.BASE_DIR, check=False)
    assert done.returncode == -signal.SIGKILL
    [half] = attempt.iterdir()
    (attempt / "predictions.parquet").write_bytes(b"whole")
    checkpoint = run.folder / "checkpoints" / "a1" / half.name  # killed again, later
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"half")
    export(run)
    assert not (run.folder / "error_pictures.zip").exists()
    assert error_pictures.addresses(run, "test", [0]) == {}
    served = {file.name for file in local_files.list_files(run.folder)}
    assert {name for name in served if "/" in name} == {"attempts/1/predictions.parquet"}
    with pytest.raises(FileNotFoundError):
        local_files.open_file(run.folder, f"attempts/1/{half.name}")
    exports.remove_unfinished(run)
    assert [path for path in run.folder.rglob("*") if path.name.endswith(".tmp")] == []
    assert (attempt / "predictions.parquet").read_bytes() == b"whole"


def test_a_full_disk_leaves_the_old_file_or_none(run: Run) -> None:
    with files_at_most(100), pytest.raises(OSError, match="File too large"):
        export(run)
    assert list(run.folder.iterdir()) == []
    export(run)
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    with files_at_most(100), pytest.raises(OSError, match="File too large"):
        export(run)
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


def write_half(path: Path) -> None:
    with atomic_files.replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    atomic_files.write(path, b"old")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert [(found.name, found.read_bytes()) for found in path.parent.iterdir()] == [("file", b"old")]


def test_publishing_works_without_hard_links(tmp_path: Path) -> None:
    """/dev/shm is another file system than the tests' folder, so a link between them is impossible."""
    elsewhere = Path("/dev/shm") / f"livetrain-{tmp_path.name}-{id(tmp_path)}"
    if not elsewhere.parent.is_dir() or elsewhere.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    elsewhere.write_bytes(b"content")
    try:
        atomic_files.publish(elsewhere, tmp_path / "copy")
    finally:
        elsewhere.unlink()
    assert (tmp_path / "copy").read_bytes() == b"content"


def test_publishing_what_is_missing_fails_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic_files.publish(tmp_path / "missing", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_everything_again(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("export", str(run.pk))
    assert str(run.folder) in capsys.readouterr().out
    names = {path.name for path in run.folder.iterdir()}
    assert names == {"config.json", "metrics.csv", "metadata.json", "results.json"}


@pytest.mark.django_db
def test_the_command_names_a_run_that_does_not_exist() -> None:
    with pytest.raises(CommandError, match="Run 7 does not exist"):
        call_command("export", "7")
