"""Find the column for each role: the configured name, or the one common alias for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some

PATIENT_ALIASES = ("patientId", "patient_id")
ALIASES = {
    "id_column": (*PATIENT_ALIASES, "id", "image", "image_id"),
    "target_column": ("Target", "label", "class"),
}


@dataclass(frozen=True)
class Columns:
    """The columns of a table beside images, as the table writes their names.

    `patient` and `id` are the same column where patients are the samples. `split` is None where the table gives no
    splits.
    """

    id: str
    target: str
    patient: str
    split: str | None = None


@dataclass(frozen=True)
class RowColumns:
    """The columns of a table that is the data itself; None for a column it does not have."""

    id: str | None
    target: str
    patient: str | None
    split: str | None


def find(table: str, header: Sequence[str], config: DataConfig) -> Columns:
    """Find the columns of the table called `table`.

    Raises SourceError that lists what was found and what is accepted.
    """
    target = _required("target_column", table, header, config, taken=())
    id_ = _required("id_column", table, header, config, taken=(target, config.patient_column))
    patient = _patient(table, header, config, taken=(target, id_)) or id_
    return Columns(id_, target, patient, _split(table, header, config))


def find_in_rows(table: str, header: Sequence[str], config: DataConfig) -> RowColumns:
    """Find the columns of a table without images, whose rows need no ids; raises SourceError."""
    target = _required("target_column", table, header, config, taken=())
    id_ = _optional_id(table, header, config, taken=(target, config.patient_column))
    patient = _patient(table, header, config, taken=(target, *([id_] if id_ else [])))
    return RowColumns(id_, target, patient, _split(table, header, config))


def named_exactly(header: Collection[str], config: DataConfig) -> bool:
    """Return whether the table has the configured names themselves, not only aliases."""
    return config.id_column in header and config.target_column in header


def _optional_id(table: str, header: Sequence[str], config: DataConfig, taken: Collection[str | None]) -> str | None:
    present = config.id_column in header or _matching(ALIASES["id_column"], header, taken)
    if present or not _is_default("id_column", config.id_column):
        return _required("id_column", table, header, config, taken)
    return None


def _required(field: str, table: str, header: Sequence[str], config: DataConfig, taken: Collection[str | None]) -> str:
    asked = getattr(config, field)
    if asked in header:
        return str(asked)
    found = _matching(ALIASES[field], header, taken) if _is_default(field, asked) else []
    if not found:
        raise _missing(field, table, header, asked)
    return _only(field, table, found)


def _patient(table: str, header: Sequence[str], config: DataConfig, taken: Collection[str]) -> str | None:
    """Find the patient column, also where none was configured.

    Grouping by it needlessly costs nothing; missing one would leak patients between splits.
    """
    if config.patient_column is None:
        found = _matching(PATIENT_ALIASES, header, taken)
        return _only("patient_column", table, found) if found else None
    if config.patient_column not in header:
        raise _missing("patient_column", table, header, config.patient_column)
    return config.patient_column


def _split(table: str, header: Sequence[str], config: DataConfig) -> str | None:
    asked = config.split_column
    if asked is None or asked in header:
        return asked
    if not _is_default("split_column", asked):
        raise _missing("split_column", table, header, asked)
    found = _matching((asked,), header, taken=())
    return _only("split_column", table, found) if found else None


def _matching(aliases: Collection[str], header: Sequence[str], taken: Collection[str | None]) -> list[str]:
    known = {alias.casefold() for alias in aliases}
    return [column for column in header if column.casefold() in known and column not in taken]


def _only(field: str, table: str, found: Sequence[str]) -> str:
    if len(found) > 1:
        listed = some([repr(column) for column in found], 20)
        raise SourceError(f"data.{field}", f"{table} has several columns that it could be: {listed}; name one here.")
    return found[0]


def _is_default(field: str, asked: str) -> bool:
    """Return whether a column name is the default; a name that was chosen is meant, and no alias replaces it."""
    return bool(asked == DataConfig.model_fields[field].default)


def _missing(field: str, table: str, header: Sequence[str], asked: str) -> SourceError:
    accepted = ALIASES.get(field, ()) if _is_default(field, asked) else ()
    others = f" ({', '.join(accepted)} are accepted, in upper or lower case)" if accepted else ""
    listed = some([repr(column) for column in header], 20)
    return SourceError(
        f"data.{field}", f"{table} has no column {asked!r}{others}; it has {listed}. Rename one, or name it here."
    )
