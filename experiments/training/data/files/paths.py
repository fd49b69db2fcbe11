"""Resolve `source_path` to a path on disk inside a data root, symbolic links resolved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from experiments.training.contract.source_errors import SourceError


def resolve(source_path: str, roots: Sequence[Path], *, field: str = "source_path") -> tuple[Path, Path]:
    """Resolve to the existing file or folder and the root that holds it, both without symbolic links.

    An absolute path must lie in a root; a relative one is looked up in each root in turn. Raises SourceError for
    `field`, the option that names the path.
    """
    try:
        return _resolve(source_path, roots)
    except SourceError as error:
        raise SourceError(field, error.message) from error


def _resolve(source_path: str, roots: Sequence[Path]) -> tuple[Path, Path]:
    if not roots:
        raise _error("No data folder is available to trainings: set LIVETRAIN_DATA_ROOTS, or use a built-in data set.")
    if ".." in PurePosixPath(source_path).parts:
        raise _error(f"{source_path!r} contains '..'; write the path without it.")
    try:
        return _found(source_path, [root.resolve() for root in roots], roots)
    except (OSError, ValueError, RuntimeError) as error:  # NUL characters, names too long, loops of links
        if isinstance(error, SourceError):
            raise
        raise _error(f"{source_path!r} cannot be opened: {_words(error)}.") from error


def _found(source_path: str, real_roots: Sequence[Path], roots: Sequence[Path]) -> tuple[Path, Path]:
    listed = ", ".join(map(str, roots))
    candidates = _candidates(source_path, [*roots, *real_roots])
    if not candidates:
        raise _error(f"{source_path!r} lies outside the data roots ({listed}); put it there.")
    for candidate in candidates:
        if candidate.exists():
            path = candidate.resolve(strict=True)
            return path, _root_of(path, real_roots, source_path)
    raise _error(f"{source_path!r} does not exist; give a path inside the data roots ({listed}).")


def _candidates(source_path: str, roots: Sequence[Path]) -> list[Path]:
    path = Path(source_path)
    if path.is_absolute():
        return [path] if any(path.is_relative_to(root) for root in roots) else []
    return [root / path for root in roots]


def _root_of(path: Path, roots: Sequence[Path], source_path: str) -> Path:
    for root in roots:
        if path.is_relative_to(root):
            return root
    raise _error(f"{source_path!r} is a link that leads outside the data roots; copy the data into one.")


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
