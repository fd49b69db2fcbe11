"""Read the images that tables name: each row with its file, its split and its patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.arrangement import levels
from experiments.training.data.arrangement.label_tables import LabelTable, TableSet
from experiments.training.data.arrangement.listing import Listing
from experiments.training.data.arrangement.matching import id_matching
from experiments.training.data.arrangement.matching.id_matching import Matches
from experiments.training.data.arrangement.split_folders import SplitLevel
from experiments.training.data.files.folders import Files
from experiments.training.data.tables.label_table import Row


@dataclass
class TableRows:
    """The rows of one table, and the images that their ids mean."""

    table: LabelTable
    rows: Sequence[Row]
    matches: Matches

    @cached_property
    def missing(self) -> list[str]:
        """The ids without an image, in the order of the table."""
        return [id_ for id_ in dict.fromkeys(row.id for row in self.rows) if id_ not in self.matches.file_of]


@dataclass
class TabledImages:
    """The rows of all tables of a set."""

    tables: TableSet
    parts: Sequence[TableRows]

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return sum(len(part.rows) for part in self.parts)

    @property
    def ambiguous(self) -> dict[str, list[str]]:
        """The ids with several images."""
        return {id_: paths for part in self.parts for id_, paths in part.matches.ambiguous.items()}

    @property
    def matched(self) -> int:
        """The number of ids with an image."""
        return sum(len(part.matches.file_of) for part in self.parts)

    @cached_property
    def missing(self) -> list[str]:
        """The ids without an image, in the order of the tables."""
        return [id_ for part in self.parts for id_ in part.missing]

    @cached_property
    def rows_without_image(self) -> list[str]:
        """The ids of all rows whose image is missing."""
        return [
            row.id for part in self.parts if part.missing for row in part.rows if row.id not in part.matches.file_of
        ]

    @cached_property
    def files(self) -> set[str]:
        """The images that rows name."""
        return {path for part in self.parts for path in part.matches.file_of.values()}

    @property
    def ids_recur(self) -> bool:
        """Whether an id stands in several tables, as numbers that start again in each do."""
        if len(self.parts) == 1:
            return False
        ids = Counter(id_ for part in self.parts for id_ in part.matches.file_of)
        return any(times > 1 for times in ids.values())


def refuse_ambiguous(tabled: TabledImages, hint: str = "") -> None:
    """Raise SourceError for ids with several images; `hint` ends its message."""
    found = tabled.ambiguous
    if found:
        listed = some([f"{id_} ({some(sorted(paths))})" for id_, paths in found.items()])
        raise SourceError(
            "source_path",
            f"{len(found)} ids have more than one image: {listed}; keep one each, name folders to leave out in "
            f"data.ignore, or write paths as ids.{hint}",
        )


def read(
    files: Files, tables: TableSet, listing: Listing, split: SplitLevel | None, subgroups: Sequence[str]
) -> TabledImages:
    """Read the tables' rows and match their ids to the images; raises SourceError for a table that says too little.

    `split` tells the splits of the folders that the images lie in, `subgroups` are the columns to keep.
    """
    found = [(table, table.rows(files, subgroups)) for table in tables.tables]
    return TabledImages(tables, [_matched(table, rows, listing, split) for table, rows in found])


def _matched(table: LabelTable, rows: Sequence[Row], listing: Listing, split: SplitLevel | None) -> TableRows:
    ids = list(dict.fromkeys(row.id for row in rows))
    own = _own_images(table, listing, split)
    matches = id_matching.match(ids, own, table.folder) if own else Matches()
    left = [id_ for id_ in ids if id_ not in matches.file_of]
    if left:
        used = set(matches.file_of.values())
        rest = [name for name in listing.images if name not in used] if used else listing.images
        matches.add(id_matching.match(left, rest, listing.base))
    return TableRows(table, rows, matches)


def _own_images(table: LabelTable, listing: Listing, split: SplitLevel | None) -> Sequence[str]:
    """Return the images that the table names first: those in its folder, or in that of its split; none for all."""
    if table.folder != listing.base:
        inside = [name for name in listing.images if name.startswith(table.folder)]
        if inside or not split:
            return inside
    if table.own_split and split:
        return [name for name in listing.images if split.of(levels.parts_of(name, listing.base)) == table.own_split]
    return []
