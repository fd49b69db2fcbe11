"""Find folders that hold the same files again: `data/train` in a download that has `train` too, `NORMAL - Copy`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from experiments.training.data.arrangement import folder_names

LEAST_SHARED = 0.9  # of the images in a folder that lie one folder higher too, by name and size
DERIVING = frozenset(
    {
        *(
            "aug",
            "augs",
            "augmented",
            "augmentation",
            "augmentations",
            "flip",
            "flipped",
            "rotate",
            "rotated",
            "mirrored",
        ),
        *("noisy", "blurred", "thumbnail", "thumbnails", "thumbs", "preview", "previews", "oversampled", "upsampled"),
        *("copy", "copied", "kopie", "copia", "copie", "duplicate", "duplicates"),
    }
)
"""Words of folders that were made of another one, called by its name and one of these."""
_AGAIN = re.compile(r"(?P<name>.*\S)\s*\(\d+\)")


def again(images: Sequence[str], sizes: Mapping[str, int]) -> dict[str, list[str]]:
    """Group the images that the folder above holds too, by the folder that repeats it."""
    by_folder: dict[str, list[str]] = defaultdict(list)
    for name in images:
        by_folder[name[: name.rfind("/") + 1]].append(name)
    shared: dict[str, list[str]] = defaultdict(list)
    for folder, names in by_folder.items():
        for root, twin in _shorter(folder):
            if twin in by_folder:
                shared[root] += [name for name in names if 0 < sizes[name] == sizes.get(twin + name[len(folder) :])]
    return dict(_whole(by_folder, shared))


def _shorter(folder: str) -> Iterator[tuple[str, str]]:
    """Yield each folder on the path, and the path without it."""
    parts = folder.split("/")[:-1]
    for at in range(len(parts)):
        rest = [*parts[:at], *parts[at + 1 :]]
        yield "".join(f"{part}/" for part in parts[: at + 1]), "".join(f"{part}/" for part in rest)


def _whole(by_folder: Mapping[str, Sequence[str]], shared: Mapping[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders nearly all of whose images are shared, without those inside of others."""
    found: list[str] = []
    for root in sorted(shared):
        below = [name for folder, names in by_folder.items() if folder.startswith(root) for name in names]
        if not root.startswith(tuple(found)) and len(shared[root]) >= max(LEAST_SHARED * len(below), 1):
            found.append(root)
            yield root[:-1], below


def derived(names: Collection[str]) -> list[str]:
    """Find the names that are another one with a word such as `augmented` or `Copy`, or with `(2)` at the end."""
    originals = {folder_names.words(name) for name in names}
    return [name for name in names if (rest := _original(name)) and rest in originals]


def _original(name: str) -> tuple[str, ...]:
    """Return the words of the folder that one of this name was made of; none if it says nothing of that."""
    again = _AGAIN.fullmatch(name)
    words = folder_names.words(again["name"] if again else name)
    rest = tuple(word for word in words if word not in DERIVING)
    if len(rest) < len(words) and rest[:1] == ("of",):
        rest = rest[1:]
    return rest if again or len(rest) < len(words) else ()
