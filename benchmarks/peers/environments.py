"""Environments of the contestants: made once, made again when what they need changed."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peers.contestants import ROOT, Contestant

_VERSIONS = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""


def python_of(contestant: Contestant, folder: Path) -> Path:
    """Return the interpreter of a contestant's environment, which is made first if need be (minutes)."""
    if not contestant.requirements:
        return Path(sys.executable)
    home = folder / contestant.driver
    python, stamp = home / "bin" / "python", home / "installed.json"
    wanted = json.dumps(contestant.requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    sys.stderr.write(f"== installing {contestant.name} into {home}\n")
    venv.create(home, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *contestant.requirements], check=True, cwd=ROOT)
    stamp.write_text(wanted)
    return python


def versions_of(contestant: Contestant, python: Path) -> dict[str, str]:
    """Return the installed versions that the results name."""
    asked = [str(python), "-c", _VERSIONS, *contestant.shown]
    return dict(json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout))
