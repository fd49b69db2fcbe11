"""The command `livetrain` against a real server: what it prints, and how it ends."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User

from livetrain.cli import command, exit_codes, watching
from livetrain.cli.configuration import options_from
from runs.models import Run
from tests.browser import story
from tests.clients.test_client import ended_run
from tests.servers import WebServer


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    errors: str


class Shell:
    """Calls the command as a shell does."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: object) -> Ended:
        self._monkeypatch.setattr("sys.argv", ["livetrain", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            command.main()
        code = end.value.code
        return Ended(code if isinstance(code, int) else 0, *self._capsys.readouterr())


@pytest.fixture
def stranger(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    """Return a shell whose user has not logged in."""
    monkeypatch.setenv("LIVETRAIN_CONFIG", str(tmp_path / "kept" / "config.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("LIVETRAIN_URL", "LIVETRAIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Shell(capsys, monkeypatch)


@pytest.fixture
def shell(stranger: Shell, server: WebServer, token: str, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell whose environment says where the server is."""
    monkeypatch.setenv("LIVETRAIN_URL", server.url)
    monkeypatch.setenv("LIVETRAIN_TOKEN", token)
    return stranger


def test_login_is_kept_once_it_works(stranger: Shell, server: WebServer, token: str, tmp_path: Path) -> None:
    assert stranger("ls").code == exit_codes.WRONG_USE
    assert stranger("login", server.url, "--token", "wrong").code == exit_codes.WRONG_USE
    assert not (tmp_path / "kept").exists()
    assert stranger("login", server.url, "--token", token).code == exit_codes.DONE
    [file] = (tmp_path / "kept").iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("config.toml", 0o600)
    assert stranger("ls").code == exit_codes.DONE


@pytest.mark.parametrize(
    ("status", "code"),
    [("completed", exit_codes.DONE), ("failed", exit_codes.FAILED), ("cancelled", exit_codes.CANCELLED)],
)
def test_the_exit_code_is_that_of_the_run(shell: Shell, owner: User, status: str, code: int) -> None:
    run = ended_run(owner, status, None if status == "completed" else "It said [bold]why[/bold].")
    ended = shell("watch", run.pk)
    assert ended.code == code
    assert f"Run {run.pk} is {status}" in ended.out
    assert "epoch 3 of 6: " in ended.out
    assert ("[bold]why[/bold]" in ended.out) is (status != "completed")
    quiet = shell("watch", run.pk, "--quiet")
    assert quiet == (code, "", "")


def test_runs_are_listed_and_shown(shell: Shell, owner: User) -> None:
    run = ended_run(owner)
    waiting = story.submit(owner, "Waits [red]")
    listed = shell("ls").out.splitlines()
    assert len(listed) == 3
    assert "Waits [red]" in listed[1]
    assert listed[2].split()[:2] == [str(run.pk), "completed"]
    assert [one["id"] for one in json.loads(shell("ls", "--json", "--status", "queued").out)] == [waiting.pk]
    assert len(shell("ls", "--limit", 1).out.splitlines()) == 2
    assert json.loads(shell("show", run.pk, "--json").out)["id"] == run.pk
    assert f"/runs/{run.pk}/" in shell("show", run.pk).out
    missing = shell("show", 10**6)
    assert (missing.code, missing.errors) == (exit_codes.FAILED, "Error: Run 1000000 does not exist.\n")


def test_runs_are_started_changed_and_stopped(shell: Shell, owner: User, tmp_path: Path) -> None:
    run = ended_run(owner)
    cloned = json.loads(shell("clone", run.pk, "--set", "trainer.max_epochs=9", "--json").out)
    assert cloned["config"]["trainer"]["max_epochs"] == 9
    assert "cancelled" in shell("stop", cloned["id"]).out
    again = shell("stop", cloned["id"])
    assert (again.code, again.out) == (exit_codes.FAILED, "")
    assert "there is nothing to stop" in again.errors
    assert shell("stop", run.pk, "--now", "--evaluate").code == exit_codes.WRONG_USE
    file = tmp_path / "options.toml"
    file.write_text('experiment_name = "T"\nsource_path = "builtin:digits-is-8"\n[trainer]\nmax_epochs = 2\n')
    queued = json.loads(shell("train", file, "--set", "seed=5", "--json").out)
    assert (queued["status"], queued["config"]["seed"]) == ("queued", 5)
    wrong = shell("train", file, "--set", "trainer.max_epochs=-1", "--set", "optimizer.learning=1")
    assert wrong.code == exit_codes.FAILED
    assert "trainer.max_epochs: " in wrong.errors
    assert "optimizer.learning: " in wrong.errors
    assert Run.objects.count() == 3


def test_files_are_exported(shell: Shell, owner: User, tmp_path: Path) -> None:
    run = ended_run(owner)
    assert shell("export", run.pk, "--list").out.split() == ["name", "bytes"]
    assert shell("export", run.pk, "results.json", "--to", tmp_path).code == exit_codes.FAILED
    assert list(tmp_path.glob("results*")) == []


def test_a_data_set_is_uploaded(shell: Shell, owner: User, tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text("a,b,label\n" + "".join(f"{number},{number % 7},{number % 2}\n" for number in range(60)))
    uploaded = shell("data", "upload", table, "--no-wait", "--json")
    assert uploaded.code == exit_codes.DONE
    assert json.loads(uploaded.out)["name"] == "points"
    assert "points" in shell("data", "ls").out
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "is empty" in shell("data", "upload", empty).errors


def test_a_server_that_is_away_is_told(stranger: Shell) -> None:
    ended = stranger("--url", "http://127.0.0.1:9", "--token", "x", "--patience", 0, "ls")
    assert ended.code == exit_codes.UNREACHABLE
    assert ended.errors.startswith("Error: The server does not answer: ")


def test_options_come_from_a_file_and_from_arguments(tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    file.write_text('{"trainer": {"max_epochs": 2}, "seed": 1}')
    found = options_from(str(file), ["trainer.accelerator=cpu", "seed=2", "data.classes=[1, 2]", "tags=null"])
    expected = {"trainer": {"max_epochs": 2, "accelerator": "cpu"}, "seed": 2, "data": {"classes": [1, 2]}}
    assert found == expected | {"tags": None}
    assert options_from(None, ["a=b=c"]) == {"a": "b=c"}


def test_a_curve_is_drawn_in_letters() -> None:
    assert watching.sparkline([0.0, 0.5, 1.0]) == "▁▅█"
    assert watching.sparkline([2.0, 2.0]) == "▄▄"
    many = watching.sparkline([float(number) for number in range(1_000)])
    assert (len(many), many[-1]) == (watching.WIDEST, "█")
