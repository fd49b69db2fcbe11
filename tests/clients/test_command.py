"""The command `livetrain` against a real server: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User

from access.models import Membership, Project
from access.roles import Role
from livetrain.cli import command, exit_codes, output, watching
from livetrain.cli.configuration import options_from
from runs.models import Run
from tests.browser import story
from tests.clients.conftest import CLIENT
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
    assert json.loads(stranger("login", server.url, "--token", token, "--json").out)["url"] == server.url


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
    events = shell("watch", run.pk, "--json")
    assert (events.code, events.errors) == (code, "")
    told = [json.loads(line) for line in events.out.splitlines()]
    assert [one["seq"] for one in told] == list(range(1, story.last_seq(run) + 1))
    assert told[-1]["type"] == "training_end"
    assert shell("watch", run.pk, "--json", "--quiet").code == exit_codes.WRONG_USE


def test_logs_are_printed(shell: Shell, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["\tone \x1b[31mred", "Grün"]
    monkeypatch.setattr("livetrain.run.Run.log", lambda _run, _lines: lines)
    run = ended_run(owner)
    assert shell("logs", run.pk).out == "\tone �[31mred\nGrün\n"
    assert json.loads(shell("logs", run.pk, "--json").out) == lines


def test_a_reader_that_has_enough_ends_the_command_in_silence(
    shell: Shell, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ended_run(owner)
    monkeypatch.setenv("PYTHONPATH", str(CLIENT / "src"))
    script = "from livetrain.cli.command import main; main()"
    for arguments in (["ls"], ["watch", str(run.pk), "--json"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (exit_codes.UNREAD, "")


def test_a_table_is_not_broken_for_programs(shell: Shell, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    story.submit(owner, "long " * 30)
    assert len(shell("ls").out.splitlines()) == 2


def test_what_cannot_be_written_is_told(shell: Shell, owner: User, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = shell("export", ended_run(owner).pk, "x.csv", "--to", tmp_path / "file" / "below")
    assert (ended.code, ended.out) == (exit_codes.FAILED, "")
    assert ended.errors.startswith("Error: ")
    assert "Not a directory" in ended.errors


def test_a_letter_that_the_terminal_does_not_have_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.any_letter()
    output.as_json({"name": "Grün"})
    output.as_table(("name",), [("Grün",)])
    assert raw.getvalue() == b'{\n  "name": "Gr\\u00fcn"\n}\nname\nGr?n\n'


def test_a_token_of_the_environment_goes_to_no_other_server(shell: Shell) -> None:
    ended = shell("--url", "http://127.0.0.1:9", "--patience", 0, "ls")
    assert ended.code == exit_codes.WRONG_USE
    assert "No token for http://127.0.0.1:9" in ended.errors


def test_an_open_file_is_told_in_a_line(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'url = "{os.environ["LIVETRAIN_URL"]}"\ntoken = "{os.environ["LIVETRAIN_TOKEN"]}"\n')
    file.chmod(0o644)
    monkeypatch.setenv("LIVETRAIN_CONFIG", str(file))
    for name in ("LIVETRAIN_URL", "LIVETRAIN_TOKEN"):
        monkeypatch.delenv(name)
    ended = shell("ls")
    assert ended.code == exit_codes.DONE
    [told] = [line for line in ended.errors.splitlines() if "can read" in line]
    assert told == f"Warning: Others can read the token in {file}: chmod 600 {file}"


def test_runs_are_listed_and_shown(shell: Shell, owner: User) -> None:
    run = ended_run(owner)
    waiting = story.submit(owner, "Waits [red]")
    listed = shell("ls").out.splitlines()
    assert len(listed) == 3
    assert "Waits [red]" in listed[1]
    assert listed[2].split()[:2] == [str(run.pk), "completed"]
    assert [one["id"] for one in json.loads(shell("ls", "--json", "--status", "queued").out)] == [waiting.pk]
    assert len(shell("ls", "--limit", 1).out.splitlines()) == 2
    assert len(shell("ls", "--project", "Default").out.splitlines()) == 3
    assert len(shell("ls", "--project", "Lungs").out.splitlines()) == 1
    assert json.loads(shell("show", run.pk, "--json").out)["id"] == run.pk
    assert f"/runs/{run.pk}/" in shell("show", run.pk).out
    missing = shell("show", 10**6)
    assert missing.code == exit_codes.FAILED
    assert re.fullmatch(r"Error: Not found: Run 1000000 does not exist\.\n  \(request \w{32}\)\n", missing.errors)


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
    lungs = Project.objects.create(name="Lungs")
    Membership.objects.create(project=lungs, user=owner, role=Role.TRAINER)
    assert json.loads(shell("train", file, "--project", "Lungs", "--json").out)["project"] == "Lungs"
    wrong = shell("train", file, "--set", "trainer.max_epochs=-1", "--set", "optimizer.learning=1")
    assert wrong.code == exit_codes.FAILED
    assert "trainer.max_epochs: " in wrong.errors
    assert "optimizer.learning: " in wrong.errors
    assert Run.objects.count() == 4


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
    assert "points" in shell("data", "ls", "--project", "Default").out
    assert "points" not in shell("data", "ls", "--project", "Lungs").out
    nowhere = shell("data", "upload", table, "--project", "Nowhere")
    assert (nowhere.code, "There is no project 'Nowhere' for you" in nowhere.errors) == (exit_codes.FAILED, True)
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
    assert watching.sparkline([0.0, 0.5, 1.0], watching.PLAIN_BLOCKS) == "_=#"
    assert watching.sparkline([-1e308, 1e308]) == "▁█"
