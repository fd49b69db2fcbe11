"""Group the samples of a data set by the columns and the folder that a request names for it, and say how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Finding, SubgroupColumn
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.subgroups.subgroup_options import edges_of
from experiments.training.data.subgroups import value_groups
from experiments.training.data.subgroups.value_groups import BANDS, COLUMNS
from runs.statistics.subgroups.group_names import MISSING, OTHER, in_order

FOLDER = "data.subgroup_folder"


@dataclass(frozen=True)
class Subgroups:
    """The groups of the samples by column, in their order, and what a reading tells of them."""

    values: dict[str, list[str]] = field(default_factory=dict)
    facts: list[SubgroupColumn] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def grouped(columns: Mapping[str, Sequence[str]], config: DataConfig, *, learned: Collection[str] = ()) -> Subgroups:
    """Group the samples by the cells of each column; raises SourceError. Columns `learned` from are told."""
    edges = edges_of(config.subgroup_bands)
    if unknown := [column for column in edges if column not in columns]:
        raise SourceError(
            BANDS,
            f"{some([repr(column) for column in unknown])} is none of the columns of subgroups; name it in {COLUMNS}, "
            "or leave its bands out.",
            columns,
        )
    found = {column: value_groups.of_column(column, cells, edges.get(column)) for column, cells in columns.items()}
    facts = [
        SubgroupColumn(column=column, rule=groups.rule, learned=column in learned, groups=_counted(groups.values))
        for column, groups in found.items()
    ]
    folded = {column: groups.folded for column, groups in found.items() if groups.folded}
    return Subgroups({column: groups.values for column, groups in found.items()}, facts, list(_told(facts, folded)))


def refuse(config: DataConfig, columns: str | None, folder: str | None) -> None:
    """Raise SourceError for options that these data have no use for; the texts say why, None where they have one."""
    if columns is not None and config.subgroup_columns:
        raise SourceError(COLUMNS, columns)
    if folder is not None and config.subgroup_folder is not None:
        raise SourceError(FOLDER, folder)
    if columns is not None and config.subgroup_bands:
        raise SourceError(BANDS, columns)


def folder_cells(parts: Sequence[Sequence[str]], number: int) -> tuple[str, list[str]]:
    """Return the name of the folder with this number on the way to each image, blank for images above it.

    Raises SourceError where no image lies so deep.
    """
    cells = [names[number - 1] if len(names) >= number else "" for names in parts]
    if not any(cells):
        deepest = max(map(len, parts), default=0)
        where = f"they lie at most {deepest} deep" if deepest else "there are no folders"
        raise SourceError(FOLDER, f"No image lies {number} folders deep; {where}. Name another one, or leave it out.")
    return f"folder {number}", cells


def _counted(values: Sequence[str]) -> dict[str, int]:
    counts = Counter(values)
    return {group: counts[group] for group in in_order(counts)}


def _told(facts: Sequence[SubgroupColumn], folded: Mapping[str, int]) -> Iterator[Finding]:
    if facts:
        named = [f"{fact.column!r} ({'learned from, too' if fact.learned else 'not learned from'})" for fact in facts]
        text = f"Kept with the predictions, to tell results apart by them: {some(named, len(named))}."
        yield Finding(code="subgroups", level="info", text=text)
    for fact in facts:
        if fact.column in folded:
            text = (
                f"{fact.column!r} has many values; the {folded[fact.column]:,} rarest, {fact.groups[OTHER]:,} samples, "
                f"are one subgroup, {OTHER}."
            )
            yield Finding(code="subgroups_folded", level="warning", text=text)
        if len(fact.groups.keys() - {MISSING}) < 2:
            text = f"{fact.column!r} has the same value in all samples that have one, so that it tells nothing apart."
            yield Finding(code="subgroups_alone", level="warning", text=text)
