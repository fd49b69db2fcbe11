"""A file of a run in the database, by the job that a worker carries out and by the command."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import onnxruntime
import pytest
import torch
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from experiments.cli import model_file_export
from experiments.model_files import requests
from experiments.model_files.model_file_kind import KIND
from experiments.model_jobs.build import complete
from experiments.training.contract.reports import Message, Note
from experiments.training.contract.stop import Stop
from experiments.training.exporting import onnx_file
from experiments.training.recipes import model_file_process
from experiments.training.recipes.model_jobs import model_file
from runs.errors import Conflict
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.experiments.training.prediction.trained import Trained

pytestmark = pytest.mark.django_db


def test_a_job_writes_the_model_with_what_the_database_knows(real_run: Run, user: User, rows: Trained) -> None:
    job = requests.ask(real_run, user, "onnx", "CC BY 4.0").job
    job.folder.mkdir(parents=True)
    messages: list[Message] = []
    result = model_file.run(complete(KIND.job_of(job), KIND), messages.append, Stop())
    assert result["kind"] == "table"
    assert result["deviation"] < 1e-5
    assert next(note.text for note in messages if isinstance(note, Note)) == "Loading the network"
    [path] = job.folder.iterdir()
    assert path.name == f"run-{real_run.pk}-model-{job.pk}.onnx"
    about = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    assert (about["run_id"], about["run_name"]) == (str(real_run.pk), "digits")
    assert json.loads(about["data"]) == {"name": "hospital.csv", "sha256": "cd" * 32}
    assert json.loads(about["metrics"])["test"] == {"final_auroc": 0.75, "final_auroc_ci_low": 0.5}
    assert json.loads(about["recalibration"])["slope"] == 1.5
    assert about["licence"] == "CC BY 4.0"
    assert about["checkpoint_sha256"] == rows.source.sha256
    card = json.loads(about["model_card"])
    assert (card["model"]["classes"], card["data"]["source"]) == (["no", "yes"], "hospital.csv")
    assert b"secret" not in path.read_bytes()


def test_a_point_that_is_saved_meanwhile_ends_the_job_with_the_cure(real_run: Run, user: User) -> None:
    job = requests.ask(real_run, user, "onnx", "not stated").job
    decision = Decision("youden", None, 0.25, None, False)
    point_history.save(real_run, "ada", "Too many were missed.", decision)
    with pytest.raises(Conflict, match="ask for it again"):
        KIND.job_of(job)


def test_an_older_run_and_one_without_a_checkpoint_are_refused_with_the_cure(real_run: Run, user: User) -> None:
    job = requests.ask(real_run, user, "onnx", "not stated").job
    (real_run.folder / "inference.json").unlink()
    with pytest.raises(Conflict, match=r"has no inference\.json.*Train it again"):
        KIND.job_of(job)
    Run.objects.filter(pk=real_run.pk).update(best_checkpoint="")
    job.run.refresh_from_db()
    with pytest.raises(Conflict, match="has no checkpoint"):
        KIND.job_of(job)


class Streams(NamedTuple):
    """Standard input or output with the bytes behind it."""

    buffer: io.BytesIO


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process that writes a file be this one: another would load PyTorch again."""

    class Process(contextlib.AbstractContextManager["Process"]):
        """Does at once what it is given."""

        def __init__(self, command: list[str], **_: Any) -> None:
            assert command[1:] == ["-m", model_file_export.PROCESS]
            self.returncode: int | None = None

        def communicate(self, given: bytes) -> tuple[bytes, None]:
            said = io.StringIO()
            with monkeypatch.context() as patch, contextlib.redirect_stdout(said):
                patch.setattr(sys, "stdin", Streams(io.BytesIO(given)))
                self.returncode = model_file_process.main()
            return said.getvalue().encode(), None

        def kill(self) -> None:
            assert self.returncode is not None, "it is given its job"

        def __exit__(self, *_: object) -> None:
            return

    monkeypatch.setattr(subprocess, "Popen", Process)


def test_the_process_ends_where_the_model_cannot_be_had(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def noted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(begin(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    with pytest.raises(CommandError, match=r"has no inference\.json"):
        call_command("export", run.pk, format="onnx")
    [process] = started
    assert process.returncode == -signal.SIGKILL


@pytest.mark.usefixtures("in_this_process")
def test_the_command_writes_an_archive_for_somebody_else(real_run: Run, tmp_path: Path) -> None:
    said = io.StringIO()
    target = tmp_path / "for_a_colleague.zip"
    call_command("export", real_run.pk, format="pt2", output=target, licence="MIT", stdout=said)
    assert said.getvalue() == f"Written to {target}\n"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with zipfile.ZipFile(target) as archive:
        stem = f"run-{real_run.pk}"
        content = io.BytesIO(archive.read(f"{stem}/{stem}.pt2"))
        assert "MIT" in archive.read(f"{stem}/README.txt").decode()
    extra = {"metadata.json": ""}
    model = torch.export.load(content, extra_files=extra).module()
    about = json.loads(extra["metadata.json"])
    columns = json.loads(about["preprocessing"])["columns"]
    outputs = model(torch.full((3, len(columns)), torch.nan, dtype=torch.float64))
    assert list(outputs) == ["logit", "score", "probability", "label"]
    assert outputs["label"].shape == (3,)


@pytest.mark.usefixtures("in_this_process")
def test_the_command_passes_on_why_there_is_no_file(
    real_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 10)
    with pytest.raises(CommandError, match="No file was written"):
        call_command("export", real_run.pk, format="onnx", output=tmp_path)
    assert "one ONNX file holds less than 2" in capsys.readouterr().err
    assert list(tmp_path.glob("*.onnx")) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "onnx", "output": Path("/nowhere/at/all.onnx")}, "There is no folder /nowhere/at"),
        ({"format": "onnx", "output": Path("model.h5")}, "let it end in .onnx, or in .zip"),
        ({"licence": "MIT"}, "name its --format, too"),
    ],
)
def test_the_command_says_what_is_wrong(run: Run, options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("export", run.pk, **options)
    assert words in str(caught.value)
