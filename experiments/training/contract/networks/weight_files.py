"""Resolve `model.weights_file` to a file in the models folder, before a run is queued. Imports no torch."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from experiments.training.contract.source_errors import SourceError, some

SUFFIXES = (".pt", ".pth", ".ckpt")
MAX_BYTES = 4 * 2**30


def resolve(name: str, folder: Path) -> Path:
    """Return the existing file, symbolic links resolved, without reading it; raises SourceError."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise _error(f"{name!r} must be a path inside the models folder ({folder}), relative to it and without '..'.")
    if path.suffix.lower() not in SUFFIXES:
        raise _error(f"{name!r} is not a weights file; it must end in {', '.join(SUFFIXES)}.")
    try:
        found = _inside(name, folder)
        _check_size(name, found.stat().st_size)
    except (OSError, ValueError, RuntimeError) as error:  # NUL characters, names too long, loops of links
        if isinstance(error, SourceError):
            raise
        raise _error(f"{name!r} cannot be opened: {getattr(error, 'strerror', None) or error}.") from error
    return found


def check_unpacked(path: Path) -> None:
    """Raise SourceError if the file's unpacked contents are too large; torch's files are zip archives.

    Only for the training process: the directory of a hostile archive may itself fill the memory.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            _check_size(path.name, sum(entry.file_size for entry in archive.infolist()))


def _inside(name: str, folder: Path) -> Path:
    candidate = folder / name
    if not candidate.is_file():
        raise _error(f"{name!r} does not exist in the models folder ({folder}); {_present(folder)}.")
    found = candidate.resolve(strict=True)
    if not found.is_relative_to(folder.resolve()):
        raise _error(f"{name!r} is a link that leads outside the models folder; copy the file into it.")
    return found


def present(folder: Path) -> list[str]:
    """List the files that `model.weights_file` may name, by name; empty where there is no such folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def _present(folder: Path) -> str:
    files = present(folder)
    return f"it holds {some(files, shown=10)}" if files else "put the file there"


def _check_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise _error(f"{name!r} holds {size / 2**30:.1f} GiB, more than {MAX_BYTES >> 30}; keep only weights in it.")


def _error(message: str) -> SourceError:
    return SourceError("model.weights_file", message)
