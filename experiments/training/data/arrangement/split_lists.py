"""Take the splits from text files that list the images of each: `train_list.txt`, `val.txt`, `test_list.txt`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Finding
from experiments.training.contract.source_errors import some
from experiments.training.contract.splits import SplitName
from experiments.training.data.arrangement import folder_names
from experiments.training.data.arrangement.entries import Entries
from experiments.training.data.arrangement.listing import Listing
from experiments.training.data.arrangement.matching import id_matching
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.files.image_names import stem_of, suffix

KNOWN = frozenset({".txt", ".lst", ".list", ".json"})
READ = frozenset({".txt", ".lst", ".list"})
WORDS = frozenset({"list", "lists", "split", "splits", "ids", "id", "files", "filenames", "names", "images", "cases"})
MOST_BYTES = 64 * 2**20  # of one list


def named(names: Sequence[str]) -> list[str]:
    """List the files that are called as lists of the samples in each split."""
    return [name for name in names if suffix(name) in KNOWN and _is_list(name)]


def applied(found: Entries, listing: Listing, files: Files, config: DataConfig) -> Entries:
    """Return the entries with the splits of the lists, where these leave no doubt; else the entries as they are.

    Each list must mean another split by its name, one of them the training, and each image must stand in one of them,
    alone in its line.
    """
    split_of = _splits(named(listing.others))
    if not split_of or config.split_column is None or any(entry.split for entry in found.entries):
        return found
    split_of_image = _of_images(files, split_of, listing)
    if not all(entry.file in split_of_image for entry in found.entries):
        return found
    listed = ", ".join(f"{name} for {split}" for name, split in split_of.items())
    text = f"The splits are those of the lists {listed}. Set data.split_column to null to divide all images again."
    return replace(
        found,
        entries=[entry._replace(split=split_of_image[entry.file]) for entry in found.entries],
        lists=list(split_of),
        why=f"{found.why} Their splits are those of the lists {some(list(split_of))}.",
        findings=[*found.findings, Finding(code="splits_from_lists", level="info", text=text)],
    )


def _is_list(name: str) -> bool:
    stem = stem_of(name)
    others = {word for word in folder_names.words(stem) if word not in folder_names.SPLIT_WORDS and not word.isdigit()}
    return bool(folder_names.split_words(stem)) and others <= WORDS


def _splits(names: Sequence[str]) -> dict[str, SplitName]:
    """Return the split of each list; empty unless each is of another one, and one of the training."""
    words = {name: folder_names.split_words(stem_of(name)) for name in names}
    if any(len(found) != 1 or suffix(name) not in READ for name, found in words.items()):
        return {}
    split_of = {name: next(iter(found)) for name, found in words.items()}
    different = set(split_of.values())
    return split_of if "train" in different and 1 < len(different) == len(split_of) else {}


def _of_images(files: Files, split_of: Mapping[str, SplitName], listing: Listing) -> dict[str, SplitName]:
    """Return the split of each image that is listed; empty where a line names no image, or one of two lists."""
    found: dict[str, SplitName] = {}
    for name, split in split_of.items():
        ids = list(_lines(files, name))
        file_of = id_matching.match(ids, listing.images, listing.base).file_of
        if not ids or len(file_of) < len(ids) or not found.keys().isdisjoint(file_of.values()):
            return {}
        found |= dict.fromkeys(file_of.values(), split)
    return found


def _lines(files: Files, name: str) -> Iterator[str]:
    """Yield each different line once, without blanks around it; none of a file that is no text, or too large."""
    if files.sizes[name] > MOST_BYTES:
        return
    try:
        with files.open(name) as file:
            text = file.read(MOST_BYTES).decode("utf-8-sig")
    except (*READ_ERRORS, UnicodeDecodeError):
        return
    yield from dict.fromkeys(line for line in map(str.strip, text.splitlines()) if line)
