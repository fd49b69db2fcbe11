"""Which packages each requirement file brings, direct and indirect, by what the installed ones say they require."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    "PyTorch": "requirements-torch.txt",
    "server": "requirements.txt",
    "extra dicom": "requirements-dicom.txt",
    "extra monai": "requirements-monai.txt",
    "extra s3": "requirements-s3.txt",
    "extra onnx": "requirements-onnx.txt",
    "extra report": "requirements-report.txt",
    "documentation": "requirements-docs.txt",
    "tests": "requirements-test.txt",
}
"""The sets in the order in which `make` installs them."""


def pinned() -> dict[str, str]:
    """Return the version of each package of a complete installation, by its canonical name."""
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in _lines("constraints.txt")}


def packages_of(name: str) -> set[str]:
    """Return the canonical names of what this requirement file installs, as far as they are pinned."""
    known, found = pinned(), set[str]()
    waiting = list(_lines(name))
    while waiting:
        one = waiting.pop()
        package = canonicalize_name(one.name)
        wanted = {f"{package}[{extra}]" for extra in one.extras} | {package}
        if package not in known or wanted <= found:
            continue
        found |= wanted
        waiting.extend(_required_by(package, one.extras))
    return {package for package in found if "[" not in package}


def additional() -> dict[str, set[str]]:
    """Return by set what it installs beyond those before it."""
    before: set[str] = set()
    sets: dict[str, set[str]] = {}
    for name, file in FILES.items():
        sets[name] = packages_of(file) - before
        before |= sets[name]
    return sets


def _lines(name: str) -> Iterator[Requirement]:
    for line in (ROOT / name).read_text().splitlines():
        if text := re.sub(r"#.*", "", line).strip():
            yield Requirement(text)


def _required_by(package: str, extras: Iterable[str]) -> Iterator[Requirement]:
    """Yield what a package requires with these extras on any platform that the pinned versions are for."""
    try:
        texts = metadata.requires(package) or []
    except metadata.PackageNotFoundError:  # for other versions of Python
        return
    for one in map(Requirement, texts):
        named = re.findall(r"extra\s*==\s*['\"]([^'\"]+)", str(one.marker or ""))
        if not named or set(map(canonicalize_name, named)) & set(map(canonicalize_name, extras)):
            yield one
