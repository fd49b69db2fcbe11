"""Group samples that are the same or nearly the same picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.training.preflight import neighbours
from experiments.training.preflight.fingerprints import Fingerprints, Floats
from experiments.training.preflight.neighbours import Near

Kind: TypeAlias = Literal["exact", "copy", "near"]

# A copy is much more like its original than anything else is: its distance (1 - likeness) is at most this share of
# the nearest other image's. Nothing stands out so where images are alike anyway: frames of a film, drawings of one
# scheme. There a pair is near but not a copy, as a false alarm must not block a run. How alike images are anyway is
# what one in four reaches with its nearest: .80 in 3,166 chest X-rays, .90 in 1,797 digits, .95 in 500 drawn discs.
STANDS_OUT = 0.1
ALIKE_ANYWAY = 0.93
LARGEST_COPIES = 20
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # of hashes of rows: odd, and its bits look random
PROBES = 256  # images whose nearest is looked up


@dataclass(frozen=True)
class Group:
    """Samples that belong together.

    `places` are the positions of two or more samples, ascending; `likeness` is that of the least alike neighbours, 1
    when exact.
    """

    kind: Kind
    places: list[int]
    likeness: float = 1.0


@dataclass(frozen=True)
class Found:
    """All groups, exact ones first; `whole` is False when the search for near pairs was incomplete."""

    groups: list[Group]
    whole: bool = True


def same(keys: Iterable[Hashable]) -> list[Group]:
    """Group positions whose keys are equal."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return [Group("exact", found) for found in places.values() if len(found) > 1]


def of_images(prints: Fingerprints) -> Found:
    """Find exact copies and near images, of which those that stand out are copies too (see `neighbours`)."""
    exact = same(prints.digests)
    copies_of = {group.places[0]: group.places for group in exact}
    later = {place for group in exact for place in group.places[1:]}
    unique = np.array([i for i in range(len(prints.digests)) if i not in later and not prints.flat[i]], dtype=np.intp)
    if len(unique) < neighbours.FEWEST:
        return Found(exact)
    values = neighbours.standardised(prints.shapes[unique])
    near = neighbours.search(values)
    together = _connected(near)
    telling = _usual_nearest(values) <= ALIKE_ANYWAY
    likeness = _weakest(near, together)
    found = [
        Group(
            "copy" if telling and _stands_out(members, weakest, values) else "near",
            sorted(place for member in members for place in copies_of.get(int(unique[member]), [int(unique[member])])),
            weakest,
        )
        for members, weakest in zip(together, likeness, strict=True)
    ]
    return Found([*exact, *found], near.whole)


def of_rows(rows: NDArray[np.float64]) -> Found:
    """Find equal rows of a table (N, columns).

    They are "exact", certain copies, where in at least three columns they share values that no other row has; otherwise
    "near": two people may well give the same few answers.
    """
    equal = _equal(rows)
    if not equal:
        return Found([])
    own = _own_values(rows, equal)
    return Found(
        [Group("exact" if count >= 3 else "near", group.places) for group, count in zip(equal, own, strict=True)]
    )


def _equal(rows: NDArray[np.float64]) -> list[Group]:
    """Group rows that are equal bit by bit, in the order of their first ones."""
    hashes = np.zeros(len(rows), np.uint64)
    for column in rows.T:  # a text for each of millions of rows would take gigabytes
        hashes = (hashes ^ np.ascontiguousarray(column).view(np.uint64)) * MULTIPLIER
        hashes ^= hashes >> np.uint64(32)
    order = np.argsort(hashes, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(hashes[order])) + 1, len(order))
    starts = np.append(0, ends[:-1])
    several = ends - starts > 1
    runs = [order[start:end] for start, end in zip(starts[several], ends[several], strict=True)]
    found = [
        Group("exact", run[group.places].tolist()) for run in runs for group in same(row.tobytes() for row in rows[run])
    ]
    return sorted(found, key=lambda group: group.places[0])


def _own_values(rows: NDArray[np.float64], equal: Sequence[Group]) -> list[int]:
    """Count the columns in which no row outside of it has a group's value."""
    first = np.array([group.places[0] for group in equal])
    sizes = np.array([len(group.places) for group in equal])
    own = np.zeros(len(equal), np.intp)
    for column in rows.T:
        own += _frequencies(column)[first] == sizes
    return own.tolist()


def _frequencies(column: NDArray[np.float64]) -> NDArray[np.intp]:
    """Count how often each row's value occurs in the column; missing values count as frequent."""
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True, equal_nan=True)
    return np.where(np.isnan(column), len(column) + 1, counts[inverse])


def _connected(near: Near) -> list[list[int]]:
    """Group the images that pairs connect, directly or through others."""
    root: dict[int, int] = {}

    def find(place: int) -> int:
        while root.setdefault(place, place) != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for first, second in zip(near.first.tolist(), near.second.tolist(), strict=True):
        root[find(second)] = find(first)
    members: dict[int, list[int]] = defaultdict(list)
    for place in sorted(root):
        members[find(place)].append(place)
    return list(members.values())


def _weakest(near: Near, together: Sequence[Sequence[int]]) -> list[float]:
    """Return the lowest likeness of the pairs of each group."""
    group_of = {place: number for number, members in enumerate(together) for place in members}
    weakest = [1.0] * len(together)
    for place, likeness in zip(near.first.tolist(), near.likeness.tolist(), strict=True):
        weakest[group_of[place]] = min(weakest[group_of[place]], likeness)
    return weakest


def _usual_nearest(values: Floats) -> float:
    """Return the 75 % quantile of images' likeness to their nearest other image."""
    probes = np.linspace(0, len(values) - 1, min(PROBES, len(values))).astype(np.intp)
    likeness = values[probes] @ values.T
    likeness[np.arange(len(probes)), probes] = -1
    return float(np.quantile(likeness.max(axis=1), 0.75))


def _stands_out(members: Sequence[int], weakest: float, values: Floats) -> bool:
    if len(members) > LARGEST_COPIES:
        return False
    to_all = values[list(members)] @ values.T
    to_all[:, list(members)] = -1
    return 1 - weakest <= STANDS_OUT * (1 - float(to_all.max()))
