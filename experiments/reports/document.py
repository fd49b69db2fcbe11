"""The content of a report: sections of blocks, check-lists, figures with their data. HTML and JSON have the same.

`SCHEMA_VERSION` is raised when a reader of `report.json` would have to change. Pure: no Django, no NumPy.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

SCHEMA_VERSION = 1
Cell: TypeAlias = str | int | float | None
Status: TypeAlias = Literal["shown", "partly", "to_write", "missing", "not_applicable"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all parts of the document."""


class Paragraph(Part, frozen=True, kw_only=True, tag="paragraph"):
    """A sentence or more that follow from what is stored; `warns` marks what a reader must not overlook."""

    text: str
    warns: bool = False


class Written(Part, frozen=True, kw_only=True, tag="written"):
    """A text that people wrote; blank where nobody did. `by` and `at` are of its last change."""

    field: str
    title: str
    text: str
    by: str | None = None
    at: str | None = None


class Fact(Part, frozen=True, kw_only=True):
    """A value with its name; `detail` says how it came about."""

    label: str
    value: str
    detail: str = ""


class Facts(Part, frozen=True, kw_only=True, tag="facts"):
    """Facts below each other."""

    facts: list[Fact]


class Table(Part, frozen=True, kw_only=True, tag="table"):
    """A table of texts; the first cell of a row names it. `note` stands below."""

    caption: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""


class FigureBlock(Part, frozen=True, kw_only=True, tag="figure"):
    """The place of a figure, by its name."""

    name: str


Block: TypeAlias = Paragraph | Written | Facts | Table | FigureBlock


class Section(Part, frozen=True, kw_only=True):
    """A part of the report under a heading; `items` are the numbers of the check-lists that it is about."""

    id: str
    title: str
    items: str
    blocks: list[Block]


class Figure(Part, frozen=True, kw_only=True):
    """A figure: `alt` says in words what is seen, and `rows` are the numbers that are drawn, under `columns`."""

    name: str
    title: str
    caption: str
    alt: str
    columns: list[str]
    rows: list[list[Cell]]


class Item(Part, frozen=True, kw_only=True):
    """An item of a check-list: what it asks for in words of this project, whether it is here, and where.

    `sections` are ids; `fields` are the texts that are still to be written; `why` says why it is missing or does not
    apply.
    """

    number: str
    what: str
    status: Status
    sections: list[str] = []
    fields: list[str] = []
    why: str = ""


class Checklist(Part, frozen=True, kw_only=True):
    """A check-list with all its items in their order; `note` says where it comes from."""

    id: str
    title: str
    note: str
    items: list[Item]


class Head(Part, frozen=True, kw_only=True):
    """What a report is about, and who made it when."""

    run_id: int
    run_name: str
    project: str
    attempt: int
    title: str
    number: int
    by: str
    at: str
    code_version: str


class Report(Part, frozen=True, kw_only=True):
    """A whole report.

    `numbers` are the statistics, thresholds and parameters as they are stored, unrounded. `card` is the model card.
    """

    schema_version: int
    head: Head
    sections: list[Section]
    checklists: list[Checklist]
    figures: list[Figure]
    numbers: dict[str, Any]
    card: dict[str, Any]
