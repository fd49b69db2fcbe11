"""Use the `split.csv` of an earlier run again, so that runs over the same split can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SPLITS, SplitName
from experiments.training.data.files import paths
from experiments.training.data.files.folders import LoneFile
from experiments.training.data.files.index import Index
from experiments.training.data.tables import label_table

FIELD = "data.split_file"
COLUMNS = ("sample_id", "split")


def read(name: str, index: Index, roots: Sequence[Path]) -> list[SplitName | None]:
    """Read the split of each sample of the index.

    Raises SourceError unless the file names exactly these samples.
    """
    split_of = _splits(name, roots)
    ids = [sample.id for sample in index.samples]
    known = set(ids)
    missing = [id_ for id_ in ids if id_ not in split_of]
    foreign = [id_ for id_ in split_of if id_ not in known]
    if missing or foreign:
        lacks = f"{len(missing)} samples of the data are not in it ({some(missing)})" if missing else ""
        extra = f"{len(foreign)} of its samples are not in the data ({some(foreign)})" if foreign else ""
        faults = " and ".join(filter(None, (lacks, extra)))
        raise _error(f"{name} is of other data: {faults}. Name the split.csv of a run over these data.")
    return [split_of[id_] for id_ in ids]


def _splits(name: str, roots: Sequence[Path]) -> dict[str, SplitName]:
    path, _ = paths.resolve(name, roots, field=FIELD)
    if not path.is_file():
        raise _error(f"{name!r} is not a file; name the split.csv of an earlier run.")
    try:
        return _parsed(name, list(label_table.records(LoneFile(path), path.name)))
    except SourceError as error:
        raise _error(error.message) from error


def _parsed(name: str, records: Sequence[Sequence[str]]) -> dict[str, SplitName]:
    header = records[0] if records else []
    if not all(column in header for column in COLUMNS):
        raise _error(f"{name} has no columns {' and '.join(COLUMNS)}; name the split.csv of an earlier run.")
    at_id, at_split = (header.index(column) for column in COLUMNS)
    split_of: dict[str, SplitName] = {}
    for number, record in enumerate(records[1:], start=1):
        split = next((known for known in SPLITS if len(record) > at_split and record[at_split] == known), None)
        if split is None or len(record) <= at_id or record[at_id] in split_of:
            raise _error(
                f"{name}, data row {number}: an id for the second time, or a split not of {', '.join(SPLITS)}."
            )
        split_of[record[at_id]] = split
    return split_of


def _error(message: str) -> SourceError:
    return SourceError(FIELD, message)
