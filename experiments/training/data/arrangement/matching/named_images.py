"""Find out whether a table names images in any of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.arrangement.matching import spellings
from experiments.training.data.files.folders import Files
from experiments.training.data.tables.formats import opening

LOOKED_AT = 200  # rows
FEWEST = 0.5  # of these, and of all images, by which a table is about the images


def are_in(files: Files, table: str, images: Sequence[str]) -> bool:
    """Return whether a column names half of the images, as far as the first rows tell; an unreadable table does not."""
    names = {spellings.parts(name)[-1] for name in images}
    try:
        opened = opening.open_table(files, table)
        columns = [opened.first(column, LOOKED_AT) for column in opened.columns]
    except SourceError:
        return False
    for cells in columns:
        found = {spellings.parts(cell)[-1] for cell in cells if cell} & names
        if len(found) >= FEWEST * max(len(cells), 1) and len(found) >= FEWEST * min(len(names), LOOKED_AT):
            return True
    return False
