"""Match the ids of a table to image files: exactly, or by a rule where that leaves no doubt.

A rule compares spellings in which certain differences are gone. It holds only for one id and one file that both have no
other candidate. Every step goes through ids and files once, so that 200,000 take seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from experiments.training.data.arrangement.matching import spellings
from experiments.training.data.arrangement.matching.spellings import Parts

MOST_COMPARED = 20  # files of one spelling, or fewer, are compared with an id by finer ones
MOST_EXAMINED = 1000  # ids of which it is found out which rules they need
FOLDERS = "folders in front"


@dataclass
class Matches:
    """The image of each id; `ambiguous` ids have several.

    `by_rule` are ids that are not spelled as their files are; `near` has files that an id without one resembles.
    """

    file_of: dict[str, str] = field(default_factory=dict)
    by_rule: list[str] = field(default_factory=list)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    near: dict[str, list[str]] = field(default_factory=dict)

    def add(self, later: Matches) -> None:
        """Add what a later search found for ids that this one did not."""
        self.file_of |= later.file_of
        self.by_rule += later.by_rule
        self.ambiguous = later.ambiguous
        self.near = later.near

    def rules(self, base: str) -> dict[str, str]:
        """Return the rules that were used, each with the first id that needs it and its file."""
        found: dict[str, str] = {}
        for id_ in islice(self.by_rule, MOST_EXAMINED):
            path = self.file_of[id_].removeprefix(base)
            for rule in spellings.needed(id_, path) or [FOLDERS]:
                found.setdefault(rule, f"{id_} is {path}")
        return found


def match(ids: Collection[str], images: Sequence[str], base: str) -> Matches:
    """Match ids to images.

    An id is the path of an image, its path below the folder `base`, or its name, with or without the extension; what
    is left is matched by rules.
    """
    found = _exact(set(ids), images, base)
    missing = [id_ for id_ in dict.fromkeys(ids) if id_ not in found.file_of and id_ not in found.ambiguous]
    if missing:
        _add_by_rules(found, missing, images, base)
    return found


def _exact(wanted: Collection[str], images: Sequence[str], base: str) -> Matches:
    found = Matches()
    start = len(base)
    for path in images:
        name_at = path.rfind("/") + 1
        dot = path.rfind(".")
        ends = (None, dot) if dot > name_at else (None,)
        for begin in (name_at, start, 0) if name_at > start > 0 else (name_at, 0) if name_at else (0,):
            for end in ends:
                if (key := path[begin:end]) in wanted:
                    _add(found, key, path)
    for id_ in found.ambiguous:
        del found.file_of[id_]
    return found


def _add(found: Matches, id_: str, path: str) -> None:
    if id_ not in found.file_of:
        found.file_of[id_] = path
    else:
        found.ambiguous.setdefault(id_, [found.file_of[id_]]).append(path)


class _Pair(NamedTuple):
    """An id and the file that it may mean, with the folders that only one of them has."""

    id: str
    path: str
    in_front: Parts
    above: Parts


def _add_by_rules(found: Matches, missing: Sequence[str], images: Sequence[str], base: str) -> None:
    """Match ids and files that share a plainly spelled name."""
    ids: dict[str, dict[str, Parts]] = defaultdict(dict)
    for id_ in missing:
        parts = spellings.parts(id_)
        ids[parts[-1]][id_] = parts
    files: dict[str, dict[str, Parts]] = defaultdict(dict)
    for path in images:
        cut = path.rfind("/") + 1
        if (name := spellings.plain(path[cut:])) in ids:
            files[name][path] = (*spellings.folder_parts(path[:cut]), name)
    used = set(found.file_of.values())
    pairs = [pair for name, group in files.items() for pair in _Group(ids[name], group, used).pairs(found.near)]
    for pair in _trusted(pairs, depth=base.count("/")):
        found.file_of[pair.id] = pair.path
        found.by_rule.append(pair.id)


def _trusted(pairs: Sequence[_Pair], depth: int) -> Iterator[_Pair]:
    """Yield the pairs without contradiction.

    Where both paths begin with folders that the other one has not, these must be the same for all.
    """
    doubtful = [pair for pair in pairs if pair.in_front and len(pair.above) > depth]
    fronts = {(pair.in_front, pair.above) for pair in doubtful}
    yield from (pair for pair in pairs if len(fronts) == 1 or not (pair.in_front and len(pair.above) > depth))


class _Group:
    """The ids and the files with one plainly spelled name, each with the parts of its path."""

    def __init__(self, ids: Mapping[str, Parts], files: Mapping[str, Parts], used: Collection[str]) -> None:
        self._ids, self._files, self._used = dict(ids), files, used

    def pairs(self, near: dict[str, list[str]]) -> Iterator[_Pair]:
        """Yield what belongs together, by as many of the last folders as both have; `near` receives what is left."""
        if len(self._ids) == len(self._files) == 1:
            yield from self._lone(near)
            return
        deepest = min(max(map(len, self._ids.values())), max(map(len, self._files.values())))
        for tail in range(deepest, 0, -1):
            files = _by_tail(self._files, tail)
            for end, ids in _by_tail(self._ids, tail).items():
                if end not in files:
                    continue
                for id_ in ids:
                    path = self._only(id_, ids, files[end])
                    if path is None:
                        near[id_] = files[end][:MOST_COMPARED]
                    else:
                        yield _Pair(id_, path, self._ids[id_][:-tail], self._files[path][:-tail])
                    del self._ids[id_]
            if not self._ids:
                return

    def _lone(self, near: dict[str, list[str]]) -> Iterator[_Pair]:
        """Yield the only id and the only file, unless the file is another id's."""
        [(id_, parts)], [(path, above)] = self._ids.items(), self._files.items()
        if path in self._used:
            near[id_] = [path]
            return
        common = next(
            (at for at, (one, other) in enumerate(zip(parts[::-1], above[::-1], strict=False)) if one != other),
            min(len(parts), len(above)),
        )
        yield _Pair(id_, path, parts[: len(parts) - common], above[: len(above) - common])

    def _only(self, id_: str, ids: Sequence[str], paths: Sequence[str]) -> str | None:
        """Return the one file that the id can mean: the only one, or the only one of the nearest spelling."""
        if len(paths) == len(ids) == 1:
            return paths[0] if paths[0] not in self._used else None
        if len(paths) > MOST_COMPARED or len(ids) > MOST_COMPARED:
            return None
        for spell in spellings.FINER:
            alike = [path for path in paths if spell(id_) == spell(path)]
            rivals = [other for other in ids if spell(other) == spell(id_)]
            if alike and (len(alike) > 1 or len(rivals) > 1):
                return None
            if alike:
                return alike[0] if alike[0] not in self._used else None
        return None


def _by_tail(paths: Mapping[str, Parts], tail: int) -> dict[Parts, list[str]]:
    found: dict[Parts, list[str]] = defaultdict(list)
    for path, parts in paths.items():
        if len(parts) >= tail:
            found[parts[-tail:]].append(path)
    return found
