"""The files that say where a run decides, after a point was saved or withdrawn: true, whole, or told."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

from runs import atomic_files
from runs.files import decided_files, point_file
from runs.files.exports import export
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.runs.conftest import MakeRun
from tests.runs.operating_points.test_points_of_runs import evaluated_run, keep_predictions, stored
from tests.runs.saved_points.test_saving import address, post, read, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make an ended run with its predictions."""
    run = evaluated_run(make_run, stored())
    keep_predictions(run)
    return run


def test_the_file_says_what_holds_and_what_was_decided(api: Client, run: Run) -> None:
    assert not (run.folder / point_file.NAME).exists()
    saved = save(api, run, rule="youden")["operating_point"]
    told = json.loads((run.folder / point_file.NAME).read_text())
    assert told == {"run_id": run.pk, "operating_point": saved, "history": [saved]}
    assert point_file.NAME in [file["name"] for file in read(api, f"/api/runs/{run.pk}/files/")["files"]]
    post(api, address(run, "withdraw/"), {"reason": "No."}, 200)
    told = json.loads((run.folder / point_file.NAME).read_text())
    assert told["operating_point"] is None
    assert len(told["history"]) == 2
    (run.folder / point_file.NAME).unlink()
    export(Run.objects.get(pk=run.pk))
    assert json.loads((run.folder / point_file.NAME).read_text()) == told
    assert json.loads((run.folder / "results.json").read_text())["operating_point"] is None


INFERENCE = {"preprocessing": {"kind": "image"}, "network": {"name": "cnn"}, "output": {"threshold": 0.5}}
PLATT = {"name": "platt", "problem": None, "parameters": {"intercept": -1.0, "slope": 0.8}}


def exported(run: Run) -> Run:
    """Write the files of a run that has just ended, as a worker does, with two numbers that are recalibrated."""
    Run.objects.filter(pk=run.pk).update(recalibration={"methods": [PLATT]})
    (run.folder / "inference.json").write_text(json.dumps(INFERENCE | {"decision": None}))
    fresh = Run.objects.get(pk=run.pk)
    export(fresh)
    return fresh


def told_in(run: Run, name: str) -> Any:
    return json.loads((run.folder / name).read_text())


def probability(threshold: float) -> float:
    odds = np.exp(-1.0) * (threshold / (1 - threshold)) ** 0.8
    return float(odds / (1 + odds))


def test_all_files_agree_with_the_api(api: Client, run: Run) -> None:
    """A prediction by the files decides as the run does, by raw scores and by probabilities."""
    fresh = exported(run)
    before = {name: told_in(run, name) for name in ("results.json", "inference.json")}
    own = {"threshold": 0.5, "probability": pytest.approx(probability(0.5))}
    assert before["inference.json"] == INFERENCE | {"decision": {"holds": "own", "own": own, "saved": None}}
    for body in ({"rule": "youden"}, {"rule": "hand", "threshold": 0.4}):
        answer = save(api, run, **body)
        assert answer["problem"] is None
        saved = read(api, f"/api/runs/{run.pk}/")["operating_point"]
        assert told_in(run, "results.json") == before["results.json"] | {"operating_point": saved}
        decision = told_in(run, "inference.json")["decision"]
        assert decision["holds"] == "saved"
        assert decision["own"] == own
        assert {name: saved[name] for name in decision["saved"]} == decision["saved"]
        assert decision["saved"]["probability"] == pytest.approx(probability(saved["threshold"]))
        assert decision["saved"]["threshold"] == saved["threshold"]
        written = {name: (run.folder / name).read_bytes() for name in before}
        export(fresh)
        assert (run.folder / "inference.json").read_bytes() == written["inference.json"]
        assert told_in(run, "results.json") == json.loads(written["results.json"])
    post(api, address(run, "withdraw/"), {"reason": "No."}, 200)
    assert {name: told_in(run, name) for name in before} == before
    assert not list(run.folder.glob(".*.tmp"))


def test_what_is_no_file_of_ours_stays(api: Client, run: Run) -> None:
    """Code of a team's own network may write into the folder."""
    deep = b'{"output": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for written in (b"", b"[]", b'{"output": 3}', b'{"output": {"threshold": "x"}}', b'{"output": {}}', deep):
        (run.folder / "inference.json").write_bytes(written)
        assert save(api, run, rule="youden")["problem"] is None
        assert (run.folder / "inference.json").read_bytes() == written
        export(Run.objects.get(pk=run.pk))
        assert (run.folder / "inference.json").read_bytes() == written
    outside = run.folder.parent / "outside.json"
    outside.write_text(json.dumps(INFERENCE))
    (run.folder / "inference.json").unlink()
    (run.folder / "inference.json").symlink_to(outside)
    save(api, run, rule="f1")
    assert json.loads(outside.read_text()) == INFERENCE


def test_of_two_that_save_at_once_the_last_is_in_the_files(
    api: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is about to write its point when another has saved, and written, a later one."""
    exported(run)
    first, content = True, decided_files._CONTENTS[point_file.NAME]

    def slow(of: Run) -> bytes | None:
        nonlocal first
        text = content(of)
        if first:
            first = False
            save(api, run, rule="f1", reason="Later.")
        return text

    monkeypatch.setitem(decided_files._CONTENTS, point_file.NAME, slow)
    save(api, run, rule="youden", reason="Earlier.")
    for name in (point_file.NAME, "results.json"):
        assert told_in(run, name)["operating_point"]["reason"] == "Later."
    assert told_in(run, "inference.json")["decision"]["saved"]["reason"] == "Later."


def full(path: Path, _content: bytes) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_all_files_that_cannot_be_written_are_named_and_the_export_mends_them(
    api: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(run)
    old = (run.folder / "results.json").read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(atomic_files, "write", full)
        answer = save(api, run, rule="youden")
    assert "the files operating_point.json, results.json, inference.json could not be written (" in answer["problem"]
    assert str(run.folder) not in answer["problem"]
    assert (run.folder / "results.json").read_bytes() == old
    call_command("export", str(run.pk))
    saved = answer["operating_point"]
    assert told_in(run, "results.json")["operating_point"] == told_in(run, point_file.NAME)["operating_point"] == saved
    assert told_in(run, "inference.json")["decision"]["holds"] == "saved"


def test_a_file_that_is_too_large_is_told(api: Client, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    exported(run)
    monkeypatch.setattr(decided_files, "MOST_BYTES", 10)
    problem = save(api, run, rule="youden")["problem"]
    assert problem.startswith("It is saved, but the file results.json could not be written (it is larger than 0 MiB).")
    withdrawn = post(api, address(run, "withdraw/"), {"reason": "No."}, 200)["problem"]
    assert withdrawn.startswith("It is withdrawn, but the file results.json")


def test_a_file_that_cannot_be_written_costs_the_point_nothing(api: Client, run: Run) -> None:
    (run.folder / point_file.NAME).mkdir()
    answer = save(api, run, rule="youden")
    assert answer["operating_point"]["rule"] == "youden"
    assert answer["problem"].startswith("It is saved, but the file operating_point.json could not be written")
    assert f"manage.py export {run.pk}" in answer["problem"]


def test_of_two_who_save_at_once_the_file_has_both(api: Client, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one writes the file between what the first one read and what it writes."""
    write, others = atomic_files.write, iter(["grace"])

    def slowly(path: Path, content: bytes) -> None:
        for name in others:
            point_history.save(run, name, "Me too.", Decision("hand", 0.2, 0.2, None, test_known=True))
            decided_files.publish(run)
        write(path, content)

    monkeypatch.setattr(atomic_files, "write", slowly)
    save(api, run, rule="youden")
    told = json.loads((run.folder / point_file.NAME).read_text())
    assert [one["by"] for one in told["history"]] == ["grace", "ada"]
    assert told["operating_point"] == read(api, address(run))["operating_point"]
