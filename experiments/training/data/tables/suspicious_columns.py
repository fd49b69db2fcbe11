"""Ask about columns that may give the target away: row numbers, copies of the target, measurements without a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Question
from experiments.training.contract.source_errors import some
from experiments.training.data.tables import index_columns
from experiments.training.data.tables.column_findings import Told, name
from experiments.training.data.tables.contents.typed_column import Column
from experiments.training.data.tables.target_copies import Target

IGNORE, USE = "data.ignore_columns", "data.use_columns"
NAMED = 8  # columns in a question
ASKED = 500  # columns at most: an option names each


class Suspects:
    """The suspicious ones among the columns to learn from, with what speaks against them.

    `useless` are probably nothing to learn from; `strong` are measurements that tell the target, which may be right.
    """

    def __init__(self, target: Target, config: DataConfig) -> None:
        self._target, self._config = target, config
        self.useless: dict[str, str] = {}
        self.strong: dict[str, str] = {}

    def look_at(self, column: str, typed: Column) -> None:
        """Look at a column, unless the request says that it is to be learned from."""
        if column in self._config.use_columns or len(self.useless) + len(self.strong) >= ASKED:
            return
        values, told = typed.values, self._target.is_told_by(typed)
        if values is not None and index_columns.follows_the_rows(values):
            self.useless[column] = "follows the order of the rows"
        elif values is not None and self._target.is_sorted_by(values) and index_columns.numbers_rows(values):
            self.useless[column] = "numbers rows that were sorted by the target"
        elif told == "rule":
            self.useless[column] = "tells the class as the target itself does"
        elif told == "follows":
            self.useless[column] = "has one value for each class, as what is made of the target has"
        elif told == "order":
            self.strong[column] = "tells the classes apart nearly without a fault"

    def questions(self, table: str, learned: int) -> tuple[list[Question], list[Told]]:
        """Return the questions about a table with so many columns to learn from.

        Where there would be none without the suspicious ones, nothing is asked, and they are returned to be told.
        """
        if len(self.useless) + len(self.strong) == learned:
            return [], [Told("suspects_alone", column, why) for column, why in (self.useless | self.strong).items()]
        asked = []
        if self.useless:
            rest = learned - len(self.useless)
            text = (
                f"{table} has columns that may be row numbers, or the target in other words: {_listed(self.useless)}. "
                f"Name in {IGNORE} what is known only together with the target, and measurements in {USE}."
            )
            choices = [self._choice(IGNORE, self.useless, rest), self._choice(USE, self.useless, learned)]
            asked.append(Question(code="useless_columns", text=text, choices=choices))
        if self.strong:
            rest = learned - len(self.strong)
            text = (
                f"{table} has columns of which each tells the target by itself: {_listed(self.strong)}. Name them in "
                f"{USE} if they are measured before the target is known; in {IGNORE} if they follow from it, as they "
                "teach nothing about further samples then."
            )
            choices = [self._choice(USE, self.strong, learned), self._choice(IGNORE, self.strong, rest)]
            asked.append(Question(code="strong_columns", text=text, choices=choices))
        return asked, []

    def _choice(self, option: str, columns: Mapping[str, str], left: int) -> Choice:
        before: Sequence[str] = self._config.use_columns if option == USE else self._config.ignore_columns
        named, noun = some(list(map(name, columns)), NAMED), "column" if left == 1 else "columns"
        return Choice(
            options={option: [*before, *columns]},
            consequence=f"{'With' if option == USE else 'Without'} {named}: {left:,} {noun} to learn from.",
        )


def _listed(columns: Mapping[str, str]) -> str:
    return some([f"{name(column)} {why}" for column, why in columns.items()], NAMED)
