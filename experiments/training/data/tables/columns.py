"""How many columns a table may have."""

from __future__ import annotations

from experiments.training.contract.source_errors import SourceError

MAX_COLUMNS = 65_536
"""Of a table: enough for every gene of a human, and a report of them takes seconds."""
MAX_FEATURES = 4 * MAX_COLUMNS  # each is a row of weights; genotypes have three or four texts a column
MAX_TABLE_BYTES = 8 * 2**30  # as numbers: the whole table lies in memory


class TooManyColumns(SourceError):
    """A table that is wider than any that can be trained on."""

    def __init__(self, table: str, count: int) -> None:
        super().__init__(
            "source_path",
            f"{table} has {count:,} columns, and at most {MAX_COLUMNS:,} can be read; leave out those that are not "
            "needed, for example the ones that hardly vary.",
        )
