"""An environment of its own, as somebody has who got a model file: onnxruntime, NumPy, Pillow, and what they need."""

from __future__ import annotations

import re
import subprocess
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

PACKAGES = ("onnxruntime", "numpy", "pillow")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def make(folder: Path) -> Path:
    """Make the environment without pip, and return its Python; packages are links to those installed here."""
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    for name in _with_requirements(PACKAGES):
        _link(distribution(name), packages)
    return folder / "bin" / "python"


def run(python: Path, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python, isolated from this one."""
    command = [str(python), "-I", *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, env={"OMP_NUM_THREADS": "1"})
    assert not check or found.returncode == 0, found.stderr
    return found


def _with_requirements(names: tuple[str, ...]) -> set[str]:
    """Return the packages and all that they require, without extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower()
        if name in found:
            continue
        found.add(name)
        for line in distribution(name).requires or []:
            if "extra ==" not in line and (match := _NAME.match(line)):
                waiting.append(match.group())
    return found


def _link(package: Distribution, folder: Path) -> None:
    """Link what the package has directly in site-packages."""
    source = Path(str(package.locate_file("")))
    tops = {file.parts[0] for file in package.files or [] if ".." not in file.parts}
    for top in tops - {"__pycache__"}:
        place = folder / top
        if not place.exists() and (source / top).exists():
            place.symlink_to(source / top)
