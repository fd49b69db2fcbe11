"""Which pictures and rows are the same, nearly the same, or only look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import scipy.fft
from numpy.typing import NDArray

from experiments.training.preflight import fingerprints, groups, neighbours
from experiments.training.preflight.fingerprints import Fingerprints
from experiments.training.preflight.groups import Group
from tests.experiments.training.pictures import Pixels, brightened, resized, saved_as_jpeg, scans, xrays

CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "saved as JPEG": saved_as_jpeg,
    "resized": resized,
    "brightened": brightened,
}


def prints_of(images: Pixels) -> Fingerprints:
    """Compute the fingerprints of grey (N, height, width), in two batches."""
    middle = len(images) // 2
    return fingerprints.of_images([images[:middle, None], images[middle:, None]])


def found_in(images: Pixels) -> list[Group]:
    return groups.of_images(prints_of(images)).groups


def kinds(images: Pixels) -> Counter[str]:
    return Counter(group.kind for group in found_in(images))


def test_shapes_are_the_low_frequencies_of_the_cosine_transform() -> None:
    """Against SciPy's transform; of length 1 in pixels."""
    images = scans(3, size=40)
    shapes = prints_of(images).shapes
    for image, shape in zip(images.astype(np.float64), shapes, strict=True):
        centred = image - image.mean()
        whole = scipy.fft.dctn(centred, norm="ortho") / np.linalg.norm(centred)
        assert shape[0] == pytest.approx(whole[0, 1], abs=1e-4)
        assert shape[1] == pytest.approx(whole[1, 0], abs=1e-4)
        assert sorted(np.abs(shape[:54])) == pytest.approx(
            sorted(abs(whole[i, j]) for i in range(10) for j in range(10) if 0 < i + j < 10), abs=1e-4
        )


def test_colour_is_compared_as_grey_but_exact_copies_by_all_channels() -> None:
    grey = scans(30)
    red = np.stack([grey, grey // 2, grey // 4], axis=1)
    swapped = red[:1].copy()
    swapped[0, 1], swapped[0, 2] = red[0, 2], red[0, 1]
    prints = fingerprints.of_images([np.concatenate([red, swapped, red[:1]])])
    assert len(set(prints.digests)) == 31
    assert prints.digests[0] == prints.digests[31]
    assert np.allclose(prints.shapes[0], prints.shapes[30], atol=0.05)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(change: str) -> None:
    images = scans(300)
    copies = np.stack([CHANGES[change](image) for image in images[:10]])
    found = found_in(np.concatenate([images, copies]))
    assert [(group.kind, group.places) for group in found] == [("copy", [at, 300 + at]) for at in range(10)]
    assert all(0.985 <= group.likeness <= 1 for group in found)


def test_unrelated_pictures_are_not_alike() -> None:
    assert found_in(scans(2000, seed=1)) == []


def test_exact_copies_are_found_among_few_and_flat_pictures_too() -> None:
    images = scans(6)
    flat = np.full((2, 64, 64), 90, np.uint8)
    found = found_in(np.concatenate([images, images[2:3], flat]))
    assert found == [Group("exact", [2, 6]), Group("exact", [7, 8])]


def test_copies_of_copies_are_one_group() -> None:
    images = scans(100)
    more = np.stack([images[7], saved_as_jpeg(images[7]), brightened(images[7])])
    exact, copy = found_in(np.concatenate([images, more]))
    assert (exact.kind, exact.places) == ("exact", [7, 100])
    assert (copy.kind, copy.places) == ("copy", [7, 100, 101, 102])


def discs(count: int) -> Pixels:
    """Draw pictures of one scheme: neighbours are as near as chance makes them."""
    random, (y, x) = np.random.default_rng(3), np.mgrid[:28, :28]
    drawn = random.uniform((5, 5, 2), (23, 23, 8), (count, 3))
    return np.stack([np.where((x - a) ** 2 + (y - b) ** 2 < r**2, 200, 30) for a, b, r in drawn]).astype(np.uint8)


def film(count: int) -> Pixels:
    y, x = np.mgrid[:28, :28]
    return np.stack(
        [np.where((x - 5 - 18 * t / count) ** 2 + (y - 14) ** 2 < 36, 200, 30) for t in range(count)]
    ).astype(np.uint8)


def two_prototypes(count: int) -> Pixels:
    random = np.random.default_rng(4)
    left = np.where(np.arange(28) < 14, 60, 190)
    shapes = [np.tile(left if n % 2 else left[::-1], (28, 1)) for n in range(count)]
    return (np.stack(shapes) + random.normal(0, 2, (count, 28, 28))).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("draw", "count"), [(discs, 600), (film, 100), (two_prototypes, 100)])
def test_what_is_alike_by_nature_is_no_copy(draw: Callable[[int], Pixels], count: int) -> None:
    """A false alarm must not block a run."""
    assert kinds(draw(count))["copy"] == 0


def test_the_search_finds_what_comparing_all_with_all_finds() -> None:
    images = scans(3000, size=28)
    near = np.stack([saved_as_jpeg(image, 40) for image in images[::10]])
    values = neighbours.standardised(prints_of(np.concatenate([images, near])).shapes)
    all_pairs = values @ values.T
    expected = {(i, j) for i, j in np.argwhere(np.triu(all_pairs, 1) >= neighbours.NEAR).tolist()}
    found = neighbours.search(values)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert found.whole
    assert len(expected) > 250
    assert pairs <= expected
    assert len(pairs) >= 0.98 * len(expected)


def test_many_are_searched_by_longer_bands() -> None:
    """Beyond 20,000; a few seconds would be minutes if each were compared with each."""
    random = np.random.default_rng(5)
    values = random.normal(size=(30_000, 64)).astype(np.float32)
    values[20_000:20_500] = values[:500] + random.normal(0, 0.1, (500, 64))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    found = neighbours.search(values)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    planted = {(at, 20_000 + at) for at in range(500)}
    assert pairs <= planted
    assert len(pairs) >= 0.97 * len(planted)


def test_a_search_that_would_take_too_long_says_that_it_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MAX_COMPARISONS", 1000)
    images = scans(300)
    assert not groups.of_images(prints_of(images)).whole


def test_real_xrays_have_exact_copies_and_no_false_ones() -> None:
    """Films of one kind, of 28 x 28 pixels. The expected groups come from NumPy's own sorting of whole images."""
    data = xrays()
    images = np.concatenate([data[f"{split}_images"] for split in ("train", "val", "test")])
    _, counts = np.unique(images.reshape(len(images), -1), axis=0, return_counts=True)
    found = found_in(images)
    assert kinds(images) == {"exact": (counts > 1).sum()}
    assert sum(len(group.places) for group in found) == counts[counts > 1].sum() > 0


@pytest.mark.parametrize("change", CHANGES)
def test_copies_of_real_xrays_are_found(change: str) -> None:
    images = xrays()["test_images"]
    copies = np.stack([CHANGES[change](image) for image in images[:20]])
    found = [group for group in found_in(np.concatenate([images, copies])) if group.kind != "exact"]
    assert [group.places for group in found] == [[at, len(images) + at] for at in range(20)]
    assert {group.kind for group in found} == {"copy"}


def rows(*written: list[float]) -> NDArray[np.float64]:
    return np.array(written)


def test_equal_rows_with_values_of_their_own_are_copies() -> None:
    table = rows([1.23, 4.56, 7.89, 0], [1.5, 2.5, 3.5, 1], [1.23, 4.56, 7.89, 0], [9, 8, 7, 1])
    assert groups.of_rows(table).groups == [Group("exact", [0, 2])]


def test_equal_rows_of_common_values_may_be_of_several_people() -> None:
    """Sex, class and a missing age say nothing; nor do two values of their own, as families have them."""
    table = rows([0, 3, np.nan, 7.25], [0, 3, np.nan, 7.25], [1, 3, 30, 7.25], [0, 2, np.nan, 8.05])
    assert groups.of_rows(table).groups == [Group("near", [0, 1])]


def test_rows_that_differ_in_one_value_are_not_equal() -> None:
    assert groups.of_rows(rows([1, 2, 3, 4], [1, 2, 3, 5])).groups == []
