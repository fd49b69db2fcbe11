"""Say why ids of a table have no image: what is there instead, and what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from experiments.training.contract.source_errors import some
from experiments.training.data.arrangement.listing import Listing
from experiments.training.data.arrangement.matching import spellings
from experiments.training.data.arrangement.tabled_images import TabledImages
from experiments.training.data.files.image_names import suffix

_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")


def likely_causes(found: TabledImages, listing: Listing) -> list[str]:
    """List the causes that fit the missing ids, as sentences."""
    missing = found.missing
    causes: list[Callable[[Sequence[str]], Iterator[str]]] = [
        lambda ids: _near(found, listing, ids),
        _rounded,
        lambda ids: _left_out(listing, ids),
        lambda ids: _other_formats(listing, ids),
        lambda ids: _folders(listing, ids),
    ]
    return [sentence for cause in causes for sentence in cause(missing)]


def _near(found: TabledImages, listing: Listing, missing: Sequence[str]) -> Iterator[str]:
    near = {id_: paths for part in found.parts for id_, paths in part.matches.near.items()}
    alike = [
        f"{id_} and {some([path.removeprefix(listing.base) for path in near[id_]])}" for id_ in missing if id_ in near
    ]
    if alike:
        yield (
            f"Similar names, for {len(alike):,} of them, fit more than one id or file ({some(alike)}); write the ids "
            "as the files are named."
        )


def _rounded(missing: Sequence[str]) -> Iterator[str]:
    rounded = [id_ for id_ in missing if _ROUNDED.fullmatch(id_)]
    if rounded:
        yield (
            f"Numbers that a spreadsheet has rounded: {len(rounded):,} ({some(rounded)}); format the column as text "
            "and fill it again."
        )


def _left_out(listing: Listing, missing: Sequence[str]) -> Iterator[str]:
    for part in listing.left_out:
        hits = _named(part.names, missing)
        if hits:
            yield f"Left out by {part.what}, see data.ignore: {len(hits):,} ({some(hits)})."


def _other_formats(listing: Listing, missing: Sequence[str]) -> Iterator[str]:
    hits = _named(listing.others, missing)
    if hits:
        formats = Counter(suffix(name) or "no extension" for name in hits)
        yield f"Only in formats that are not read ({', '.join(formats)}): {len(hits):,} ({some(hits)})."


def _named(names: Sequence[str], missing: Sequence[str]) -> list[str]:
    """List the files with the plainly spelled name of a missing id."""
    wanted = {spellings.parts(id_)[-1] for id_ in missing}
    return [name for name in names if spellings.plain(name[name.rfind("/") + 1 :]) in wanted]


def _folders(listing: Listing, missing: Sequence[str]) -> Iterator[str]:
    folders = {part for name in listing.images for part in name[: name.rfind("/") + 1].split("/")[:-1]}
    hits = [id_ for id_ in missing if id_.strip("/").rpartition("/")[2] in folders]
    if hits:
        yield (
            f"Names of folders, not of images: {len(hits):,} ({some(hits)}); the table must name the images, one row "
            "each, and the folder's name can be a column such as patient_id."
        )
