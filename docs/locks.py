"""Write `locks/`: the checksums of what `make` installs, for `pip install --require-hashes`.

`python -m docs.locks` after a change of a requirement, with uv in PATH: it asks the package index for the checksums of
the versions in `constraints.txt`, and resolves nothing. A test compares the files with the requirements.

PyTorch itself is in none: each of its builds (CPU, each version of CUDA, other indexes) has other files, and brings
other packages. Its file can be downloaded and compared by hand: `pip hash` tells its checksum.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from docs.requirement_sets import FILES, ROOT, packages_of, pinned

FOLDER = ROOT / "locks"
WITHOUT_CHECKSUM = {"torch"}
ONLY_FOR = {"async-timeout": 'python_full_version < "3.11.3"'}
COMPILE = ("uv", "pip", "compile", "--generate-hashes", "--no-deps", "--no-header", "--no-annotate", "--quiet")
HEAD = "# Made by `python -m docs.locks`. Install with: pip install --require-hashes --no-deps -r locks/{name}\n"


def file_of(requirements: str) -> str:
    """Return the name of the lock of a requirement file."""
    return requirements.replace("requirements-", "").replace("requirements", "server")


def names() -> dict[str, set[str]]:
    """Return by lock which packages it has: those of its requirement file that PyTorch's and the server's have not."""
    torch, server = (packages_of(FILES[purpose]) for purpose in ("PyTorch", "server"))
    before = {"PyTorch": WITHOUT_CHECKSUM, "server": torch}
    return {file_of(file): packages_of(file) - before.get(purpose, torch | server) for purpose, file in FILES.items()}


def entries(text: str) -> dict[str, str]:
    """Return the lines of each package in a lock."""
    found = re.findall(r"^(([\w.-]+)==\S.*?(?:\\\n.*?)*)$", text, re.MULTILINE)
    return {name: lines for lines, name in found}


def with_marker(name: str, lines: str) -> str:
    """Limit a package to the versions of Python that need it."""
    if name not in ONLY_FOR:
        return lines
    return re.sub(r"^(\S+)", rf"\1 ; {ONLY_FOR[name]}", lines, count=1)


def main() -> None:
    """Ask for the checksums, and write the files."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.writelines(f"{name}=={version}\n" for name, version in pinned().items() if name not in WITHOUT_CHECKSUM)
        wanted.flush()
        done = subprocess.run([*COMPILE, wanted.name], capture_output=True, text=True, check=True)  # noqa: S603
    known = entries(done.stdout)
    FOLDER.mkdir(exist_ok=True)
    for name, packages in names().items():
        lines = [with_marker(package, known[package]) for package in sorted(packages)]
        Path(FOLDER / name).write_text(HEAD.format(name=name) + "\n".join(lines) + "\n")
    sys.stdout.write(f"{FOLDER.name}/ is new: {', '.join(names())}\n")


if __name__ == "__main__":
    main()
