"""Find folders that hold the same files again: `data/train` in a download that has `train` too, `NORMAL - Copy`."""

from __future__ import annotations

import bisect
import glob
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from experiments.training.data.arrangement import folder_names
from experiments.training.data.files.image_names import suffix

FEW_FOLDERS = 20  # up to which each that repeats others is named by its path, more by their common name
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


def repeated(images: Sequence[str], sizes: Mapping[str, int]) -> dict[str, list[str]]:
    """Group images that other folders hold too by a pattern that covers them, as `data.ignore` has it."""
    by_folder = _by_folder(images)
    found = _again(by_folder, sizes) or _in_other_formats(by_folder)
    if len(found) <= FEW_FOLDERS:
        return {glob.escape(folder): names for folder, names in found.items()}
    by_name: dict[str, list[str]] = defaultdict(list)
    for folder, names in found.items():
        by_name[folder.rpartition("/")[2]] += names
    covered = Counter(part for name in images for part in set(name.split("/")[:-1]) if part in by_name)
    return {glob.escape(name): names for name, names in by_name.items() if covered[name] == len(names)}


def _again(by_folder: Mapping[str, Sequence[str]], sizes: Mapping[str, int]) -> dict[str, list[str]]:
    """Group the images that the folder above holds too, by the folder that repeats it."""
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
    ordered, outer = sorted(by_folder), "/"
    for root in sorted(shared):
        if root.startswith(outer):
            continue
        below = _below(root, by_folder, ordered)
        if len(shared[root]) >= max(LEAST_SHARED * len(below), 1):
            outer = root
            yield root[:-1], below


def _in_other_formats(by_folder: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Group images that a folder beside theirs holds in another format: `dicom/x.dcm` beside `png/x.png`.

    Of such folders the first one with the most images is kept.
    """
    ordered = sorted(by_folder)
    found: dict[str, list[str]] = {}
    for beside in _containers(by_folder):
        below = {root: _below(root, by_folder, ordered) for root in beside}
        kept, *others = sorted(below, key=lambda root: -len(below[root]))
        known = _stems(kept, below[kept])
        for root in others:
            if len(_stems(root, below[root]) & known) >= LEAST_SHARED * len(below[root]):
                found[root[:-1]] = below[root]
    return found


def _containers(folders: Iterable[str]) -> Iterator[list[str]]:
    """Yield the folders such as `dicom` and `png` that lie beside each other."""
    beside: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        parts = folder.split("/")[:-1]
        for at, name in enumerate(parts):
            if folder_names.is_container(name):
                beside["/".join(parts[:at])].add("/".join(parts[: at + 1]) + "/")
    yield from (sorted(found) for found in beside.values() if len(found) > 1)


def _by_folder(images: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in images:
        found[name[: name.rfind("/") + 1]].append(name)
    return found


def _below(root: str, by_folder: Mapping[str, Sequence[str]], ordered: Sequence[str]) -> list[str]:
    """List the images in a folder and all that lie in it; `ordered` are the folders, sorted."""
    start = bisect.bisect_left(ordered, root)
    after = (ordered[at] for at in range(start, len(ordered)))
    inside = itertools.takewhile(lambda folder: folder.startswith(root), after)
    return [name for folder in inside for name in by_folder[folder]]


def _stems(folder: str, names: Sequence[str]) -> set[str]:
    return {name[len(folder) : len(name) - len(suffix(name))] for name in names}


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
