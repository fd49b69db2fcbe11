"""The rows of an uploaded table, read as a training reads those of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath

from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.source_forms import TABLES
from experiments.training.data import sources
from experiments.training.data.tables.formats import opening
from experiments.training.prediction import rows
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.serving.messages import UploadedFile
from experiments.training.prediction.trained_model import TrainedModel

FIELD = "files"
MOST_CELLS = 20_000_000
TOO_MANY = (
    "{name} has {rows:,} rows of {columns:,} columns, and {most:,} rows are predicted at once "
    "(LIVETRAIN_PREDICT_ROWS). Make it a data set, and have that predicted: it is queued then."
)


def read(model: TrainedModel, file: UploadedFile, most: int) -> list[ReadInput]:
    """Read a table's rows, each by its number in the file.

    Raises SourceError for a file of another kind, one without rows, and one with more than `most`.
    """
    suffix = PurePosixPath(file.name).suffix.lower()
    if suffix not in TABLES:
        raise SourceError(FIELD, f"This run was trained on a table: send {' or '.join(TABLES)}, not {file.name!r}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{suffix}"
        path.write_bytes(file.content)
        try:
            return _rows(model, path, file.name, most)
        except SourceError as error:
            raise SourceError(FIELD, error.message.replace(path.name, file.name)) from error


def _rows(model: TrainedModel, path: Path, name: str, most: int) -> list[ReadInput]:
    with sources.open_files(str(path), [path.parent]) as files:
        table = opening.open_table(files, path.name)
        count, columns = table.rows, len(table.columns)
        if not count or not columns:
            raise SourceError(FIELD, f"{name} has no rows; give a line of column names, and a row per sample below.")
        if count > most or count * columns > MOST_CELLS:
            raise SourceError(FIELD, TOO_MANY.format(name=name, rows=count, columns=columns, most=most))
        extra = rows.unused(model, table.columns)
        names = [f"row {table.number_of(row)}" for row in range(count)]
        return rows.encoded(model, table).inputs(names, [extra] * count)
