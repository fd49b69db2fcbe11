"""Node for tests of the pages' scripts: the one that `make` uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def node(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run Node in the repository's root."""
    return subprocess.run(
        ["sh", ".ci/node", *arguments],
        cwd=ROOT,
        env={**os.environ, "LIVETRAIN_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def exported(module: str, name: str) -> Any:
    """Return what a script exports under that name, as JSON has it."""
    script = f"import('./{module}').then((found) => console.log(JSON.stringify(found[{name!r}])))"
    answer = node("--input-type=module", "-e", script)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)
