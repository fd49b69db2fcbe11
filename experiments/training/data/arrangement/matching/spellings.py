"""Spell paths plainly, so that ids match the files that they mean however other programs have rewritten them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import unquote

from experiments.training.data.files.image_names import EXTENSIONS, suffix

_OTHER = re.compile(
    r"\.(webp|gif|jfif|jpe|p[bgnp]m|nii(?:\.gz)?|gz|mh[ad]|nrrd|npy|jp2|j2k|jxl|hei[cf]|avif|svs|ndpi|mp4|avi|psd|raw)"
)
EXTENSION = "another extension"
Parts: TypeAlias = tuple[str, ...]
_DECIMALS = re.compile(r"(?<!\d)(\d+)\.0+$")
_BLANK_EXTENSION = re.compile(r" +(\.[^./ ]+)$")
_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")


def is_other_image(extension: str) -> bool:
    """Return whether the extension is that of images or volumes beside those that are read."""
    return extension not in EXTENSIONS and bool(_OTHER.fullmatch(extension))


def _without_extension(path: str) -> str:
    while (extension := suffix(path)) and (extension in EXTENSIONS or _OTHER.fullmatch(extension)):
        path = path[: -len(extension)]
    return path


def _without_blanks(path: str) -> str:
    if " " not in path:
        return path
    return _BLANK_EXTENSION.sub(r"\1", "/".join(part.strip() for part in path.split("/")))


def _composed(path: str) -> str:
    return path if path.isascii() else unicodedata.normalize("NFC", path)


RULES: Mapping[str, Callable[[str], str]] = {
    "backslashes": lambda path: path.replace("\\", "/") if "\\" in path else path,
    "percent-encoding": lambda path: unquote(path) if "%" in path else path,
    "the Unicode form of letters (NFC, NFD)": _composed,
    "blanks": _without_blanks,
    EXTENSION: _without_extension,
    "decimals": lambda path: _DECIMALS.sub(r"\1", path) if path.endswith("0") else path,
    "upper and lower case": str.casefold,
    "leading zeros": lambda path: _ZEROS.sub("", path) if "0" in path else path,
}
"""What each rule leaves out of account, and how a path is spelled without it."""


def plain(path: str) -> str:
    """Spell the path by all rules."""
    for rule in RULES.values():
        path = rule(path)
    return path


def parts(path: str) -> Parts:
    """Split the plainly spelled path into its folders and its last name."""
    if "%" in path:
        return _split(plain(path)) or ("",)
    folder, _, name = path.replace("\\", "/").rpartition("/")
    return (*folder_parts(folder), plain(name))


@lru_cache(maxsize=4096)
def folder_parts(folder: str) -> Parts:
    """Split a plainly spelled folder; what only looks like an extension stays."""
    path = folder
    for name, rule in RULES.items():
        path = path if name == EXTENSION else rule(path)
    return _split(path)


def _split(path: str) -> Parts:
    return tuple(part for part in path.split("/") if part not in ("", "."))


def needed(id_: str, path: str) -> list[str]:
    """List the rules without which the id is not the end of the path, or the path that of the id."""
    if _without_extension(id_) == id_:
        path = _without_extension(path)
    alone = [name for name in RULES if not _same_end(_all_but(name, id_), _all_but(name, path))]
    return alone or _first(id_, path)


def _first(id_: str, path: str) -> list[str]:
    """Return the rule that makes both the same, where another one would too; none if they are."""
    for name, rule in RULES.items():
        if _same_end(id_, path):
            break
        id_, path = rule(id_), rule(path)
        if _same_end(id_, path):
            return [name]
    return []


def _last(*names: str) -> Callable[[str], str]:
    """Return the function that spells a path's last name by these rules."""

    def spell(path: str) -> str:
        for name in names:
            path = RULES[name](path)
        return path.rpartition("/")[2]

    return spell


FINER: Sequence[Callable[[str], str]] = [_last(*list(RULES)[:count]) for count in (4, 5, 6, 7, 8)]
"""Spellings of a path's last name, from one that keeps most to the plain one."""


def _all_but(left_out: str, path: str) -> str:
    for name, rule in RULES.items():
        if name != left_out:
            path = rule(path)
    return path


def _same_end(id_: str, path: str) -> bool:
    return id_.rpartition("/")[2] == path.rpartition("/")[2]
