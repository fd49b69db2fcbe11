"""Match files to samples: a CSV with images, or one folder per class.

Names are plain strings here, and `base` is a folder's name with its slash: path objects took ten times as long for
200,000 files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Reading, Usage
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.files import repeats, split_names
from experiments.training.data.files.folders import Files
from experiments.training.data.files.image_names import EXTENSIONS, is_image, suffix
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.images import dicom_headers
from experiments.training.data.labels import labelling
from experiments.training.data.tables import label_table


def read(files: Files, config: DataConfig) -> Index:
    """Read the data set's samples from names and the CSV only, opening no image; raises SourceError."""
    found_tables = [name for name in files.sizes if _is_table(name)]
    images = [name for name in files.sizes if is_image(name)]
    base = _base(found_tables, images)
    if in_splits := _in_split_folders(images, base):
        return _from_split_folders(in_splits, base, config)
    if beside := _below(base, found_tables, folders=0):
        return _from_table(files, beside, images, base, config)
    return _from_folders(_below(base, images, folders=1), base, config)


def _from_table(files: Files, names: list[str], images: Sequence[str], base: str, config: DataConfig) -> Index:
    table = label_table.read(files, names, config)
    name, rows = table.name, table.rows
    file_of = _by_id([*_below(base, images, folders=0), *_below(base, images, folders=1)], base)
    _add_unsuffixed(files, base, file_of, {row.id for row in rows})
    missing = [row.id for row in rows if row.id not in file_of]
    if missing:
        raise _error(
            f"{len(missing)} of the {len(rows)} images that {name} names are missing: {some(missing)}. "
            f"Put them beside the CSV or in a folder such as images/, named id + {', '.join(sorted(EXTENSIONS))}."
        )
    ambiguous = [f"{row.id} ({some(sorted(file_of[row.id]))})" for row in rows if len(file_of[row.id]) > 1]
    if ambiguous:
        raise _error(f"{len(ambiguous)} ids have more than one image: {some(ambiguous)}; keep one each.")
    where = f"column {table.columns.target!r} of {name}"
    labels = labelling.read(Counter(row.target for row in rows), config, where)
    samples = [
        Sample(row.id, row.patient, label, file_of[row.id][0], row.split)
        for row in rows
        if (label := labels.label_of[row.target]) is not None
    ]
    unused = labels.unused((row.target, row.id) for row in rows)
    reading = label_table.reading(table.columns, name, Usage(total=len(rows), used=len(samples), unused=unused))
    unique = sorted(repeats.collapse(samples), key=lambda sample: sample.id)
    return Index(labels.classes, unique, labels.described(reading))


def _from_folders(images: Sequence[str], base: str, config: DataConfig) -> Index:
    """Index images in class folders; an image's id is its folder and name."""
    if not images:
        raise _error(
            "Neither a CSV nor class folders with images were found; give a CSV with an id and a target column "
            f"beside the images, or one folder per class that holds {', '.join(sorted(EXTENSIONS))} files."
        )
    class_of = {name: name[len(base) :].partition("/")[0] for name in images}
    return _in_class_folders(images, base, class_of, config, Reading(layout="class_folders"))


def _in_class_folders(
    images: Sequence[str], base: str, class_of: Mapping[str, str], config: DataConfig, reading: Reading
) -> Index:
    """Index images by path as id, leaving out those whose folder is called as missing labels are."""
    where = f"the names of the folders{f' in {base}' if base else ''}"
    labels = labelling.read(Counter(class_of.values()), config, where, "folders")
    named = sorted((name[len(base) :], name) for name in images)
    samples = [
        Sample(id_, None, label, name, _split_of(name, base) if reading.layout == "split_folders" else None)
        for id_, name in named
        if (label := labels.label_of[class_of[name]]) is not None
    ]
    unused = labels.unused((class_of[name], id_) for id_, name in named)
    files = Usage(total=len(named), used=len(samples), unused=unused)
    return Index(labels.classes, samples, labels.described(reading).extended(folder=base, files=files))


def _in_split_folders(images: Sequence[str], base: str) -> list[str]:
    """List images in class folders below `train/` and other split folders; none unless two splits have some."""
    split_of = {name: _split_of(name, base) for name in _below(base, images, folders=2)}
    found = [name for name, split in split_of.items() if split]
    return found if len({split_of[name] for name in found}) > 1 else []


def _split_of(name: str, base: str) -> SplitName | None:
    return split_names.named(name[len(base) :].partition("/")[0])


def _from_split_folders(images: Sequence[str], base: str, config: DataConfig) -> Index:
    """Index images by path as id: the same number in two splits is common and says nothing of the patient."""
    class_of = {name: name[len(base) :].split("/")[1] for name in images}
    return _in_class_folders(images, base, class_of, config, Reading(layout="split_folders"))


def _by_id(images: Sequence[str], base: str) -> dict[str, list[str]]:
    """Map ids to images: the name without extension, and the whole name or path for tables that use these."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in images:
        inner = path[len(base) :]
        name = inner.rpartition("/")[2]
        stem = name[: len(name) - len(suffix(name))]
        for id_ in (stem, name) if name == inner else (stem, name, inner):
            found[id_].append(path)
    return found


def _add_unsuffixed(files: Files, base: str, file_of: dict[str, list[str]], ids: Collection[str]) -> None:
    """Add DICOM files whose whole name is an id without an image: archives often leave the extension out."""
    missing = set(ids) - file_of.keys()
    others = [name for name in files.sizes if not is_image(name) and not _is_table(name)] if missing else []
    for path in [*_below(base, others, folders=0), *_below(base, others, folders=1)]:
        named = {path.rpartition("/")[2], path[len(base) :]} & missing
        if named and dicom_headers.is_dicom(files, path):
            for id_ in named:
                file_of[id_].append(path)


def _base(found_tables: Sequence[str], images: Sequence[str]) -> str:
    """Find the folder that holds the data: below any lone wrapping folder, as zips and downloads have them."""
    base, names = "", [*found_tables, *images]
    while len(tops := {name[len(base) :].partition("/")[0] for name in names}) == 1:
        inner = f"{base}{tops.pop()}/"
        is_file = not names[0].startswith(inner)
        classes = _below(inner, images, folders=0) and not _below(inner, found_tables, folders=0)
        if is_file or classes:
            break
        base = inner
    return base


def _below(base: str, names: Sequence[str], *, folders: int) -> list[str]:
    """Select the names with exactly `folders` folders between `base` and themselves."""
    return [name for name in names if name.startswith(base) and name.count("/", len(base)) == folders]


def _is_table(name: str) -> bool:
    return suffix(name) == ".csv"


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
