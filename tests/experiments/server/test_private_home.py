"""A home is for the server's account alone, whatever the umask of the shell; old homes are made so at start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from experiments.server import private_home
from runs import private_files
from tests.installation import Installation, Server
from tests.prepared_home import prepared

sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="there is no database in the home")


@contextmanager
def shell_with(umask: int) -> Iterator[None]:
    """Give processes started within this umask, as a shell does."""
    previous = os.umask(umask)
    try:
        yield
    finally:
        os.umask(previous)


def open_to_others(folder: Path, mask: int = 0o077) -> dict[str, str]:
    """Return what other accounts may use, with its rights."""
    found = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    modes = {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in found}
    return {name: f"{mode:o}" for name, mode in modes.items() if mode & mask}


def train_something(server: Server) -> None:
    """Write run files of all kinds: log, checkpoint, tables."""
    run = server.train(experiment_name="x", source_path="builtin:breast-cancer", trainer={"max_epochs": 1})
    server.wait_for(run, "completed")
    names = {file["name"] for file in server.get(f"/api/runs/{run}/files/")["files"]}
    assert {"train.log", "predictions.parquet"} <= names
    upload = server.post("/api/datasets/uploads/", {"filename": "t.csv", "size": 3})
    assert upload["received"] == 0


@sqlite_only
def test_a_new_home_is_private_with_trainings_uploads_and_logs_in_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with shell_with(0o000), Installation(home).serve() as server:
        train_something(server)
        assert (home / "livetrain.sqlite3-wal").is_file()
        assert open_to_others(home) == {}
    assert (home / "livetrain.sqlite3").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700


@sqlite_only
def test_an_old_home_is_made_private_at_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    old = prepared(home)
    old.manage("migrate")
    for name in ("runs/1/train.log", "runs/1/checkpoints/last.ckpt", "datasets/uploads/ab/x.zip", "models/w.pt"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("old")
    (home / "models" / "link.pt").symlink_to(tmp_path / "elsewhere.pt")
    (tmp_path / "elsewhere.pt").write_text("not ours")
    (tmp_path / "elsewhere.pt").chmod(0o644)
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    with pytest.raises(
        AssertionError, match=r"(?s)fail +rights: other accounts .*livetrain\.sqlite3.* -> Run: chmod go-rwx"
    ):
        old.manage("doctor")
    with shell_with(0o022), old.serve("--no-worker"):
        assert open_to_others(home) == {}
    assert (tmp_path / "elsewhere.pt").stat().st_mode & 0o777 == 0o644
    assert "could be read by other accounts" in (home / "serve.log").read_text()
    assert "fail rights" not in old.manage("doctor")


@sqlite_only
def test_commands_make_it_private_too(tmp_path: Path) -> None:
    with shell_with(0o022):
        Installation(tmp_path / "home").manage("migrate")
        Installation(tmp_path / "home").manage("backup", str(tmp_path / "copy"))
    assert open_to_others(tmp_path / "home") == open_to_others(tmp_path / "copy") == {}


@sqlite_only
def test_a_group_may_read_a_home_on_purpose(tmp_path: Path) -> None:
    """As an account that makes back-ups does."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o2777)
    shared = Installation(home, LIVETRAIN_GROUP_ACCESS="read")
    with shell_with(0o000):
        shared.manage("migrate")
        shared.manage(
            "shell", "--no-imports", "-c", "from experiments.server import private_home as p; p.make_private()"
        )
    assert home.stat().st_mode & 0o7777 == 0o2750, "and stays with its group"
    assert (home / "livetrain.sqlite3").stat().st_mode & 0o777 == 0o640
    assert (home / "secrets" / "django.key").stat().st_mode & 0o777 == 0o600
    assert open_to_others(home, 0o027) == {}
    assert "ok   rights" in shared.manage("doctor")


def test_a_wrong_value_is_named_at_start(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="LIVETRAIN_GROUP_ACCESS='all': expected none or read"):
        Installation(tmp_path / "home", LIVETRAIN_GROUP_ACCESS="all").manage("check")


def test_what_is_not_ours_is_left_and_said(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A home on a read-only disk, or of another account, hinders no start."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    settings.LIVETRAIN_HOME = tmp_path
    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    private_home.make_private()
    assert "manage.py doctor" in caplog.text
    assert private_files.exposed([tmp_path]) == [tmp_path]


def test_the_umask_is_asked_for_without_changing_it() -> None:
    with shell_with(0o027):
        assert private_files.umask() == 0o027
        assert private_files.file_mode() == 0o640
        assert os.umask(0o027) == 0o027
