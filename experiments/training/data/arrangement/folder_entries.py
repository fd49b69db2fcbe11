"""List the images that lie in class folders."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from experiments.training.contract.reading import Finding, PatientFacts
from experiments.training.contract.source_errors import some
from experiments.training.contract.splits import SplitName
from experiments.training.data.arrangement import levels
from experiments.training.data.arrangement.class_folders import FolderClasses
from experiments.training.data.arrangement.entries import Entries, Entry
from experiments.training.data.arrangement.listing import LeftOut, Listing
from experiments.training.data.arrangement.patient_folders import PatientLevel


def read(classes: FolderClasses, listing: Listing) -> Entries:
    """List the images with a class; the id of each is its path, as the same number in two folders is common."""
    return Entries(
        layout=classes.layout,
        why=classes.why,
        where=f"the names of the folders {classes.level.names}",
        entries=list(_entries(classes, listing)),
        why_unused="no_class",
        set_aside=_set_aside(classes, listing),
        patients=patient_facts(classes.patient),
        questions=classes.questions,
        findings=[*classes.findings, *_empty(classes, listing)],
    )


def _entries(classes: FolderClasses, listing: Listing) -> Iterator[Entry]:
    start = len(listing.base)
    new = tuple.__new__  # a NamedTuple's own function takes three times as long, for every image

    @cache
    def place(folder: str) -> tuple[str | None, SplitName | None, str | None]:
        parts = levels.parts_of(folder, "")
        name = classes.class_of(parts)
        return name, classes.split_of(parts) if name is not None else None, classes.patient.of(parts)

    for file in listing.images:
        id_ = file[start:]
        target, split, patient = place(id_[: id_.rfind("/") + 1])
        if target is not None:
            yield new(Entry, (id_, patient, target, file, split, ()))


def _empty(classes: FolderClasses, listing: Listing) -> Iterator[Finding]:
    """Tell of folders on the level of the classes that hold nothing."""
    names = [
        "/".join(parts)
        for parts in listing.empty
        if len(parts) == classes.level.number and (classes.split is None or classes.split.of(parts))
    ]
    if names:
        text = f"Folders beside those of the classes are empty, and nothing is learned of them: {some(names)}."
        yield Finding(code="empty_folders", level="warning", text=text)


def _set_aside(classes: FolderClasses, listing: Listing) -> list[LeftOut]:
    """Group the images in folders beside the classes, which are left out as the first answer to a question."""
    found: dict[str, list[str]] = {name: [] for name in classes.aside}
    for file in listing.images if found else ():
        parts = levels.parts_of(file, listing.base)
        if len(parts) >= classes.level.number and (name := parts[classes.level.number - 1]) in found:
            found[name].append(file)
    return [LeftOut("ignored", name, files) for name, files in found.items()]


def patient_facts(patient: PatientLevel) -> PatientFacts:
    """Say where patients are known from, if folders tell them."""
    if patient.number is None:
        return PatientFacts()
    return PatientFacts(
        count=patient.count,
        source="folder",
        name=str(patient.number),
        why=f"Folder {patient.number} of an image's path is its patient.",
    )
