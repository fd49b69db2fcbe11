"""Processing of many items, some of which fail."""

from __future__ import annotations

import pytest

from runs.failures.each import each


def test_those_that_fail_stop_no_other_and_the_first_failure_comes_at_the_end() -> None:
    got: list[float] = []

    def collect() -> None:
        for result in each(lambda number: 6 / number, [1, 0, 2, 0, 3]):
            got.append(result)

    with pytest.raises(ZeroDivisionError) as raised:
        collect()
    assert got == [6, 3, 2]
    assert raised.value.__notes__ == ["Of the same round, 1 more failed."]


def test_without_a_failure_nothing_is_raised() -> None:
    assert list(each(str, [1, 2])) == ["1", "2"]
