"""List a data set's files by what they may be: images, tables, and what is left out before anything is read."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import some
from experiments.training.contract.source_forms import TEXT_TABLES
from experiments.training.data.arrangement import folder_names, levels, masks
from experiments.training.data.arrangement.levels import Folders
from experiments.training.data.files.folders import Files
from experiments.training.data.files.image_names import EXTENSIONS, suffix
from experiments.training.data.images import dicom_headers

LOOKED_AT = 20  # files without extension that show whether there are scans among them


@dataclass(frozen=True)
class LeftOut:
    """Files of one kind that are not samples, e.g. kind `mask`, what `*_mask*`."""

    kind: str
    what: str
    names: Sequence[str]


@dataclass(frozen=True)
class Listing:
    """The names of all files, in their order: `base` is the folder of the data, with its slash.

    `folders` has the number of images in each folder below it.

    `left_out` holds masks and what the request ignores; `ignored` the patterns that leave the same files out. `instead`
    is told where a table answers the questions.
    """

    base: str
    folders: Folders
    images: Sequence[str]
    tables: Sequence[str]
    others: Sequence[str]
    left_out: Sequence[LeftOut] = ()
    ignored: Sequence[str] = ()
    questions: Sequence[Question] = ()
    instead: Sequence[Finding] = ()
    findings: Sequence[Finding] = ()


def read(files: Files, config: DataConfig) -> Listing:
    """List the files, leaving out what `data.ignore` names, or masks where it names nothing."""
    images, tables, others = _by_kind(files)
    left_out: list[LeftOut] = []
    if config.ignore:
        left_out = _ignored([*images, *tables, *others], list(dict.fromkeys(config.ignore)))
        gone = {name for part in left_out for name in part.names}
        images, tables, others = ([name for name in names if name not in gone] for names in (images, tables, others))
    findings: list[Finding] = []
    questions: list[Question] = []
    if config.ignore is None:
        images, left_out, findings, questions = _without_masks(images)
    folders = Counter(name[: name.rfind("/") + 1] for name in images)
    base = base_of(folders, {name[: name.rfind("/") + 1] for name in tables})
    return Listing(
        base=base,
        folders={levels.parts_of(folder, base): count for folder, count in folders.items()},
        images=images,
        tables=tables,
        others=others,
        left_out=left_out,
        ignored=config.ignore if config.ignore is not None else [part.what for part in left_out],
        questions=questions,
        instead=[_left_out_by_name(left_out)] if questions else [],
        findings=findings,
    )


def _by_kind(files: Files) -> tuple[list[str], list[str], list[str]]:
    images: list[str] = []
    tables: list[str] = []
    others: list[str] = []
    for name in files.sizes:
        extension = suffix(name)
        (images if extension in EXTENSIONS else tables if extension in TEXT_TABLES else others).append(name)
    if scans := _scans(files, [name for name in others if _may_be_scan(name)]):
        others = [name for name in others if name not in scans]
        images = sorted([*images, *scans])
    return images, tables, others


def _may_be_scan(name: str) -> bool:
    """Return whether the name has no extension, but at most the end of a DICOM file's number."""
    extension = suffix(name)
    return not extension or extension[1:].isdigit()


def _scans(files: Files, names: Sequence[str]) -> set[str]:
    """Return the DICOM files among those without extension; if a few that are looked at are none, so are the others."""
    if not any(dicom_headers.is_dicom(files, name) for name in _spread(names)):
        return set()
    return {name for name in names if dicom_headers.is_dicom(files, name)}


def _spread(names: Sequence[str]) -> Sequence[str]:
    return names[:: max(1, len(names) // LOOKED_AT)]


def _ignored(names: Sequence[str], patterns: Sequence[str]) -> list[LeftOut]:
    """Group the names that a pattern covers, as a file, or as a folder on the path."""
    compiled = {pattern: re.compile(_expression(pattern)) for pattern in patterns}
    any_of = re.compile("|".join(f"(?:{_expression(pattern)})" for pattern in patterns))
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        text = name.casefold()
        if any_of.match(text):
            found[next(pattern for pattern in patterns if compiled[pattern].match(text))].append(name)
    return [LeftOut("ignored", pattern, found[pattern]) for pattern in patterns if pattern in found]


def _expression(pattern: str) -> str:
    """Translate a pattern so that it matches whole names of files and folders, wherever on the path they are."""
    inner = fnmatch.translate(pattern.casefold().strip("/")).removesuffix(r"\Z").removesuffix(r"\z")
    return rf"(?:.*/)?{inner}(?:/.*)?\Z"


def _without_masks(
    images: Sequence[str],
) -> tuple[list[str], list[LeftOut], list[Finding], list[Question]]:
    """Leave out sure masks, and as the first answer to a question what may be masks or copies."""
    text = "\n".join(images).casefold()
    found = masks.find(images, text)
    kept = _without(images, found.sure)
    rest = _without(kept, found.unsure)
    derived = _derived(rest) if any(word in text for word in folder_names.DERIVED) else {}
    unsure = {**found.unsure, **derived}
    if not found.sure and not unsure:
        return list(images), [], [], []
    rest = _without(rest, derived)
    if not rest:  # all that is left has such a name: it is what this data set has for images
        unsure, rest = {}, kept
    left_out = [
        *(LeftOut("mask", pattern, names) for pattern, names in found.sure.items()),
        *(LeftOut("ignored", pattern, names) for pattern, names in unsure.items()),
    ]
    findings = [_masks_left_out(found.sure)] if found.sure else []
    questions = [_ask(unsure, list(found.sure))] if unsure else []
    return rest, left_out, findings, questions


def _without(images: Sequence[str], left_out: Mapping[str, Sequence[str]]) -> list[str]:
    gone = {name for names in left_out.values() for name in names}
    return [name for name in images if name not in gone] if gone else list(images)


def _derived(images: Sequence[str]) -> dict[str, list[str]]:
    """Group the images below folders such as `augmented` by the folder's name."""
    found: dict[str, list[str]] = defaultdict(list)
    folders: dict[str, str | None] = {}
    for name in images:
        folder = name.rpartition("/")[0]
        if folder not in folders:
            folders[folder] = next(filter(folder_names.is_derived, folder.split("/")), None)
        if part := folders[folder]:
            found[part].append(name)
    return found


def _masks_left_out(sure: Mapping[str, Sequence[str]]) -> Finding:
    names = [name for part in sure.values() for name in part]
    listed = some([f"{pattern} ({len(part)})" for pattern, part in sure.items()], 5)
    text = (
        f"{len(names):,} masks beside their images are left out: {listed}. Set data.ignore to [] to read them as "
        "images too."
    )
    return Finding(code="masks_left_out", level="info", text=text)


def _left_out_by_name(left_out: Sequence[LeftOut]) -> Finding:
    unsure = {part.what: part.names for part in left_out if part.kind == "ignored"}
    listed = some([f"{pattern} ({len(names):,})" for pattern, names in unsure.items()], 5)
    text = f"Images that no row needs are left out by their names: {listed}. Set data.ignore to [] to read them too."
    return Finding(code="left_out_by_name", level="info", text=text)


def _ask(unsure: Mapping[str, Sequence[str]], sure: list[str]) -> Question:
    listed = some([f"{pattern} ({len(names):,} images, e.g. {names[0]})" for pattern, names in unsure.items()])
    count = sum(map(len, unsure.values()))
    return Question(
        code="ignore",
        text=f"By their names these may be masks or copies, not images to learn from: {listed}. Set data.ignore to the "
        "names that are to be left out, or to [] to learn from all.",
        choices=[
            Choice(
                options={"data.ignore": list(dict.fromkeys([*sure, *unsure]))},
                consequence=f"{count:,} images are left out.",
            ),
            Choice(options={"data.ignore": sure}, consequence=f"{count:,} images are read like all others."),
        ],
    )


def base_of(with_images: Collection[str], with_tables: Collection[str]) -> str:
    """Find the folder that holds the data: below any lone wrapping folder, as zips and downloads have them."""
    folders = {*with_tables, *with_images}
    base = ""
    while base not in folders and len(tops := _tops(folders, base)) == 1:
        inner = f"{base}{tops.pop()}/"
        if inner in with_images and inner not in with_tables:  # a class folder
            break
        base = inner
    return base


def _tops(folders: Collection[str], base: str) -> set[str]:
    return {folder[len(base) : folder.index("/", len(base))] for folder in folders}
