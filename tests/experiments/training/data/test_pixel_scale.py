"""The rule that gives grey values their place between black and white: once for a data set, from a few numbers."""

from __future__ import annotations

import pytest

from experiments.training.data.images import pixel_scale
from experiments.training.data.images.pixel_scale import FRACTIONS, HOUNSFIELD, WHOLE_NUMBERS, Extremes, Kind, Range

SCANS = Kind("MR files of 12 bits without a window", "extremes")
CT = (-1000.0, 1000.0)


def chosen(kind: Kind, *ends: tuple[float, float], asked: tuple[float, float] | None = None) -> Range:
    [(_, found)] = pixel_scale.made_of([Extremes(kind, *pair) for pair in ends], asked).ranges
    return found


@pytest.mark.parametrize(
    ("highest", "bits"),
    [(255, 8), (256, 10), (1023, 10), (4095, 12), (4096, 14), (16383, 14), (16384, 16), (65535, 16)],
)
def test_whole_numbers_go_by_the_smallest_depth_that_holds_them(highest: int, bits: int) -> None:
    found = chosen(WHOLE_NUMBERS, (0, highest), (3, highest // 2))
    assert (found.low, found.high, found.bits, found.why) == (0, 2**bits - 1, bits, "depth")


def test_whole_numbers_of_32_bits() -> None:
    assert chosen(WHOLE_NUMBERS, (0, 2**30)).high == 2**32 - 1


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        pytest.param([(31744, 35839)], (31744, 35839), id="Hounsfield units + 32768"),
        pytest.param([(0, 1)], (0, 1), id="a mask"),
        pytest.param([(0, 60), (5, 40)], (0, 60), id="few grey levels"),
        pytest.param([(3000, 4095)], (0, 4095), id="bright, but a quarter of the depth and more"),
        pytest.param([(7, 7)], (0, 255), id="one value"),
    ],
)
def test_a_small_part_of_the_depth_is_stretched(ends: list[tuple[float, float]], expected: tuple[float, float]) -> None:
    found = chosen(WHOLE_NUMBERS, *ends)
    assert (found.low, found.high) == expected


@pytest.mark.parametrize("kind", [WHOLE_NUMBERS, FRACTIONS])
@pytest.mark.parametrize("lowest", [-1024, -2000, -3024, -1000, -950])
def test_files_that_hold_air_in_hounsfield_units_get_one_window(kind: Kind, lowest: int) -> None:
    found = chosen(kind, (lowest, 3071), (lowest, 1200), (-80, 300))
    assert ((found.low, found.high), found.why, found.lowest, found.highest) == (CT, "hounsfield", lowest, 3071)
    assert chosen(kind, (lowest, 3071), asked=(-160, 240)).high == 240


@pytest.mark.parametrize(
    "ends", [[(-3.1, 4.2)], [(-32768, 32767)], [(-700, 900)], [(-100, 20), (-90, 30), (-1000, 500)]]
)
def test_other_values_below_zero_go_from_the_lowest_to_the_highest(ends: list[tuple[float, float]]) -> None:
    found = chosen(FRACTIONS, *ends)
    assert (found.low, found.high) == (min(low for low, _ in ends), max(high for _, high in ends))
    assert found.bits is None


def test_fractions() -> None:
    assert chosen(FRACTIONS, (0.1, 0.8), (0, 0.5)).high == 1
    assert chosen(FRACTIONS, (0.1, 0.2), (0.11, 0.15)).low == 0.1
    assert chosen(FRACTIONS, (0, 255.0), (3, 7.5)).high == 255
    assert (chosen(FRACTIONS, (7, 7)).low, chosen(FRACTIONS, (7, 7)).high) == (7, 7)


def test_scans_without_a_window_go_from_the_lowest_to_the_highest_value_of_all() -> None:
    found = chosen(SCANS, (12, 800), (0, 700), (40, 911))
    assert (found.low, found.high, found.bits) == (0, 911, None)


@pytest.mark.parametrize("count", [10, 24, 200])
def test_one_stray_image_does_not_change_the_range_of_all(count: int) -> None:
    for kind, high in ((WHOLE_NUMBERS, 4095), (SCANS, 4000)):
        usual = [(0.0, 4000.0 - number) for number in range(count - 1)]
        found = chosen(kind, *usual, (0, 65535))
        assert (found.high, found.highest, found.strays) == (high, 4000, 1)
    below = chosen(SCANS, *[(0, 1000)] * (count - 1), (-30000, 900))
    assert (below.low, below.high, below.strays) == (0, 1000, 1)


def test_what_is_no_exception_counts() -> None:
    many = chosen(WHOLE_NUMBERS, *[(0, 4000)] * 20, (0, 65535), (0, 60000))
    assert (many.high, many.strays) == (65535, 0)
    few = chosen(WHOLE_NUMBERS, *[(0, 4000)] * 8, (0, 65535))
    assert few.high == 65535
    near = chosen(SCANS, *[(0, 4000)] * 30, (0, 7000))  # not twice as far
    assert (near.high, near.strays) == (7000, 0)
    alike = chosen(WHOLE_NUMBERS, *[(9, 9)] * 20, (0, 60000))  # images of one value say nothing of a range
    assert alike.high == 65535


def test_several_strays_of_a_large_data_set() -> None:
    found = chosen(SCANS, *[(0, 1000)] * 100, (0, 30000), (0, 29000), (0, 28000))
    assert (found.high, found.strays) == (1000, 3)


def of_windows(*windows: tuple[float, float] | None, asked: tuple[float, float] | None = None) -> Range:
    found = [Extremes(HOUNSFIELD, -1024, 900, window) for window in windows]
    [(_, made)] = pixel_scale.made_of(found, asked).ranges
    return made


def test_computed_tomograms_get_the_window_that_most_of_their_files_state() -> None:
    soft, lung = (-160.0, 240.0), (-1350.0, 150.0)
    assert (of_windows(soft, soft, lung).low, of_windows(soft, soft, lung).windows) == (-160, 2)
    assert (of_windows(soft, lung).low, of_windows(soft, lung).high) == CT  # neither is that of most
    assert of_windows(soft, None, None).high == 1000
    assert of_windows(None, None).why == "hounsfield"
    assert (of_windows(soft, lung, asked=(0, 80)).high, of_windows(soft, asked=(0, 80)).why) == (80, "asked")


def test_a_window_may_be_left_and_other_ranges_not_by_far() -> None:
    far = Extremes(SCANS, 0, 20000)
    assert chosen(SCANS, (0, 4000)).is_left_by(far)
    assert not chosen(SCANS, (0, 4000)).is_left_by(Extremes(SCANS, 0, 7000))
    assert not of_windows(None).is_left_by(Extremes(HOUNSFIELD, -1024, 30000))


def test_a_scale_that_proved_too_narrow_becomes_wide_enough_for_all() -> None:
    scale = pixel_scale.made_of([*[Extremes(WHOLE_NUMBERS, 0, 4000)] * 30, Extremes(HOUNSFIELD, -1000, 50, (-50, 50))])
    wide = dict(scale.widened([Extremes(WHOLE_NUMBERS, 0, 50000)]).ranges)
    assert wide[WHOLE_NUMBERS].high == 65535
    assert (wide[HOUNSFIELD].low, wide[HOUNSFIELD].high) == (-50, 50)
