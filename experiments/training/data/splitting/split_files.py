"""Use the `split.csv` of an earlier run again, so that runs over the same split can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SPLITS, SplitName
from experiments.training.data.files import paths
from experiments.training.data.files.folders import LoneFile
from experiments.training.data.files.index import Index
from experiments.training.data.tables.formats import opening
from runs.spreadsheets.neutral_cells import original

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table

FIELD = "data.split_file"
COLUMNS = ("sample_id", "split")


def read(name: str, index: Index, roots: Sequence[Path]) -> list[SplitName | None]:
    """Read the split of each sample of the index.

    Raises SourceError unless the file names exactly these samples.
    """
    ids = index.ids
    known = set(ids)
    split_of = _with_own_ids(_splits(name, roots), known)
    missing = [id_ for id_ in ids if id_ not in split_of]
    foreign = [id_ for id_ in split_of if id_ not in known]
    if missing or foreign:
        lacks = f"{len(missing)} samples of the data are not in it ({some(missing)})" if missing else ""
        extra = f"{len(foreign)} of its samples are not in the data ({some(foreign)})" if foreign else ""
        faults = " and ".join(filter(None, (lacks, extra)))
        raise _error(f"{name} is of other data: {faults}. Name the split.csv of a run over these data.")
    return [split_of[id_] for id_ in ids]


def _with_own_ids(split_of: dict[str, SplitName], known: set[str]) -> dict[str, SplitName]:
    """Return the splits by the ids of the data: a run's file has an apostrophe before those like formulas."""
    return split_of if split_of.keys() <= known else {original(id_): split for id_, split in split_of.items()}


def _splits(name: str, roots: Sequence[Path]) -> dict[str, SplitName]:
    path, _ = paths.resolve(name, roots, field=FIELD)
    if not path.is_file():
        raise _error(f"{name!r} is not a file; name the split.csv of an earlier run.")
    try:
        table = opening.open_table(LoneFile(path), path.name)
        if not all(column in table.columns for column in COLUMNS):
            raise _error(f"{name} has no columns {' and '.join(COLUMNS)}; name the split.csv of an earlier run.")
        return _by_id(name, table, *(table.texts(column) for column in COLUMNS))
    except SourceError as error:
        raise _error(error.message) from error


def _by_id(name: str, table: Table, ids: Sequence[str], cells: Sequence[str]) -> dict[str, SplitName]:
    split_of: dict[str, SplitName] = {}
    for place, (id_, cell) in enumerate(zip(ids, cells, strict=True)):
        split = next((known for known in SPLITS if cell == known), None)
        if split is None or id_ in split_of:
            raise _error(
                f"{name}, data row {table.number_of(place)}: an id for the second time, or a split not of "
                f"{', '.join(SPLITS)}."
            )
        split_of[id_] = split
    return split_of


def _error(message: str) -> SourceError:
    return SourceError(FIELD, message)
