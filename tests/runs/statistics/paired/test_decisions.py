"""Tests of decisions against statsmodels and by counting all signs; at the edges, and in simulated noise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from runs.statistics.paired import decisions
from runs.statistics.paired.decisions import compared_decisions
from runs.statistics.roc import Flags, Ints

RNG = np.random.default_rng(11)


def table(both: int, first: int, second: int, neither: int) -> tuple[Flags, Flags]:
    """Return what both networks decide rightly."""
    cells = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * neither
    flags = np.array(cells, dtype=np.bool_).reshape(-1, 2)
    return flags[:, 0], flags[:, 1]


@pytest.mark.parametrize("first", range(0, 15, 2))
@pytest.mark.parametrize("second", range(0, 15, 3))
def test_the_exact_test_is_that_of_statsmodels(first: int, second: int) -> None:
    found = compared_decisions(*table(7, first, second, 3))
    assert (found.both, found.first_only, found.second_only, found.neither) == (7, first, second, 3)
    expected = mcnemar([[7, first], [second, 3]], exact=True).pvalue if first + second else 1.0
    assert found.p == pytest.approx(min(1.0, expected), abs=1e-12)
    assert found.method == "mcnemar_exact"


def by_signs(sums: list[int]) -> tuple[float, float]:
    """Return p and mid-p by trying all signs."""
    observed = abs(sum(sums))
    totals = [
        abs(sum(s * v for s, v in zip(signs, sums, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(sums))
    ]
    beyond, equal = sum(t > observed for t in totals), sum(t == observed for t in totals)
    return (beyond + equal) / len(totals), (beyond + equal / 2) / len(totals)


def patients_with(sums: list[int]) -> tuple[Flags, Flags, Ints]:
    """Make patients on whose samples the first network is right that much more often."""
    first = [value > 0 for value in sums for _ in range(abs(value))]
    patients = [place for place, value in enumerate(sums) for _ in range(abs(value))]
    flags = np.array(first, dtype=np.bool_)
    return flags, ~flags, np.array(patients, dtype=np.int64)


@pytest.mark.parametrize("sums", [[3, -1, 2], [5], [2, 2, -4], [1, 1, 1, 1, 1, -1], [3, 3, 3, 2, 2, -1, -1, 4, 1, 1]])
def test_signs_of_patients_are_all_counted(sums: list[int]) -> None:
    found = compared_decisions(*patients_with(sums))
    assert found.method == "sign_flips_by_patient"
    assert (found.p, found.mid_p) == pytest.approx(by_signs(sums), abs=1e-12)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (3, 3), (9, 2), (40, 22), (3, 300)])
def test_a_sample_of_each_patient_is_mcnemars_test(first: int, second: int) -> None:
    flags = table(5, first, second, 5)
    alone, by_patient = compared_decisions(*flags), compared_decisions(*flags, RNG.permutation(len(flags[0])))
    assert (by_patient.p, by_patient.mid_p) == pytest.approx((alone.p, alone.mid_p), abs=1e-12)


def test_mid_p_is_fagerlands() -> None:
    """The airway responsiveness of Fagerland and others, table 1: 1 against 7; and a tie: 1 less half its share."""
    assert compared_decisions(*table(1, 1, 7, 12))[5:] == pytest.approx((0.0703, 0.0391), abs=5e-5)
    assert compared_decisions(*table(0, 2, 2, 0)).mid_p == pytest.approx(1 - 6 / 16 / 2)


def test_many_patients_are_compared_by_their_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = RNG.choice([-2, -1, 0, 1, 1, 2, 3], size=900).tolist()
    exact = compared_decisions(*patients_with(sums))
    monkeypatch.setattr(decisions, "MOST_COUNTED", 100)
    robust = compared_decisions(*patients_with(sums))
    assert (robust.method, robust.mid_p) == ("robust_z_by_patient", None)
    z = sum(sums) / sum(value**2 for value in sums) ** 0.5
    assert z > 0
    assert robust.p == pytest.approx(exact.p, abs=0.003)


def test_nothing_to_tell_apart() -> None:
    same = RNG.random(30) < 0.7
    for patients in (None, np.arange(30) // 3):
        found = compared_decisions(same, same, patients)
        assert (found.first_only, found.second_only, found.p) == (0, 0, 1)
    one = np.array([True])
    for patients in (None, np.array([0])):
        assert compared_decisions(one, ~one, patients).p == 1
    none = np.zeros(0, dtype=np.bool_)
    assert compared_decisions(none, none, np.zeros(0, np.int64)).p == 1


@pytest.mark.parametrize(("people", "each", "most"), [(40, 1, 0.07), (40, 4, 0.075), (15, 10, 0.085)])
def test_noise_is_rarely_taken_for_a_difference(people: int, each: int, most: float) -> None:
    """Of two equally good networks, errors of a patient's images alike: alarms at 5 % over 600 splits."""
    patients = np.repeat(np.arange(people), each)
    alarms = 0
    for _ in range(600):
        shared = RNG.normal(size=people)
        first, second = ((shared + RNG.normal(size=people))[patients] + RNG.normal(size=len(patients)) for _ in "ab")
        alarms += compared_decisions(first > -1, second > -1, patients if each > 1 else None).p < 0.05
    assert alarms <= most * 600
