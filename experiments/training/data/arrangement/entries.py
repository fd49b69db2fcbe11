"""The samples as files and tables name them, before their classes are numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from experiments.training.contract.reading import Finding, Layout, PatientFacts, Question, RoleColumn
from experiments.training.contract.splits import SplitName
from experiments.training.data.arrangement.listing import LeftOut


class Entry(NamedTuple):
    """One image with its class, as a folder or a row names it; `cells` are the row's in the columns of subgroups."""

    id: str
    patient: str | None
    target: str
    file: str
    split: SplitName | None
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entries:
    """All entries, in the order of their files or rows, and how they were found.

    `where` says in words where the classes are written. `why_unused` is the kind of the images that are in none, but
    for those `set_aside`; `told_by_names` means that none was missed among those that are left out by their names
    alone. `lists` are the files that the splits come from. `rows_without` are rows that are in none, by reason.
    """

    layout: Layout
    why: str
    where: str
    entries: Sequence[Entry]
    why_unused: str
    told_by_names: bool = False
    set_aside: Sequence[LeftOut] = ()
    tables: Sequence[str] = ()
    lists: Sequence[str] = ()
    option: str | None = None
    columns: Sequence[RoleColumn] = ()
    header: Sequence[str] = ()
    row_count: int | None = None
    rows_without: Sequence[LeftOut] = ()
    patients: PatientFacts = field(default_factory=PatientFacts)
    questions: Sequence[Question] = ()
    findings: Sequence[Finding] = ()
