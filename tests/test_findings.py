"""Scripts in `findings/` have the form that its README states. They are run by hand: each installs packages."""

import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "findings"
APPS = ("project", "experiments", "realtime", "notifications", "accounts", "runs", "access", "audit", "request_ids")
SCRIPTS = sorted(FOLDER.glob("*.sh"))
PARTS = ("Version", "One would guess:", "Seen:", "Cost:")
each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def installed(text: str) -> list[str]:
    """List the requirements that a script passes to pip, without options."""
    calls = re.findall(r"^\S*pip install (.*)$", text, re.MULTILINE)
    return [word for call in calls for word in call.split() if not word.startswith("-")]


def listed() -> dict[str, str]:
    """Return the names in the README's table, each with the packages and versions beside it."""
    rows = re.findall(r"^\| `([\w-]+\.sh)` \| ([^|]+) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    return dict(rows)


def test_the_readme_lists_each_script_once_in_order() -> None:
    assert SCRIPTS
    assert list(listed()) == [script.name for script in SCRIPTS]
    assert {path.name for path in FOLDER.iterdir()} == {"README.md", *listed()}


@each_script
def test_a_finding_begins_strictly_and_says_what_it_is_about(script: Path) -> None:
    first, second, *rest = script.read_text().splitlines()
    assert (first, second) == ("#!/usr/bin/env bash", "set -euo pipefail")
    assert script.stat().st_mode & 0o111
    head = "\n".join(rest[: rest.index("")])
    assert all(line.startswith("# ") for line in head.splitlines())
    places = [head.find(f"# {part}") for part in PARTS]
    assert places == sorted(places)
    assert -1 not in places


@each_script
def test_a_finding_works_in_a_temporary_folder_and_can_fail(script: Path) -> None:
    text = script.read_text()
    assert '\nfolder=$(mktemp -d)\ntrap \'rm -rf "$folder"\' EXIT\ncd "$folder"\n' in text
    assert "Changed: " in text
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@each_script
def test_a_finding_pins_what_it_installs_and_states_the_versions(script: Path) -> None:
    text = script.read_text()
    pins = installed(text)
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", pin) for pin in pins)
    for package in listed()[script.name].split(", "):
        name, version = package.split(" ")
        assert f"{name} {version}" in text
        assert name == "Python" or f"{name}=={version}" in pins


@each_script
def test_a_finding_holds_nothing_of_ours_or_of_one_machine(script: Path) -> None:
    imports = re.findall(r"^\s*(?:from|import) (\w+)", script.read_text(), re.MULTILINE)
    assert not {*APPS, "livetrain"} & set(imports)
    assert not re.search(r"https?://|--(?:extra-)?index-url|/(?:home|root|work|opt)/", script.read_text())
