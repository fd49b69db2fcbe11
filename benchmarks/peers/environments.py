"""Environments of the contestants: made once, made again when what they need changed."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

from benchmarks.peers.contestants import ROOT, Contestant

_VERSIONS = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""


class Ready(NamedTuple):
    """A contestant with the interpreter of its environment; `failure` says why it has none."""

    contestant: Contestant
    python: Path
    versions: tuple[tuple[str, str], ...] = ()
    failure: str = ""


def prepared(contestant: Contestant, folder: Path) -> Ready:
    """Make the environment of a contestant, if need be (minutes); one that fails costs its own rows only."""
    try:
        python = _python_of(contestant, folder)
        return Ready(contestant, python, tuple(_versions_of(contestant, python).items()))
    except (subprocess.CalledProcessError, OSError) as error:
        told = str(getattr(error, "stderr", None) or error).strip()
        sys.stderr.write(f"   {contestant.name} could not be installed: {told}\n")
        return Ready(contestant, Path(sys.executable), failure=f"could not be installed: {told.splitlines()[-1]}")


def _python_of(contestant: Contestant, folder: Path) -> Path:
    """Return the interpreter of a contestant's environment, which is made first if need be."""
    if not contestant.requirements:
        return Path(sys.executable)
    home = folder / contestant.driver
    python, stamp = home / "bin" / "python", home / "installed.json"
    wanted = json.dumps([one.replace(str(ROOT), "") for one in contestant.requirements])
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    sys.stderr.write(f"== installing {contestant.name} into {home}\n")
    venv.create(home, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *contestant.requirements], check=True, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    stamp.write_text(wanted)
    return python


def _versions_of(contestant: Contestant, python: Path) -> dict[str, str]:
    """Return the installed versions that the results name."""
    asked = [str(python), "-c", _VERSIONS, *contestant.shown]
    return dict(json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout))
