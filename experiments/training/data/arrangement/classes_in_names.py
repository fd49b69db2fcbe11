"""Notice classes that stand in the names of images, as in `cat.12.jpg` and `CHNCXR_0001_0.png`; they are not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from experiments.training.data.arrangement import folder_names
from experiments.training.data.files.image_names import suffix

FEWEST_IMAGES = 4
FEW_CLASSES = 10  # different words at most
FEWEST_EACH = 2


def hints(images: Sequence[str]) -> Iterator[str]:
    """Say that the names begin or end with a few words that may be the classes, in a sentence."""
    words = [folder_names.words(_stem(name)) for name in images]
    if len(words) < FEWEST_IMAGES or not all(len(found) > 1 for found in words):
        return
    for verb, at in (("begin", 0), ("end", -1)):
        counts = Counter(found[at] for found in words)
        several = 2 <= len(counts) <= FEW_CLASSES and min(counts.values()) >= FEWEST_EACH
        if several and not folder_names.are_views(counts):
            listed = ", ".join(f"{word!r} ({count:,})" for word, count in sorted(counts.items()))
            yield (
                f"The names of the images {verb} with {listed}: if these are the classes, put the images of each "
                "into a folder of its own, or list them in a table with a column for the class."
            )


def _stem(name: str) -> str:
    return name[name.rfind("/") + 1 : len(name) - len(suffix(name))]
