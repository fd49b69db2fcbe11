"""Which file is which sample: a CSV with images, or one folder per class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from experiments.training.config import DataConfig
from experiments.training.data import dicom_headers, labels, repeats, split_names, tables
from experiments.training.data.archives import READ_ERRORS
from experiments.training.data.errors import SourceError, some
from experiments.training.data.folders import Files
from experiments.training.data.image_names import EXTENSIONS
from experiments.training.data.image_names import is_image as _is_image
from experiments.training.data.index import Index, Sample
from experiments.training.data.splits import SplitName


def read(files: Files, config: DataConfig) -> Index:
    """The data set's samples; raises SourceError. Looks at names and the CSV only, opens no image."""
    paths = [path for path in map(PurePosixPath, files.sizes) if _is_table(path) or _is_image(path)]
    base = _base(paths)
    if in_splits := _in_split_folders(paths, base):
        return _from_split_folders(in_splits, base)
    near = [path for path in paths if base in (path.parent, path.parent.parent)]
    images = [path for path in near if _is_image(path)]
    found_tables = [str(path) for path in near if _is_table(path) and path.parent == base]
    if found_tables:
        return _from_table(files, found_tables, images, base, config)
    return _from_folders([path for path in images if path.parent != base])


def _from_table(
    files: Files, names: list[str], images: list[PurePosixPath], base: PurePosixPath, config: DataConfig
) -> Index:
    name, rows = tables.read(files, names, config)
    file_of = _by_id(images, base)
    _add_unsuffixed(files, base, file_of, {row.id for row in rows})
    missing = [row.id for row in rows if row.id not in file_of]
    if missing:
        raise _error(
            f"{len(missing)} of the {len(rows)} images that {name} names are missing: {some(missing)}. "
            f"Put them beside the CSV or in a folder such as images/, named id + {', '.join(sorted(EXTENSIONS))}."
        )
    ambiguous = [f"{row.id} ({some(file_of[row.id])})" for row in rows if len(file_of[row.id]) > 1]
    if ambiguous:
        raise _error(f"{len(ambiguous)} ids have more than one image: {some(ambiguous)}; keep one each.")
    classes, label_of = labels.number(row.target for row in rows)
    unique = repeats.collapse(
        Sample(row.id, row.patient, label_of[row.target], file_of[row.id][0], row.split) for row in rows
    )
    return Index(classes, sorted(unique, key=lambda sample: sample.id))


def _from_folders(images: Sequence[PurePosixPath]) -> Index:
    if not images:
        raise _error(
            "Neither a CSV nor class folders with images were found; give a CSV with an id and a target column "
            f"beside the images, or one folder per class that holds {', '.join(sorted(EXTENSIONS))} files."
        )
    classes, label_of = labels.number(path.parent.name for path in images)
    named = [(f"{path.parent.name}/{path.name}", path) for path in images]
    return Index(classes, [Sample(id_, id_, label_of[path.parent.name], str(path)) for id_, path in sorted(named)])


def _in_split_folders(paths: Sequence[PurePosixPath], base: PurePosixPath) -> list[PurePosixPath]:
    """The images in class folders below `train/` and other split folders; none where there are no such folders."""
    found = [path for path in paths if _is_image(path) and path.parent.parent.parent == base and _split_of(path)]
    return found if len({_split_of(path) for path in found}) > 1 else []


def _split_of(path: PurePosixPath) -> SplitName | None:
    return split_names.named(path.parent.parent.name)


def _from_split_folders(images: Sequence[PurePosixPath], base: PurePosixPath) -> Index:
    """An image's id is its path: the same number in two splits is common, and says nothing of the patient."""
    classes, label_of = labels.number(path.parent.name for path in images)
    named = sorted((str(path.relative_to(base)), path) for path in images)
    return Index(
        classes, [Sample(id_, id_, label_of[path.parent.name], str(path), _split_of(path)) for id_, path in named]
    )


def _by_id(images: Sequence[PurePosixPath], base: PurePosixPath) -> dict[str, list[str]]:
    """Images by name without extension, and by whole name or path for tables that write these out."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in images:
        for name in {path.stem, path.name, str(path.relative_to(base))}:
            found[name].append(str(path))
    return found


def _add_unsuffixed(files: Files, base: PurePosixPath, file_of: dict[str, list[str]], ids: set[str]) -> None:
    """DICOM files whose whole name is an id without an image: scanners and archives leave the extension out."""
    missing = ids - file_of.keys()
    for path in map(PurePosixPath, files.sizes if missing else ()):
        if _is_image(path) or _is_table(path) or base not in (path.parent, path.parent.parent):
            continue
        named = {path.name, str(path.relative_to(base))} & missing
        if named and is_dicom(files, str(path)):
            for id_ in named:
                file_of[id_].append(str(path))


def is_dicom(files: Files, name: str) -> bool:
    """Whether the file has DICOM's mark, whatever its name."""
    try:
        with files.open(name) as file:
            return dicom_headers.marked(file)
    except READ_ERRORS:
        return False


def _base(paths: Sequence[PurePosixPath]) -> PurePosixPath:
    """The folder that holds the data: below any lone wrapping folder, as zips and downloads have them."""
    base = PurePosixPath()
    while len(tops := {path.parts[len(base.parts)] for path in paths}) == 1:
        inner = base / tops.pop()
        inside = [path for path in paths if path.parent == inner]
        if inner in paths or (any(map(_is_image, inside)) and not any(map(_is_table, inside))):
            break
        base = inner
    return base


def _is_table(path: PurePosixPath) -> bool:
    return path.suffix.lower() == ".csv"


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
