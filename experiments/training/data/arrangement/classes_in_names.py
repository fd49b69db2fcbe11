"""Notice classes that stand in the names of images, as in `cat.12.jpg` and `CHNCXR_0001_0.png`; they are not read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from experiments.training.data.arrangement import folder_names
from experiments.training.data.files.image_names import stem_of, suffix

FEWEST_IMAGES = 4
FEW_CLASSES = 10  # different words at most
FEWEST_EACH = 2
_WORD = r"[^\W\d_]+|\d+"
PLACES: Mapping[int, str] = {0: "begin with", -1: "end with", 1: "have as second word", -2: "have before the last word"}
"""Where the class may stand among the words and numbers of a name."""
RECIPE = (
    "python -c \"import csv, pathlib, re; table = csv.writer(open('labels.csv', 'x', newline='', encoding='utf-8')); "
    "table.writerow(['image', 'label']); "
    "table.writerows([image.as_posix(), re.findall(r'{word}', image.stem)[{place}]] "
    "for image in pathlib.Path('.').rglob('*') if image.suffix in {suffixes})\""
)
"""What writes a table of the classes, in the shells of all systems: no quotes but its own, no line ends."""


def hints(images: Sequence[str]) -> Iterator[str]:
    """Say that the names begin or end with a few words that may be the classes, and how to make a table of them."""
    words = [re.findall(_WORD, stem_of(name)) for name in images]
    if len(words) < FEWEST_IMAGES or not all(len(found) > 1 for found in words):
        return
    found = _classes(words)
    for place, counts in found.items():
        listed = ", ".join(f"{word!r} ({count:,})" for word, count in sorted(counts.items()))
        yield (
            f"The names of the images {PLACES[place]} {listed}: if these are the classes, put the images of each "
            "into a folder of its own, or list them in a table with a column for the class."
        )
    if found and all(map(suffix, images)):
        suffixes = sorted({name[len(name) - len(suffix(name)) :] for name in images})
        command = RECIPE.format(word=_WORD, place=next(iter(found)), suffixes=suffixes)
        yield f"This command, in the folder of the data, writes such a table: {command}"


def _classes(words: Sequence[Sequence[str]]) -> dict[int, Counter[str]]:
    """Count the words at each place where there are a few; of words and numbers, the words are more likely classes."""
    found: dict[int, Counter[str]] = {}
    for place in PLACES:
        if any(len(name) < (place + 1 if place >= 0 else -place) for name in words):
            continue
        counts = Counter(name[place] for name in words)
        several = 2 <= len(counts) <= FEW_CLASSES and min(counts.values()) >= FEWEST_EACH
        if several and counts not in found.values() and not folder_names.are_views(counts):
            found[place] = counts
    texts = {place: counts for place, counts in found.items() if not any(word.isdigit() for word in counts)}
    return texts or {place: counts for place, counts in found.items() if place in (0, -1)}
