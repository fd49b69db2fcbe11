"""Find the column with the ids of the samples, or with the names of their images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.data.columns import column_names, column_questions
from experiments.training.data.columns.column_questions import Found
from experiments.training.data.columns.table_view import TableView

FIELD = "id_column"
SHARED = ("id", "image", "image_id")
DIFFERENT = 0.9  # share of the first cells
ACCEPTED = ("image", "image_id", "filename", "path", "id", "patient_id")
TIERS = (column_names.IMAGES, column_names.IDS, column_names.PERSONS)
"""Names from those that say which image it is to those that name only the person."""

NameImages = Callable[[Sequence[str]], bool]
"""Says whether cells name images that are there."""


def find(view: TableView, config: DataConfig, name_images: NameImages, *, taken: Collection[str | None]) -> Found:
    """Find the column that names the images, among those called so the one whose cells do; rivals become a question.

    Raises SourceError where no column can be it.
    """
    if asked := column_questions.as_asked(FIELD, view, config):
        return asked
    tiers = [column_names.among(names, view.header, taken) for names in TIERS]
    candidates = list(dict.fromkeys(column for tier in tiers for column in tier))
    fitting = [column for column in candidates if name_images(view.first(column))] if len(candidates) > 1 else []
    if len(fitting) == 1 or len(candidates) == 1:
        return Found((fitting or candidates)[0], "alias")
    if candidates:
        return _first_of(view, [[column for column in tier if column in (fitting or tier)] for tier in tiers])
    others = [column for column in view.header if column and column not in taken]
    if found := [column for column in others if name_images(view.first(column))]:
        return Found(found[0], "pattern", [column_questions.ask(FIELD, view, found, "the name of the image")])
    raise column_questions.missing(FIELD, view, config.id_column, ACCEPTED)


def find_in_rows(view: TableView, config: DataConfig, *, taken: Collection[str | None]) -> Found:
    """Find ids of rows, which need none: the first column that is called so and differs in all rows.

    One that is called `id`, `image` or `image_id` may come several times; it is then the patient's.
    """
    if asked := column_questions.as_asked(FIELD, view, config):
        return asked
    candidates = column_names.among((*column_names.IMAGES, *column_names.IDS), view.header, taken)
    for column in candidates:
        cells = view.whole(column)
        if len(set(cells)) == len(cells):
            return Found(column, "alias")
    shared = column_names.among(SHARED, candidates)
    return Found(shared[0], "alias") if shared else Found()


def apart(view: TableView) -> list[str]:
    """List the columns of ids, nearly all different, which are nothing to learn from."""
    named = column_names.among((*column_names.IMAGES, *column_names.IDS), view.header)
    return [column for column in named if _differ(view.first(column))]


def _differ(cells: Sequence[str]) -> bool:
    return len(set(cells)) >= DIFFERENT * len(cells)


def _first_of(view: TableView, tiers: Sequence[Sequence[str]]) -> Found:
    """Return the column of the best kind of name, with a question if there are several of that kind."""
    best = next(tier for tier in tiers if tier)
    questions = [column_questions.ask(FIELD, view, best, "the name of the image")] if len(best) > 1 else []
    return Found(best[0], "alias", questions)
