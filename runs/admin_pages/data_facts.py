"""Say in a few words how a run's data were read, for the admin; the run's page and its report have everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from django.utils.text import Truncator

from runs.files import reading_file
from runs.files.store import StoreError
from runs.models import Run

LAYOUTS = {
    "class_folders": "one folder per class",
    "split_folders": "folders of splits, with one folder per class in each",
    "table": "images, and a table that names them",
    "rows": "rows of a table",
    "arrays": "arrays in a file",
    "builtin": "built in",
}
LONGEST = 100  # characters of a text of the data
KINDS_NAMED = 3


class _Unused(msgspec.Struct, frozen=True):
    kind: str
    what: str
    count: int


class _Usage(msgspec.Struct, frozen=True):
    total: int
    used: int
    unused: list[_Unused] = []


class _Patients(msgspec.Struct, frozen=True):
    count: int | None = None
    name: str = ""
    why: str = ""


class _Pixels(msgspec.Struct, frozen=True):
    size: int
    channels: int
    scale: str


class _Subgroups(msgspec.Struct, frozen=True):
    column: str
    groups: dict[str, int]


class _Question(msgspec.Struct, frozen=True):
    text: str


class _Reading(msgspec.Struct, frozen=True):
    """What is shown of a reading, as the training writes it."""

    layout: str | None = None
    why: str = ""
    table: str | None = None
    positive: str | None = None
    positive_why: str = ""
    files: _Usage | None = None
    rows: _Usage | None = None
    patients: _Patients = _Patients()
    pixels: _Pixels | None = None
    subgroups: list[_Subgroups] = []
    questions: list[_Question] = []


class DataFact(NamedTuple):
    """One fact about the data; `detail` says how it is known, and may be blank."""

    label: str
    value: str
    detail: str = ""


def data_facts(run: Run) -> list[DataFact]:
    """List what is known; nothing for a run without a reading, and while the object store fails."""
    try:
        reading = msgspec.convert(reading_file.read(run), _Reading | None)
    except (StoreError, msgspec.ValidationError):
        return []
    return [fact._replace(value=_short(fact.value), detail=_short(fact.detail)) for fact in _facts(reading)]


def _facts(reading: _Reading | None) -> Iterator[DataFact]:
    if reading is None or reading.layout is None:
        return
    yield DataFact("Layout", LAYOUTS.get(reading.layout, reading.layout), reading.table or reading.why)
    if reading.positive is not None:
        yield DataFact("Positive class", reading.positive, reading.positive_why)
    for label, usage in (("Files used", reading.files), ("Rows used", reading.rows)):
        if usage:
            yield DataFact(label, f"{usage.used:,} of {usage.total:,}", _left_out(usage))
    known = reading.patients
    yield DataFact("Patients", "not known" if known.count is None else f"{known.count:,}", known.name or known.why)
    if pixels := reading.pixels:
        colour = "RGB" if pixels.channels == 3 else "grey"
        yield DataFact("Pixels", f"{pixels.size} × {pixels.size}, {colour}", pixels.scale)
    if reading.subgroups:
        named = [f"{part.column} ({len(part.groups)})" for part in reading.subgroups]
        yield DataFact("Subgroups by", ", ".join(named), "columns kept with the predictions, each with its groups")
    if reading.questions:
        yield DataFact("Open questions", f"{len(reading.questions)}", reading.questions[0].text)


def _left_out(usage: _Usage) -> str:
    """Name the most frequent kinds of what is left out."""
    kinds = sorted(usage.unused, key=lambda part: -part.count)
    named = [f"{part.count:,} {_short(part.what or part.kind)}" for part in kinds[:KINDS_NAMED]]
    more = len(kinds) - KINDS_NAMED
    return ", ".join([*named, *([f"{more} other kinds"] if more > 0 else [])])


def _short(text: str) -> str:
    return Truncator(text).chars(LONGEST)
