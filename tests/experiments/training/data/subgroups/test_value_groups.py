"""How values of a column become a few groups: as they are, in bands, the rarest together, or not at all."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.subgroups import number_bands
from experiments.training.data.subgroups.value_groups import LETTERS, MOST_GROUPS, Groups, of_column


def of(cells: list[str], edges: list[float] | None = None) -> Groups:
    return of_column("c", cells, edges)


def counts(cells: list[str], edges: list[float] | None = None) -> dict[str, int]:
    return dict(Counter(of(cells, edges).values))


def test_words_are_groups_however_they_are_spelled() -> None:
    cells = ["F", "f ", "F", "M", "m", "M", "", "NA", " nan ", "Ｍ"]
    assert counts(cells) == {"F": 3, "M": 4, "(missing)": 3}
    assert of(cells).rule == "values as they are"


def test_a_few_numbers_are_groups_as_they_are() -> None:
    assert counts(["1", "2.0", "2", "10", ""]) == {"1": 1, "2": 2, "10": 1, "(missing)": 1}


def test_ages_become_bands_of_round_numbers() -> None:
    ages = [str(age) for age in range(18, 92)]
    found = of(ages)
    assert found.rule == "bands of 20"
    assert set(found.values) == {"< 40", "40 to < 60", "60 to < 80", "≥ 80"}
    assert found.values[ages.index("40")] == "40 to < 60"
    assert found.values[ages.index("39")] == "< 40"


def test_ages_as_dicom_writes_them_are_years() -> None:
    ages = [f"{age:03}Y" for age in range(20, 80)] + ["006M", "010D", "003W"]
    found = of(ages, [1, 18])
    assert found.values[-3:] == ["< 1"] * 3
    assert set(found.values[:-3]) == {"≥ 18"}


def test_given_edges_begin_bands() -> None:
    assert counts(["39.9", "40", "59", "60", "x" * 0], [40, 60]) == {
        "< 40": 1,
        "40 to < 60": 2,
        "≥ 60": 1,
        "(missing)": 1,
    }


@pytest.mark.parametrize("seed", range(20))
def test_bands_are_those_of_numpy_whatever_the_numbers(seed: int) -> None:
    chance = np.random.default_rng(seed)
    numbers = np.sort(
        [chance.normal(50, 20, 500), chance.lognormal(10, 2, 500), chance.exponential(0.003, 500)][seed % 3]
    )
    edges, rule = number_bands.round_edges(numbers.tolist())
    assert edges == sorted(set(edges))
    places = np.digitize(numbers, edges)
    assert [number_bands.band_of(number, edges) for number in numbers.tolist()] == places.tolist()
    sizes = np.bincount(places, minlength=len(edges) + 1)
    assert np.count_nonzero(sizes) >= 2
    assert sizes.max() <= 0.51 * len(numbers)
    assert len(number_bands.band_names(edges)) == len(edges) + 1 <= number_bands.MOST_BANDS + 2
    assert rule.startswith("bands of") or rule == "quarters of the values"


def test_numbers_that_are_nearly_all_alike_are_two_bands() -> None:
    numbers = ["0"] * 500 + [str(number) for number in range(1, 30)]
    assert counts(numbers) == {"< 1": 500, "≥ 1": 29}


def test_the_rarest_of_many_values_are_one_group() -> None:
    cells = [f"scanner {number}" for number in range(30) for _ in range(100 - number)]
    found = of(cells)
    assert found.folded == 30 - (MOST_GROUPS - 1)
    assert len(set(found.values)) == MOST_GROUPS
    assert found.values.count("(other)") == sum(100 - number for number in range(MOST_GROUPS - 1, 30))


@pytest.mark.parametrize("kind", ["ids", "texts"])
def test_ids_and_free_texts_are_refused(kind: str) -> None:
    chance = random.Random(0)
    words = ["opacity", "effusion", "lobe", "left", "right", "small", "no", "change"]
    cells = [f"case-{n:04}" if kind == "ids" else " ".join(chance.choices(words, k=9)) for n in range(300)]
    with pytest.raises(SourceError, match=r"different values, such as .* ids or free texts"):
        of(cells)


def test_bands_of_words_are_refused() -> None:
    with pytest.raises(SourceError, match=r"data\.subgroup_bands: .*no numbers, such as 'F', 'M'"):
        of(["F", "M", ""], [40.0])


def test_a_long_value_is_cut_off() -> None:
    found = of(["x" * 100_000] * 5 + ["y"] * 5)
    assert {len(value) for value in found.values} == {LETTERS, 1}


def test_nothing_but_missing_values_is_one_group() -> None:
    assert counts(["", "NA", "nan"]) == {"(missing)": 3}


@pytest.mark.parametrize(
    "text", ["age", "age=", "=40", "age=60 40", "age=40 40", "age=x", "age=nan", "age=1 inf", "age=40,60"]
)
def test_bands_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no column with the numbers where its bands begin"):
        DataConfig(subgroup_bands=[text])


def test_a_column_is_named_once() -> None:
    with pytest.raises(ValueError, match="named twice"):
        DataConfig(subgroup_columns=["sex", "sex"])
    with pytest.raises(ValueError, match="given twice"):
        DataConfig(subgroup_bands=["age=1", "age=2"])
