"""Ask about a column of a table whose texts are a patient's code and a number each, as `KL012_3`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Question
from experiments.training.data.files.index import Index
from experiments.training.data.patients import id_patterns

LOOKED_AT = 2_000  # rows
LEAST_DIFFERENT = 0.9  # of the cells of a column of ids; other texts are categories
COLUMNS_LOOKED_AT = 100


def questions(index: Index, config: DataConfig) -> Iterator[Question]:
    """Ask about the first such column of a table without images, unless the request says what it is."""
    classes = [index.classes[label] for label in index.labels[:LOOKED_AT]]
    known = {*config.use_columns, *config.ignore_columns}
    for name, cells in _texts(index):
        pattern = None if name in known else id_patterns.find(cells, classes)
        if pattern and pattern.sure:
            yield _question(index, name, pattern)
            return


def _texts(index: Index) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the first cells of the columns of texts that are nearly all different."""
    columns = index.columns.all.items() if index.columns is not None else ()
    texts = [(name, column) for name, column in columns if column.texts is not None and column.codes is not None]
    for name, column in texts[:COLUMNS_LOOKED_AT]:
        if len(column.texts) >= LEAST_DIFFERENT * len(index.samples):
            yield name, [cell or "" for cell in column.texts.take(column.codes[:LOOKED_AT]).to_pylist()]


def _question(index: Index, name: str, pattern: id_patterns.Pattern) -> Question:
    cell, patient = pattern.example
    count = f"{pattern.count:,}{'' if len(pattern.patients) == len(index.samples) else ' or more'}"
    text = (
        f"Column {name!r} begins with a code that several rows share, such as {patient!r} of {cell!r}: {count} "
        f"patients perhaps, whose rows belong into one split. Set data.id_column to {name!r} if it is so, or "
        "data.patients to each_sample."
    )
    choices = [
        Choice(
            options={"data.patients": "each_sample"},
            consequence=f"{len(index.samples):,} samples, each of another patient; the column is read as others are.",
        ),
        Choice(
            options={"data.id_column": name},
            consequence=f"{count} patients, each in one split; nothing is learned from the column.",
        ),
    ]
    return Question(code="patients", text=text, choices=choices)
