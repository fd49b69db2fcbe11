"""Find the column for each role: the named one, or what its name says; rivals become a question."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Finding, HowFound, Question, Role, RoleColumn
from experiments.training.contract.source_errors import some
from experiments.training.data.columns import (
    column_names,
    column_questions,
    id_columns,
    patient_columns,
    split_column,
    target_column,
)
from experiments.training.data.columns.column_questions import Found
from experiments.training.data.columns.id_columns import NameImages
from experiments.training.data.columns.table_view import TableView

_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
SHOWN = 200  # columns of a table that a reading names
HOW: dict[HowFound, str] = {
    "named": "as the request names it",
    "exact": "by the default name",
    "alias": "by its name",
    "pattern": "by its values",
}


@dataclass(frozen=True)
class Columns:
    """The columns of a table by their roles, as the table writes their names; None for one that it does not have.

    `id` and `patient` are the same column where patients are the samples. `apart` are columns that are not learned
    from although they have no role: they number rows, persons or visits. `header` are the first columns of the table.
    """

    id: str | None
    target: str
    patient: str | None = None
    split: str | None = None
    apart: Sequence[str] = field(default=(), compare=False)
    roles: Sequence[RoleColumn] = field(default=(), compare=False)
    header: Sequence[str] = field(default=(), compare=False)
    questions: Sequence[Question] = field(default=(), compare=False)
    findings: Sequence[Finding] = field(default=(), compare=False)

    @property
    def is_doubtful(self) -> bool:
        """Whether it is a question which columns are the id and the target."""
        return any(question.field in ("data.id_column", "data.target_column") for question in self.questions)

    @property
    def unlearned(self) -> list[str]:
        """The columns that are not features, each once."""
        asked = (self.id, self.target, self.patient, self.split, *self.apart)
        return list(dict.fromkeys(column for column in asked if column))


def find(view: TableView, config: DataConfig, name_images: NameImages) -> Columns:
    """Find the columns of a table beside images; `name_images` says whether cells name some of these.

    Raises SourceError that lists what was found and what is accepted.
    """
    target = target_column.find(view, config)
    id_ = id_columns.find(view, config, name_images, taken=(target.column, config.patient_column))
    return _columns(view, config, target, id_)


def guess(view: TableView, config: DataConfig, name_images: NameImages) -> Columns:
    """Find the columns of a table that names images, but has no column known as target: that is asked.

    Raises SourceError where its columns cannot be the target either.
    """
    id_ = id_columns.find(view, config, name_images, taken=(config.patient_column,))
    if not name_images(view.first(id_.column or "")):
        raise column_questions.missing("id_column", view, config.id_column)
    return _columns(view, config, target_column.guess(view, (id_.column, config.patient_column)), id_)


def find_in_rows(view: TableView, config: DataConfig) -> Columns:
    """Find the columns of a table without images, whose rows need no ids; raises SourceError."""
    target = target_column.find(view, config)
    id_ = id_columns.find_in_rows(view, config, taken=(target.column, config.patient_column))
    return _columns(view, config, target, id_)


def named_exactly(header: Collection[str], config: DataConfig) -> bool:
    """Return whether the table has the configured names themselves, not only aliases."""
    return config.id_column in header and config.target_column in header


def _columns(view: TableView, config: DataConfig, target: Found, id_: Found) -> Columns:
    split = split_column.find(view, config, taken=(target.column, id_.column))
    patient = patient_columns.find(view, config, taken=(target.column, id_.column, split.column))
    if patient.column is None and config.patients == "auto" and _names_persons(id_.column):
        patient = Found(id_.column, id_.how)
    found: dict[Role, Found] = {"id": id_, "target": target, "patient": patient, "split": split}
    roles = [
        RoleColumn(role=role, column=one.column, found=one.how)
        for role, one in found.items()
        if one.column is not None and one.how is not None
    ]
    free = {*(role.column for role in roles), *config.use_columns}
    known = {*patient_columns.apart(view), *id_columns.apart(view)} - free
    apart = [column for column in view.header if column in known]
    predicted = column_names.among(column_names.PREDICTIONS, view.header, free)
    return Columns(
        id=id_.column,
        target=target.column or "",
        patient=patient.column,
        split=split.column,
        apart=[*apart, *predicted],
        roles=roles,
        header=list(islice(column_names.that_can_be_named(view.header), SHOWN)),
        questions=[question for one in found.values() for question in one.questions],
        findings=_told(view, roles, apart, predicted),
    )


def _names_persons(column: str | None) -> bool:
    return column is not None and bool(column_names.among(column_names.PERSONS, [column]))


def _rounded(view: TableView, roles: Sequence[RoleColumn]) -> Iterator[Finding]:
    """Tell of ids and patients whose numbers a spreadsheet has rounded, so that different ones look alike."""
    for column in dict.fromkeys(role.column for role in roles if role.role in ("id", "patient")):
        cells = [cell for cell in view.first(column) if _ROUNDED.fullmatch(cell)]
        if cells:
            text = (
                f"Column {column!r} of {view.name} holds numbers that a spreadsheet has rounded, such as {cells[0]}, "
                "so that different ids may look alike: format the column as text and export it again."
            )
            yield Finding(code="ids_rounded", level="warning", text=text)


def _told(
    view: TableView, roles: Sequence[RoleColumn], apart: Sequence[str], predicted: Sequence[str]
) -> list[Finding]:
    listed = ", ".join(f"{role.role} is column {role.column!r} ({HOW[role.found]})" for role in roles)
    found = [Finding(code="columns", level="info", text=f"Of {view.name}, the {listed}.")]
    found.extend(_rounded(view, roles))
    if apart:
        named = some([repr(column) for column in apart], 5)
        text = (
            f"Not learned from, as their names say that they number rows, persons, visits or places: {named} of "
            f"{view.name}."
        )
        found.append(Finding(code="columns_apart", level="info", text=text))
    if predicted:
        named = some([repr(column) for column in predicted], 5)
        text = (
            f"Not learned from, as their names say that they are what a model said of the target: {named} of "
            f"{view.name}. Name in data.use_columns what is a measurement."
        )
        found.append(Finding(code="columns_predicted", level="info", text=text))
    return found
