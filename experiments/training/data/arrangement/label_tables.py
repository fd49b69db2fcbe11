"""Find the tables that name images and their classes: one, or one per split or part of the data."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.arrangement import folder_names, one_hot
from experiments.training.data.columns import column_roles
from experiments.training.data.columns.column_roles import Columns
from experiments.training.data.columns.id_columns import NameImages
from experiments.training.data.files.folders import Files
from experiments.training.data.tables import label_table
from experiments.training.data.tables.formats import opening
from experiments.training.data.tables.label_table import Row

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table

MOST_TABLES = 100  # whose headers are read; data with more have them for something else
SUBMISSION_WORDS = frozenset({"submission", "submissions", "submit"})


@dataclass(frozen=True)
class LabelTable:
    """A table that can name the samples; `columns` is None where it has a column of 0 and 1 per class.

    `split` is the one that the whole table belongs to by its name, or its folder's.
    """

    name: str
    columns: Columns | None
    split: SplitName | None = None

    @property
    def folder(self) -> str:
        """The folder of the table, with its slash."""
        return self.name[: self.name.rfind("/") + 1]

    @property
    def own_split(self) -> SplitName | None:
        """The split in whose folder its images are looked up first, by a word in its name such as `train_labels`."""
        named = folder_names.split_words(_stem(self.name))
        return self.split or (next(iter(named)) if len(named) == 1 else None)

    @property
    def is_submission(self) -> bool:
        """Whether it looks like a form for predictions, whose labels stand for nothing."""
        return bool(SUBMISSION_WORDS & set(folder_names.words(_stem(self.name))))

    def rows(self, files: Files, subgroups: Sequence[str]) -> list[Row]:
        """Read the rows with their cells in the columns of subgroups; raises SourceError."""
        table = opening.open_table(files, self.name)
        if self.columns:
            return label_table.read_rows(table, self.columns, subgroups)
        return one_hot.rows(table, subgroups)


@dataclass(frozen=True)
class TableSet:
    """Tables that together name the samples; `option` is the value of `data.table` that means them."""

    tables: Sequence[LabelTable]
    option: str

    @property
    def names(self) -> str:
        """The tables in words."""
        return some([table.name for table in self.tables])

    @property
    def where(self) -> str:
        """Where the classes are written, in words."""
        columns = self.tables[0].columns
        return f"column {columns.target!r} of {self.names}" if columns else f"the columns of {self.names}"


@dataclass(frozen=True)
class Found:
    """The sets of tables that can name the samples; `problems` says why others cannot, by name."""

    sets: Sequence[TableSet]
    problems: Mapping[str, SourceError]


def guess(files: Files, tables: Sequence[str], base: str, config: DataConfig) -> list[TableSet]:
    """Find tables that name images and have a column that may be the target, although none is called so."""
    found: list[LabelTable] = []
    name_images = label_table.naming_images(files)
    for name in sorted(tables, key=lambda name: (name.count("/"), name))[:MOST_TABLES]:
        with suppress(SourceError):
            table = opening.open_table(files, name)
            if not one_hot.fits(table, config):  # which raises an error of its own for several 1 in a row
                found.append(LabelTable(name, column_roles.guess(label_table.view_of(table), config, name_images)))
    return _sets(found, base)


def find(files: Files, tables: Sequence[str], base: str, config: DataConfig) -> Found:
    """Find the tables with the columns needed; those right beside the data go before those in folders.

    Raises SourceError where `data.table` names none.
    """
    problems: dict[str, SourceError] = {}
    if config.table:
        chosen = _named(tables, base, config.table)
        fitting = _fitting(files, chosen, config, problems)
        if not fitting:
            raise next(iter(problems.values()))
        return Found([TableSet(_with_splits(fitting, base), config.table)], problems)
    beside = [name for name in tables if "/" not in name[len(base) :]]
    deeper = sorted(set(tables) - set(beside), key=lambda name: (name.count("/"), name))
    fitting = _fitting(files, beside, config, problems) or _fitting(files, deeper[:MOST_TABLES], config, problems)
    return Found(_sets(fitting, base), problems)


def _named(tables: Sequence[str], base: str, wanted: str) -> list[str]:
    """List the tables that `data.table` names by path, by path below the data, or by pattern."""
    exact = [name for name in tables if wanted in (name, name[len(base) :])]
    found = exact or [name for name in tables if fnmatch.fnmatchcase(name[len(base) :], wanted)]
    if not found:
        there = f"there are {some(list(tables), 10)}" if tables else "there is no table"
        raise SourceError("data.table", f"{wanted} is no table of these data; {there}.")
    return found


def _fitting(
    files: Files, names: Sequence[str], config: DataConfig, problems: dict[str, SourceError]
) -> list[LabelTable]:
    """List the tables that have an id and a target; one with the configured names goes before those with aliases."""
    fitting: list[LabelTable] = []
    exact: list[LabelTable] = []
    name_images = label_table.naming_images(files)
    for name in names:
        try:
            table = opening.open_table(files, name)
            fitting.append(LabelTable(name, _columns(table, config, name_images)))
        except SourceError as problem:
            problems[name] = problem
        else:
            if column_roles.named_exactly(table.columns, config):
                exact.append(fitting[-1])
    for other in fitting if exact else ():
        if other not in exact:
            problems[other.name] = _error(f"{some([named.name for named in exact])} has the columns by their names.")
    return exact or fitting


def _columns(table: Table, config: DataConfig, name_images: NameImages) -> Columns | None:
    if not any(table.header):
        raise _error(f"{table.name} is empty; it needs the columns {config.id_column!r} and {config.target_column!r}.")
    try:
        return column_roles.find(label_table.view_of(table), config, name_images)
    except SourceError as problem:
        if problem.field in ("data.id_column", "data.target_column") and one_hot.fits(table, config):
            return None
        raise


def _sets(fitting: Sequence[LabelTable], base: str) -> list[TableSet]:
    """Combine tables of splits or parts, and list alternatives after that."""
    labels = [table for table in fitting if not table.is_submission]
    fitting = labels or fitting
    lone = [TableSet([table], table.name[len(base) :]) for table in fitting]
    if len(fitting) < 2:
        return lone
    with_splits = _with_splits(fitting, base)
    pattern = _pattern([table.name[len(base) :] for table in fitting])
    if all(table.split for table in with_splits):
        return [TableSet(with_splits, pattern)]
    return [TableSet(fitting, pattern), *lone] if _are_parts(fitting, base) else lone


def _with_splits(fitting: Sequence[LabelTable], base: str) -> list[LabelTable]:
    """Return the tables with their splits, where the name or a folder of each means another one."""
    names = [table.name[len(base) :].split("/") for table in fitting]
    for keys in _keys(names):
        split_of = folder_names.splits_of(keys)
        if len(set(split_of.values())) == len(fitting) > 1 and "train" in split_of.values():
            return [
                LabelTable(table.name, table.columns, split_of[key]) for table, key in zip(fitting, keys, strict=True)
            ]
    return list(fitting)


def _keys(names: Sequence[Sequence[str]]) -> list[list[str]]:
    """List what may tell the tables apart: their names, or their folders on one level."""
    folders = min(map(len, names)) - 1
    return [[_stem(name[-1]) for name in names], *([name[level] for name in names] for level in range(folders))]


def _are_parts(fitting: Sequence[LabelTable], base: str) -> bool:
    keys = _keys([table.name[len(base) :].split("/") for table in fitting])
    return any(len(set(key)) == len(fitting) and folder_names.role(key) in ("part", "fold") for key in keys)


def _pattern(names: Sequence[str]) -> str:
    """Return a pattern that covers the names: what they begin and end with, and `*` between."""
    first, last = min(names), max(names)
    start = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    ends = [name[start:][::-1] for name in names]
    end = next(
        (at for at, letters in enumerate(zip(*ends, strict=False)) if len(set(letters)) > 1), min(map(len, ends))
    )
    return f"{first[:start]}*{ends[0][:end][::-1]}"


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
