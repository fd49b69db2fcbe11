"""Find masks among images: drawings of what an image shows, which are no samples of their own.

A mask is sure where its image is there too: `x_mask.png` beside `x.png`, `masks/` beside `images/`. What only has the
name of one is not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from experiments.training.data.arrangement import folder_names
from experiments.training.data.files.image_names import stem_of

MASK_WORDS = frozenset(
    {"mask", "masks", "segmentation", "segmentations", "groundtruth", "contours", "annotations", "overlays"}
)
SHORT_WORDS = frozenset({"seg", "segs", "gt", "roi", "rois", "contour", "annotation", "overlay", "label", "labels"})
"""Words that say mask only where they are the whole name of a folder, or end a file's."""
NEGATIONS = frozenset({"with", "without", "no", "non", "not", "un"})
IMAGE_PREFIXES = ("", "image_", "img_", "im_", "image-", "img-", "image", "img")
SHARE_WITH_IMAGE = 0.5  # of the masks in a folder, by which it is one
MOST_WITHOUT_IMAGE = 0.5  # of all images; where more are called masks, the word means something else
_FRAGMENTS = ("mask", "seg", "gt", "truth", "contour", "annotation", "overlay", "roi", "label")
_HINT = re.compile("|".join(_FRAGMENTS), re.IGNORECASE)
_KIND = r"(?:masks?|seg(?:mentation)?s?|gt|ground[ _-]?truth|contours?|annotations?|overlays?|rois?|labels?)"
_AT_END = re.compile(rf"(?P<image>.+?)[ ._-]+(?P<kind>{_KIND})(?:[ ._-]*\d+)?", re.IGNORECASE)
_AT_START = re.compile(rf"(?P<kind>{_KIND})[ ._-]+(?P<image>.+)", re.IGNORECASE)
_NEGATED = re.compile(r"(?:^|[ ._-])(?:with|without|no|non|not)$", re.IGNORECASE)


@dataclass(frozen=True)
class Masks:
    """Names of masks by the pattern that covers them: `sure` ones have their image, `unsure` ones only the name."""

    sure: Mapping[str, list[str]] = field(default_factory=dict)
    unsure: Mapping[str, list[str]] = field(default_factory=dict)


def find(images: Sequence[str], text: str) -> Masks:
    """Find the masks among the images by their names alone; `text` holds all of these, in lower case."""
    if not any(fragment in text for fragment in _FRAGMENTS):
        return Masks()
    by_folder: dict[str, list[str]] = defaultdict(list)
    for name in images:
        by_folder[name.rpartition("/")[0]].append(name)
    folders = _Folders(by_folder)
    sure: dict[str, list[str]] = defaultdict(list)
    unsure: dict[str, list[str]] = defaultdict(list)
    rest: dict[str, list[str]] = {}
    for folder, names in by_folder.items():
        root = folders.mask_root(folder)
        if root is None:
            rest[folder] = names
        else:
            (sure if folders.is_sure(root) else unsure)[root.rpartition("/")[2]] += names
    _add_files(rest, sure, unsure)
    return Masks(sure, unsure)


class _Folders:
    """The folders with images, and which of them hold masks."""

    def __init__(self, by_folder: Mapping[str, list[str]]) -> None:
        self._by_folder = by_folder
        self._children: dict[str, set[str]] = defaultdict(set)
        for folder in by_folder:
            parts = folder.split("/") if folder else []
            for depth, part in enumerate(parts):
                self._children["/".join(parts[:depth])].add(part)
        self._sure: dict[str, bool] = {}

    def mask_root(self, folder: str) -> str | None:
        """Return the first folder on the path that has a mask's name; None if none has."""
        parts = folder.split("/")
        for depth, part in enumerate(parts):
            if is_mask_name(part):
                parent = "/".join(parts[:depth])
                return None if _is_class(part, self._children[parent]) else "/".join(parts[: depth + 1])
        return None

    def is_sure(self, root: str) -> bool:
        """Return whether the images of these masks are beside the folder, or the folder is beside its images."""
        if root not in self._sure:
            parent, _, name = root.rpartition("/")
            beside = [other for other in self._children[parent] if other != name and not is_mask_name(other)]
            self._sure[root] = any(map(folder_names.is_container, beside)) or self._has_images_above(root, parent)
        return self._sure[root]

    def _has_images_above(self, root: str, parent: str) -> bool:
        """Return whether most masks have an image of their name right in the folder above."""
        above = {stem_of(name) for name in self._by_folder.get(parent, ())}
        names = self._by_folder.get(root, ())
        return sum(_image_of(stem_of(name)) in above for name in names) >= SHARE_WITH_IMAGE * max(len(names), 1)


def is_mask_name(name: str) -> bool:
    """Return whether a folder of this name may hold masks."""
    found = set(folder_names.words(name))
    whole = {word for word in found if not word.isdigit()}
    return not found & NEGATIONS and (bool(found & MASK_WORDS) or (bool(whole) and whole <= SHORT_WORDS))


def _is_class(name: str, beside: Collection[str]) -> bool:
    """Return whether another folder says the opposite, as `no_mask` beside `mask` does."""
    found = set(folder_names.words(name))
    others = [set(folder_names.words(other)) for other in beside if other != name]
    return any(other & NEGATIONS and other - NEGATIONS >= found - NEGATIONS for other in others)


def _add_files(by_folder: Mapping[str, list[str]], sure: dict[str, list[str]], unsure: dict[str, list[str]]) -> None:
    """Add the masks among the images of folders that hold more than masks."""
    stems = {folder: {stem_of(name) for name in names} for folder, names in by_folder.items()}
    anywhere = set().union(*stems.values())
    found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for folder, names in by_folder.items():
        for name in names:
            if mask := _by_name(stem_of(name)):
                beside = not mask.images.isdisjoint(stems[folder])
                found[mask.pattern].append((name, beside or (mask.at_end and not mask.images.isdisjoint(anywhere))))
    total = sum(map(len, by_folder.values()))
    for pattern, masks in found.items():
        paired = sum(sure for _, sure in masks)
        if paired >= SHARE_WITH_IMAGE * len(masks):
            sure[pattern] += [name for name, _ in masks]
        elif paired or len(masks) < MOST_WITHOUT_IMAGE * total:
            unsure[pattern] += [name for name, _ in masks]


class _NamedMask(NamedTuple):
    """A file with a mask's name: the pattern of such names, and the stems that its image may have."""

    pattern: str
    images: frozenset[str]
    at_end: bool


def _by_name(stem: str) -> _NamedMask | None:
    if not _HINT.search(stem):
        return None
    if (found := _AT_END.fullmatch(stem)) and not _NEGATED.search(found["image"]):
        joint = stem[found.end("image") : found.start("kind")]
        return _NamedMask(f"*{joint}{found['kind']}*", frozenset({found["image"]}), at_end=True)
    if found := _AT_START.fullmatch(stem):
        images = frozenset(prefix + found["image"] for prefix in IMAGE_PREFIXES)
        return _NamedMask(f"{found['kind']}*", images, at_end=False)
    return None


def _image_of(stem: str) -> str:
    found = _AT_END.fullmatch(stem) or _AT_START.fullmatch(stem)
    return found["image"] if found else stem
