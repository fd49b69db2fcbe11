"""List which classes are mistaken for which, where they are too many to draw their matrix. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from runs.wording.number_text import percent

MOST = 100


class Mistake(NamedTuple):
    """How many samples of a true class were taken for another one, with their share of the true class."""

    true: str
    predicted: str
    count: int
    share: str


class Mistakes(NamedTuple):
    """The most frequent mistakes of `pairs` that there are, with how many of all samples were right."""

    shown: list[Mistake]
    pairs: int
    right: int
    total: int


def mistakes(classes: Sequence[str], matrix: Sequence[Sequence[int]], most: int = MOST) -> Mistakes:
    """List the most frequent mistakes; of equally frequent ones those of the larger share of a class.

    A thousand classes have a million cells, so no more than `most` mistakes are kept while they are read.
    """
    kept: list[tuple[int, float, int, int]] = []
    pairs = 0
    for true, row in enumerate(matrix):
        total = sum(row)
        pairs += sum(map(bool, row)) - bool(row[true])
        least = kept[0][0] if len(kept) == most else 1
        for predicted, count in enumerate(row):
            if count < least or predicted == true:
                continue
            one = (count, count / total, -true, -predicted)
            if len(kept) < most:
                heapq.heappush(kept, one)
            else:
                heapq.heappushpop(kept, one)
            least = kept[0][0] if len(kept) == most else 1
    shown = [
        Mistake(classes[-true], classes[-predicted], count, percent(share))
        for count, share, true, predicted in sorted(kept, reverse=True)
    ]
    return Mistakes(shown, pairs, sum(row[label] for label, row in enumerate(matrix)), sum(map(sum, matrix)))
