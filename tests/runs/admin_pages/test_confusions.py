"""Which class is mistaken for which, the most frequent mistakes first."""

from __future__ import annotations

import random

from runs.admin_pages.confusions import Mistake, mistakes
from runs.wording.number_text import percent


def test_the_most_frequent_come_first_and_of_equal_ones_the_larger_share() -> None:
    matrix = [[5, 2, 0, 1], [2, 90, 2, 0], [0, 0, 3, 0], [0, 0, 7, 0]]
    found = mistakes("abcd", matrix, 2)
    assert found.shown == [Mistake("d", "c", 7, "100.0 %"), Mistake("a", "b", 2, "25.0 %")]
    assert (found.pairs, found.right, found.total) == (5, 98, 112)


def test_few_are_the_first_of_all() -> None:
    chance = random.Random(4)
    matrix = [[chance.randrange(9) for _ in range(25)] for _ in range(25)]
    names = [f"c{label}" for label in range(25)]
    pairs = [(true, other) for true in range(25) for other in range(25) if true != other and matrix[true][other]]
    pairs.sort(key=lambda pair: (-matrix[pair[0]][pair[1]], -matrix[pair[0]][pair[1]] / sum(matrix[pair[0]])))
    expected = [
        Mistake(names[true], names[other], matrix[true][other], percent(matrix[true][other] / sum(matrix[true])))
        for true, other in pairs
    ]
    assert mistakes(names, matrix, len(pairs)).shown == expected
    assert mistakes(names, matrix, 30).shown == expected[:30]


def test_without_a_mistake_there_is_none() -> None:
    assert mistakes("ab", [[3, 0], [0, 0]]) == ([], 0, 3, 3)
