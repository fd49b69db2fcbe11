"""The documentation names what the client offers."""

from __future__ import annotations

import re
from pathlib import Path

import livetrain
from docs.from_code.client import client_methods
from livetrain import Client, Run
from livetrain.cli import command, exit_codes

ROOT = Path(__file__).resolve().parents[2]


def test_every_method_has_its_line() -> None:
    for kind in (Client, Run):
        public = {name for name in dir(kind) if not name.startswith("_")}
        lines = client_methods(kind.__name__).splitlines()[2:]
        assert {re.split(r"[`(]", line)[1] for line in lines} == public
        assert all(line.endswith(". |") for line in lines)


def test_types_are_left_out() -> None:
    assert "| `wait(timeout=None, *, check=False)` | Wait until it has ended, and return it. |" in client_methods("Run")


def test_every_exception_has_its_line() -> None:
    page = (ROOT / "docs" / "reference" / "python-client.md").read_text()
    kinds = {
        name
        for name in livetrain.__all__
        if isinstance(getattr(livetrain, name), type) and issubclass(getattr(livetrain, name), Exception)
    }
    assert kinds - {"LivetrainError"} == set(re.findall(r"`(\w+)`", page.split("## Exceptions")[1])) & set(
        livetrain.__all__
    ) - {"LivetrainError", "Run"}


def test_every_command_and_exit_code_has_its_line() -> None:
    page = (ROOT / "docs" / "how-to" / "command-line.md").read_text()
    assert set(re.findall(r"^\| `livetrain (\w+)`", page, re.MULTILINE)) == set(command.cli.commands)
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == codes
