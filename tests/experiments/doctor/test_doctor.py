"""`manage.py doctor`: each illness is found in a place made ill, and is told with its cure."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.doctor import installation, peers, storage
from experiments.doctor.finding import Finding
from runs.derived_models import ListedRun
from runs.events import format_time
from runs.models import RunEvent
from runs.scheduling import workers
from runs.summaries import listed_runs
from tests.installation import Installation
from tests.realtime.writing import queued_run, running_run
from tests.servers import free_port


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, settings: Settings) -> None:
    settings.LIVETRAIN_HOME = tmp_path


def by_subject(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


def program(folder: Path, text: str) -> None:
    """Install an `nvidia-smi` of the test's own."""
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_fresh_installation_is_well(tmp_path: Path) -> None:
    fresh = Installation(tmp_path / "home")
    with pytest.raises(AssertionError, match=r"(?s)fail +database: .* Back up, then run: manage.py migrate"):
        fresh.manage("doctor")
    fresh.manage("migrate")
    lines = fresh.manage("doctor").splitlines()
    assert not [line for line in lines if line.startswith("fail")]
    subjects = {line[5:].split(":")[0] for line in lines if line.startswith("ok")}
    assert {"settings", "home", "secrets", "database", "clock", "run folders", "broker", "channel layer"} <= subjects


@pytest.mark.django_db
def test_a_failure_ends_with_an_exit_code(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.LIVETRAIN_DATA_ROOTS = [Path("/does/not/exist")]
    with pytest.raises(CommandError) as ended:
        call_command("doctor")
    assert ended.value.returncode == 1
    assert "fail data root: /does/not/exist is not a folder\n     -> Mount" in capsys.readouterr().out


def test_other_versions_than_pinned_are_named(tmp_path: Path, settings: Settings) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "requirements-torch.txt").write_text("torch==2.13.0\n")
    (tmp_path / "requirements.txt").write_text("Django==1.0  # old\nchannels[x]==4.3.2\n")
    found = by_subject(installation.diagnose())["packages"]
    assert found.level == "warn"
    assert ", not 1.0" in found.text
    assert "channels" not in found.text
    assert "torch" not in found.text, "a build's name does not count"
    (tmp_path / "requirements.txt").write_text("no-such-package==1.0\n")
    found = by_subject(installation.diagnose())["packages"]
    assert (found.level, found.cure) == ("fail", "Run: make setup")
    assert "no-such-package is missing" in found.text


def test_a_gpu_that_its_driver_or_torch_cannot_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # torch sees none even on a machine that has one
    program(tmp_path, "exit 9")
    assert by_subject(installation.diagnose())["GPU"].level == "fail"
    program(tmp_path, "echo 'Card X, 81559 MiB'")
    found = by_subject(installation.diagnose())["GPU"]
    assert found.level == "warn"
    assert "Card X" in found.text
    assert "PyTorch cannot use it" in found.text


def test_a_full_disk_and_open_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "secrets" / "django.key"
    key.parent.mkdir()
    key.write_text("x")
    key.chmod(0o640)
    monkeypatch.setattr(storage, "LEAST_BYTES", 2**60)
    monkeypatch.setattr(storage, "SCARCE_BYTES", 2**61)
    found = by_subject(storage.diagnose())
    assert found["disk"].level == "fail"
    assert (found["secrets"].level, found["secrets"].cure) == ("fail", f"Run: chmod 600 {key}")
    key.chmod(0o600)
    monkeypatch.setattr(storage, "LEAST_BYTES", 0)
    found = by_subject(storage.diagnose())
    assert (found["disk"].level, found["secrets"].level) == ("warn", "ok")


def test_a_home_that_others_may_look_into(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    assert by_subject(storage.diagnose())["rights"].level == "ok"
    tmp_path.chmod(0o711)
    found = by_subject(storage.diagnose())["rights"]
    assert (found.level, str(tmp_path) in found.text) == ("fail", True)
    assert f"chmod go-rwx {tmp_path}" in found.cure
    tmp_path.chmod(0o700)
    (tmp_path / "secrets").chmod(0o750)
    assert "secrets" in by_subject(storage.diagnose())["rights"].text
    (tmp_path / "secrets").chmod(0o700)
    database = tmp_path / "a.sqlite3"
    for name in ("a.sqlite3", "a.sqlite3-wal", "a.sqlite3-shm"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setattr("experiments.server.private_home.connection", Elsewhere(database))
        found = by_subject(storage.diagnose())["rights"]
    assert found.level == "fail"
    assert all(name in found.text for name in ("a.sqlite3", "a.sqlite3-wal", "a.sqlite3-shm"))


class Elsewhere:
    """A connection to an SQLite database at another place."""

    vendor = "sqlite"

    def __init__(self, path: Path) -> None:
        self.settings_dict = {"NAME": path}


def test_a_home_that_cannot_be_written(tmp_path: Path, settings: Settings) -> None:
    settings.LIVETRAIN_HOME = Path("/proc")
    assert by_subject(storage.diagnose())["home"].level == "fail"


@pytest.mark.django_db
def test_folders_without_a_run_are_counted(settings: Settings) -> None:
    for name in ("999999", "not-a-run"):
        (Path(settings.RUNS_ROOT) / name).mkdir(parents=True)
    found = storage.diagnose_run_folders()
    assert found.level == "warn"
    assert found.text.endswith("belong to no run: 999999")


def test_lists_that_differ_from_the_runs(user: User) -> None:
    running_run(user)
    assert by_subject(peers.diagnose())["lists"].level == "ok"
    ListedRun.objects.update(status="failed")
    found = by_subject(peers.diagnose())["lists"]
    assert (found.level, found.text) == ("fail", "runs that are listed otherwise than they are: 1")
    call_command("migrate", verbosity=0)
    assert by_subject(peers.diagnose())["lists"].level == "ok"
    listed_runs.drop_triggers()
    assert "missing" in by_subject(peers.diagnose())["lists"].text


@pytest.mark.django_db
def test_a_database_of_an_older_version() -> None:
    applied = MigrationRecorder(connection)
    newest = applied.migration_qs.filter(app="runs").order_by("-name")[0].name
    applied.record_unapplied("runs", newest)
    found = by_subject(peers.diagnose())
    assert found["database"].level == "fail"
    assert newest in found["database"].text
    assert "clock" not in found


def test_a_clock_behind_the_newest_event(user: User) -> None:
    run = running_run(user)
    for seconds, level in ((1, "ok"), (8, "warn"), (60, "fail")):
        moment = format_time(timezone.now() + timedelta(seconds=seconds))
        RunEvent.objects.filter(run=run).update(timestamp=moment)
        assert by_subject(peers.diagnose())["clock"].level == level


@pytest.mark.django_db
def test_services_that_do_not_answer_are_named_without_their_password(settings: Settings) -> None:
    port = free_port()
    settings.BROKER_EMBEDDED, settings.BROKER_URL = False, f"amqp://me:hunter2@127.0.0.1:{port}"
    settings.REDIS_URL = "unix:///does/not/exist.sock"
    found = by_subject(peers.diagnose())
    assert found["broker"].level == found["channel layer"].level == "fail"
    assert found["broker"].text.startswith(f"127.0.0.1:{port} does not accept connections")
    assert "hunter2" not in str(found["broker"])


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    broken = Installation(tmp_path / "home", DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/x")
    with pytest.raises(AssertionError) as failure:
        broken.manage("doctor")
    assert "fail database: does not answer: 127.0.0.1:" in str(failure.value)
    assert "-> Start the database server, open its port, or correct DATABASE_URL." in str(failure.value)
    assert "hunter2" not in str(failure.value)
    assert "Traceback" not in str(failure.value)


def test_runs_that_wait_for_nobody_are_found(user: User) -> None:
    assert by_subject(peers.diagnose())["workers"].level == "ok"
    queued_run(user)
    found = by_subject(peers.diagnose())["workers"]
    assert (found.level, found.text) == ("warn", "1 run is queued and no worker is alive")
    assert "manage.py worker" in found.cure
    workers.register("here:1", "here", 2, [])
    assert by_subject(peers.diagnose())["workers"].text == "1 alive with 2 slots, 1 run queued"
