"""Make samples of files: images in one folder per class, or images that a table names.

Names are plain strings here, and `base` is a folder's name with its slash: path objects took ten times as long for
200,000 files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, Question, Reading, Usage
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.arrangement import (
    accounting,
    folder_entries,
    layout_choice,
    levels,
    listing,
    split_lists,
    table_entries,
)
from experiments.training.data.arrangement.entries import Entries, Entry
from experiments.training.data.arrangement.listing import LeftOut, Listing
from experiments.training.data.arrangement.tabled_images import TabledImages
from experiments.training.data.files import repeats
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.labels import labelling, spellings
from experiments.training.data.labels.labelling import Labels
from experiments.training.data.subgroups import subgroup_reading
from experiments.training.data.subgroups.subgroup_reading import Subgroups


def read(files: Files, config: DataConfig) -> Index:
    """Read the data set's samples from names and tables only, opening no image; raises SourceError."""
    listed = listing.read(files, config)
    chosen = layout_choice.choose(files, listed, config)
    found = (
        table_entries.read(chosen.source, listed, config)
        if isinstance(chosen.source, TabledImages)
        else folder_entries.read(chosen.source, listed)
    )
    found = split_lists.applied(found, listed, files, config)
    labelled = _label(found, config)
    used = {sample.file for sample in labelled.samples} | {*found.tables, *found.lists}
    unused = _unused_images(listed, found, labelled, used)
    reading = Reading(
        layout=found.layout,
        why=found.why,
        folder=listed.base.rstrip("/"),
        table=found.option,
        columns=list(found.columns),
        header=list(found.header),
        files=accounting.files(len(files.sizes), listed, used, unused),
        rows=_rows(found, labelled),
        patients=found.patients,
        questions=[*(() if found.told_by_names else listed.questions), *chosen.questions, *found.questions],
        findings=[
            *listed.findings,
            *(listed.instead if found.told_by_names else ()),
            *chosen.findings,
            *found.findings,
            *accounting.findings(listed, used, unused),
        ],
    )
    told_apart = _subgroups(found, listed, labelled.samples, config)
    reading = reading.extended(findings=told_apart.findings, subgroups=told_apart.facts)
    described = labelled.labels.described(reading)
    return Index(labelled.labels.classes, labelled.samples, described, subgroups=told_apart.values)


def _subgroups(found: Entries, listed: Listing, samples: Sequence[Sample], config: DataConfig) -> Subgroups:
    """Group the images by the columns of their table, and by one of their folders; raises SourceError."""
    if not found.tables:
        why = "No table names these images, so that they have no columns; name one of their folders in"
        subgroup_reading.refuse(config, f"{why} data.subgroup_folder.", None)
    columns = {
        column: [sample.cells[place] for sample in samples] for place, column in enumerate(config.subgroup_columns)
    }
    if config.subgroup_folder is not None:
        parts = [levels.parts_of(sample.file, listed.base) for sample in samples]
        name, cells = subgroup_reading.folder_cells(parts, config.subgroup_folder)
        columns[name] = cells
    return subgroup_reading.grouped(columns, config)


def beside_table(files: Files, index: Index, table: str, config: DataConfig) -> Index:
    """Add to the reading of data that are one table what other files there are."""
    unread = _not_read(files)
    reading = structs.replace(
        index.reading,
        layout="rows",
        why=index.reading.why or f"There are no images that can be read; each row of {table} is a sample.",
        table=table,
        files=accounting.beside_table(files.sizes, table, files.links),
        findings=[*index.reading.findings, *unread],
        questions=[
            *([_ask_for_rows(table, unread)] if unread and config.layout != "table" else []),
            *index.reading.questions,
        ],
    )
    return replace(index, reading=reading)


def with_unread(problem: SourceError, files: Files) -> SourceError:
    """Add to what is wrong with a table which images and archives beside it are not read."""
    texts = [finding.text for finding in _not_read(files)]
    return SourceError(problem.field, " ".join([problem.message, *texts]), problem.possible) if texts else problem


def _not_read(files: Files) -> list[Finding]:
    return [*accounting.formats_not_read(files.sizes), *accounting.archives_not_read(files.sizes)]


def _ask_for_rows(table: str, unread: Sequence[Finding]) -> Question:
    return Question(
        code="layout",
        text=f"{' '.join(finding.text for finding in unread)} To learn from the columns of {table} alone, set "
        "data.layout to table.",
        choices=[
            Choice(
                options={"data.layout": "table"},
                consequence=f"Each row of {table} is a sample, and nothing is learned from images.",
            )
        ],
    )


def without(index: Index, unreadable: Collection[str]) -> Index:
    """Leave out the samples whose images cannot be read, and count their files and rows as unused."""
    gone = [sample for sample in index.samples if sample.file in unreadable]
    reading = structs.replace(
        index.reading,
        files=accounting.without(index.reading.files, _unreadable([sample.file for sample in gone])),
        rows=accounting.without(index.reading.rows, _unreadable([sample.id for sample in gone])),
    )
    places = [place for place, sample in enumerate(index.samples) if sample.file not in unreadable]
    groups = {column: [values[place] for place in places] for column, values in index.subgroups.items()}
    return replace(index, samples=[index.samples[place] for place in places], reading=reading, subgroups=groups)


def _unreadable(names: Sequence[str]) -> LeftOut:
    return LeftOut("unreadable", "cannot be read", names)


@dataclass(frozen=True)
class _Labelled:
    """The samples with their labels, and the entries whose label says nothing."""

    labels: Labels
    samples: list[Sample]
    without_label: Sequence[Entry]

    def left_out(self, names: Sequence[str]) -> list[LeftOut]:
        """Group what is left out for its label by that label; `names` are those of the entries without one."""
        named: dict[str, list[str]] = defaultdict(list)
        for entry, name in zip(self.without_label, names, strict=True):
            named[entry.target].append(name)
        return [
            LeftOut(self.labels.left_out[target], spellings.clean(target), sorted(group))
            for target, group in named.items()
        ]


def _label(found: Entries, config: DataConfig) -> _Labelled:
    counts = Counter(entry.target for entry in found.entries)
    labels = labelling.read(counts, config, found.where, "cells" if found.tables else "folders")
    samples = [
        Sample(id_, patient, label, file, split, cells)
        for id_, patient, target, file, split, cells in found.entries
        if (label := labels.label_of[target]) is not None
    ]
    if found.tables:
        samples = sorted(repeats.collapse(samples), key=lambda sample: sample.id)
    without = [entry for entry in found.entries if labels.label_of[entry.target] is None] if labels.left_out else []
    return _Labelled(labels, samples, without)


def _unused_images(listed: Listing, found: Entries, labelled: _Labelled, used: Collection[str]) -> list[LeftOut]:
    """Group the images that are no samples by the reason."""
    if len(used) - len(found.tables) - len(found.lists) == len(listed.images):
        return []
    unlabelled = {entry.file: entry for entry in labelled.without_label if entry.file not in used}
    known = unlabelled.keys() | {name for part in found.set_aside for name in part.names}
    rest = [name for name in listed.images if name not in used and name not in known]
    parts = (
        accounting.by_top_folder(found.why_unused, rest, listed.base)
        if found.why_unused == "no_class"
        else [LeftOut(found.why_unused, found.option or "", rest)]
    )
    alone = replace(labelled, without_label=list(unlabelled.values()))
    return [part for part in (*parts, *found.set_aside, *alone.left_out(list(unlabelled))) if part.names]


def _rows(found: Entries, labelled: _Labelled) -> Usage | None:
    """Count the rows of the tables; several of one image are one sample."""
    if found.row_count is None:
        return None
    return accounting.usage(
        found.row_count,
        len(labelled.samples),
        [
            *found.rows_without,
            *labelled.left_out([entry.id for entry in labelled.without_label]),
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
