"""Account for every file and row: how many are used, how many are not and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from experiments.training.contract.reading import Finding, Unused, Usage
from experiments.training.contract.source_errors import some
from experiments.training.data.arrangement import split_lists
from experiments.training.data.arrangement.listing import LeftOut, Listing
from experiments.training.data.arrangement.matching.spellings import is_other_image
from experiments.training.data.files.image_names import suffix

MOST_PARTS = 20  # kinds of unused files that are listed by themselves
EXAMPLES = 3
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".rar", ".7z", ".z01")
HERE = "the folder itself"


def files(total: int, listing: Listing, used: Collection[str], unused_images: Sequence[LeftOut]) -> Usage:
    """Count the files: `used` ones are images and tables, `unused_images` says why the other images are not."""
    tables = [name for name in listing.tables if name not in used]
    parts = [
        *unused_images,
        *listing.left_out,
        *([LeftOut("table", suffix(tables[0]), tables)] if tables else []),
        *by_extension(name for name in listing.others if name not in used),
    ]
    return usage(total + len(listing.links), len(used), [*parts, *_links(listing.links)])


def beside_table(names: Collection[str], table: str, links: Collection[str]) -> Usage:
    """Count the files of data that are one table; no other file is read."""
    others = by_extension(name for name in names if name != table)
    return usage(len(names) + len(links), 1, [*others, *_links(links)])


def _links(links: Collection[str]) -> list[LeftOut]:
    return [LeftOut("link", "to a folder that is read under another name", list(links))] if links else []


def without(usage: Usage | None, part: LeftOut) -> Usage | None:
    """Move files or rows from the used to the unused ones."""
    if usage is None or not part.names:
        return usage
    moved = Unused(kind=part.kind, what=part.what, count=len(part.names), examples=list(part.names[:EXAMPLES]))
    return Usage(total=usage.total, used=usage.used - moved.count, unused=[*usage.unused, moved])


def usage(total: int, used: int, parts: Iterable[LeftOut]) -> Usage:
    """Count what is used and what is not; the smallest of many kinds are put together."""
    ordered = sorted((part for part in parts if part.names), key=lambda part: -len(part.names))
    listed, others = ordered[:MOST_PARTS], ordered[MOST_PARTS:]
    if others:
        listed.append(LeftOut("other", f"{len(others)} other kinds", [name for part in others for name in part.names]))
    unused = [
        Unused(kind=part.kind, what=part.what, count=len(part.names), examples=list(part.names[:EXAMPLES]))
        for part in listed
    ]
    return Usage(total=total, used=used, unused=unused)


def by_extension(names: Iterable[str]) -> list[LeftOut]:
    """Group files that are neither images nor tables by their extension."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        extension = ".nii.gz" if name.lower().endswith(".nii.gz") else suffix(name)
        found[extension or "none"].append(name)
    return [LeftOut("extension", extension, group) for extension, group in found.items()]


def by_top_folder(kind: str, names: Iterable[str], base: str) -> list[LeftOut]:
    """Group files by the first folder below the data."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folder, slash, _ = name[len(base) :].partition("/")
        found[f"{folder}/" if slash else HERE].append(name)
    return [LeftOut(kind, folder, group) for folder, group in found.items()]


def findings(listing: Listing, used: Collection[str], unused_images: Sequence[LeftOut]) -> Iterator[Finding]:
    """Tell of unused files that a user may take for used ones."""
    yield from _images(listing, unused_images)
    yield from formats_not_read(listing.others)
    yield from archives_not_read(listing.others)
    yield from _split_lists(name for name in listing.others if name not in used)
    tables = [name for name in listing.tables if name not in used]
    if tables:
        verb = "table is" if len(tables) == 1 else "tables are"
        text = (
            f"{len(tables):,} {verb} not used: {some(tables)}. If one of them names the images and their classes, "
            "name it in data.table."
        )
        yield Finding(code="tables_not_used", level="info", text=text)


def formats_not_read(names: Iterable[str]) -> Iterator[Finding]:
    """Tell of images and volumes in formats that are not read."""
    images = (name for name in names if not is_archive(name))
    formats = {part.what: part.names for part in by_extension(images) if is_other_image(part.what)}
    if formats:
        count = sum(map(len, formats.values()))
        text = f"{count:,} images are not used, as their formats are not read: {_counted(formats)}. Save them as PNG."
        yield Finding(code="formats_not_read", level="warning", text=text)


def _split_lists(names: Iterable[str]) -> Iterator[Finding]:
    """Tell of texts that are called as lists of the samples in each split."""
    found = split_lists.named(list(names))
    if found:
        text = (
            f"{some(found)} may list what belongs to training, validation and test, and is not read: lists "
            "are read where each means another split, and each image stands in one of them, alone in its line. Splits "
            "are also kept by a column named split in the table of the labels, or by folders."
        )
        yield Finding(code="split_lists_not_read", level="warning", text=text)


def archives_not_read(names: Iterable[str]) -> Iterator[Finding]:
    """Tell of archives among the files."""
    found = list(filter(is_archive, names))
    if found:
        text = f"Archives beside the data are not read: {some(found)}. Unpack those with data, each beside the others."
        yield Finding(code="archives_not_read", level="warning", text=text)


def is_archive(name: str) -> bool:
    """Return whether the name is that of a zip, a tar or another archive."""
    return name.lower().endswith(ARCHIVES)


def _images(listing: Listing, unused_images: Sequence[LeftOut]) -> Iterator[Finding]:
    total = len(listing.images)
    for part in unused_images:
        if part.kind == "no_row":
            text = (
                f"{len(part.names):,} of {total:,} images are not used, as {part.what} has no row for them: "
                f"{some(part.names)}. Add rows for those to learn from."
            )
            yield Finding(code="images_without_rows", level="warning", text=text)
    parts = {part.what: part.names for part in unused_images if part.kind == "no_class"}
    if parts:
        text = (
            f"{sum(map(len, parts.values())):,} of {total:,} images are not used, as they lie in no class folder: "
            f"{_counted(parts)}. Put those to learn from into the folder of their class."
        )
        yield Finding(code="images_without_class", level="warning", text=text)


def _counted(parts: Mapping[str, Sequence[str]]) -> str:
    return some([f"{what} ({len(names):,})" for what, names in parts.items()], 5)
