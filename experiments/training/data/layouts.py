"""Make samples of files: images in one folder per class, or images that a table names.

Names are plain strings here, and `base` is a folder's name with its slash: path objects took ten times as long for
200,000 files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Finding, MergedClass, Reading, Usage
from experiments.training.contract.source_errors import some
from experiments.training.data.arrangement import (
    accounting,
    folder_entries,
    layout_choice,
    listing,
    table_entries,
)
from experiments.training.data.arrangement.entries import Entries, Entry
from experiments.training.data.arrangement.listing import LeftOut, Listing
from experiments.training.data.arrangement.tabled_images import TabledImages
from experiments.training.data.files import labels, repeats
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, Sample


def read(files: Files, config: DataConfig) -> Index:
    """Read the data set's samples from names and tables only, opening no image; raises SourceError."""
    listed = listing.read(files, config)
    chosen = layout_choice.choose(files, listed, config)
    found = (
        table_entries.read(chosen.source, listed, config)
        if isinstance(chosen.source, TabledImages)
        else folder_entries.read(chosen.source, listed)
    )
    labelled = _label(found)
    used = {sample.file for sample in labelled.samples} | set(found.tables)
    unused = _unused_images(listed, found, labelled, used)
    reading = Reading(
        layout=found.layout,
        why=found.why,
        folder=listed.base.rstrip("/"),
        table=found.option,
        classes=labelled.classes,
        merged=labelled.merged,
        files=accounting.files(len(files.sizes), listed, used, unused),
        rows=_rows(found, labelled),
        patients=found.patients,
        questions=[*(() if found.told_by_names else listed.questions), *chosen.questions, *found.questions],
        findings=[
            *listed.findings,
            *(listed.instead if found.told_by_names else ()),
            *chosen.findings,
            *found.findings,
            *_told(labelled.merged if not found.tables else ()),
            *accounting.findings(listed, used, unused),
        ],
    )
    return Index(labelled.classes, labelled.samples, reading)


def beside_table(files: Files, index: Index, table: str) -> Index:
    """Add to the reading of data that are one table what other files there are."""
    reading = structs.replace(
        index.reading,
        layout="rows",
        why=index.reading.why or f"There are no images that can be read; each row of {table} is a sample.",
        table=table,
        files=accounting.beside_table(files.sizes, table),
        findings=[*index.reading.findings, *accounting.formats_not_read(files.sizes)],
    )
    return replace(index, reading=reading)


def without(index: Index, unreadable: Collection[str]) -> Index:
    """Leave out the samples whose images cannot be read, and count their files and rows as unused."""
    gone = [sample for sample in index.samples if sample.file in unreadable]
    reading = structs.replace(
        index.reading,
        files=accounting.without(index.reading.files, _unreadable([sample.file for sample in gone])),
        rows=accounting.without(index.reading.rows, _unreadable([sample.id for sample in gone])),
    )
    kept = [sample for sample in index.samples if sample.file not in unreadable]
    return replace(index, samples=kept, reading=reading)


def _unreadable(names: Sequence[str]) -> LeftOut:
    return LeftOut("unreadable", "cannot be read", names)


@dataclass(frozen=True)
class _Labelled:
    """The samples with their labels, the classes of several names, and the entries whose label says nothing."""

    classes: list[str]
    samples: list[Sample]
    merged: list[MergedClass]
    without_label: Sequence[Entry]


def _label(found: Entries) -> _Labelled:
    classes, label_of = labels.number(entry.target for entry in found.entries)
    samples = [
        Sample(id_, patient, label_of[target], file, split)
        for id_, patient, target, file, split in found.entries
        if target in label_of
    ]
    without = (
        [entry for entry in found.entries if entry.target not in label_of] if len(samples) < len(found.entries) else []
    )
    if found.tables:
        samples = sorted(repeats.collapse(samples), key=lambda sample: sample.id)
    return _Labelled(classes, samples, _merged(classes, label_of), without)


def _merged(classes: Sequence[str], label_of: Mapping[str, int]) -> list[MergedClass]:
    """List the classes that data name in several ways."""
    names: dict[int, list[str]] = defaultdict(list)
    for name, label in label_of.items():
        names[label].append(name)
    return [MergedClass(name=classes[label], spellings=sorted(same)) for label, same in names.items() if len(same) > 1]


def _told(merged: Sequence[MergedClass]) -> Iterator[Finding]:
    """Tell of folders with two names that are one class, such as `1` and `01`."""
    if merged:
        listed = some([f"{' and '.join(one.spellings)} are {one.name}" for one in merged])
        text = (
            f"Class folders whose names are the same number are one class: {listed}. Rename them if they are several."
        )
        yield Finding(code="labels_merged", level="info", text=text)


def _unused_images(listed: Listing, found: Entries, labelled: _Labelled, used: Collection[str]) -> list[LeftOut]:
    """Group the images that are no samples by the reason."""
    unlabelled = {entry.file for entry in labelled.without_label} - set(used)
    if len(used) - len(found.tables) == len(listed.images):
        return []
    known = unlabelled | {name for part in found.set_aside for name in part.names}
    rest = [name for name in listed.images if name not in used and name not in known]
    parts = (
        accounting.by_top_folder(found.why_unused, rest, listed.base)
        if found.why_unused == "no_class"
        else [LeftOut(found.why_unused, found.option or "", rest)]
    )
    without_label = LeftOut("no_label", "label missing", sorted(unlabelled))
    return [part for part in (*parts, *found.set_aside, without_label) if part.names]


def _rows(found: Entries, labelled: _Labelled) -> Usage | None:
    """Count the rows of the tables; several of one image are one sample."""
    if found.row_count is None:
        return None
    return accounting.usage(
        found.row_count,
        len(labelled.samples),
        [
            *found.rows_without,
            LeftOut("no_label", "label missing", [entry.id for entry in labelled.without_label]),
            LeftOut("repeated", "another row of the same image", _repeated(found, labelled)),
        ],
    )


def _repeated(found: Entries, labelled: _Labelled) -> list[str]:
    """List the ids of all rows but the first of each image."""
    if len(found.entries) - len(labelled.without_label) == len(labelled.samples):
        return []
    without = set(labelled.without_label)
    seen: set[str] = set()
    repeated: list[str] = []
    for entry in found.entries:
        if entry not in without and entry.file in seen:
            repeated.append(entry.id)
        elif entry not in without:
            seen.add(entry.file)
    return repeated
