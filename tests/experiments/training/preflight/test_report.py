"""The report on samples: counts, leaks, labels that contradict each other, patients, columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from experiments.training.contract import preflight_report
from experiments.training.contract.preflight_report import Finding, Preflight
from experiments.training.contract.splits import SplitName
from experiments.training.data.images.headers import Header, HeaderCounts
from experiments.training.data.loading import Samples, load
from experiments.training.preflight import duplicates
from experiments.training.preflight.report_builder import PreflightBuilder
from tests.experiments.training.datasets import config_of, job_of, with_npz
from tests.experiments.training.pictures import Pixels, saved_as_jpeg, scans


def samples_of(
    images: Pixels, *, labels: list[int], assigned: list[SplitName], patients: list[str] | None = None
) -> Samples:
    ids = [f"s{number}" for number in range(len(images))]
    return Samples(
        name="pictures",
        classes=["well", "ill"],
        inputs=torch.from_numpy(images[:, None]),
        labels=labels,
        sample_ids=ids,
        patient_ids=patients or ids,
        assigned=assigned,
        header_counts=HeaderCounts([Header(64, 64, "L", "PNG", 8, coloured=False)] * len(images), {}),
    )


def hundred(**changed: Any) -> Samples:
    """Make 100 pictures: 60 train, 20 val, 20 test; labels alternate."""
    assigned: list[SplitName] = [*["train"] * 60, *["val"] * 20, *["test"] * 20]  # type: ignore[list-item]
    given: dict[str, Any] = {
        "images": scans(100),
        "labels": [number % 2 for number in range(100)],
        "assigned": assigned,
    }
    return samples_of(**given | changed)


def with_copy(of: int, to: int, *, again: bool = False) -> Pixels:
    images = scans(100)
    images[to] = saved_as_jpeg(images[of]) if again else images[of]
    return images


def reported(samples: Samples, **data: Any) -> Preflight:
    """Make the report without a trial and decode it from JSON."""
    builder = PreflightBuilder(config_of("x", data=data), lambda _text: None)
    builder.add_samples(samples)
    return msgspec.json.decode(msgspec.json.encode(builder.report()), type=Preflight)


def by_code(made: Preflight) -> dict[str, Finding]:
    return {finding.code: finding for finding in made.findings}


def test_nothing_to_say_of_good_data() -> None:
    made = reported(hundred())
    assert (made.verdict, made.findings) == ("ready", [])
    assert [(part.split, part.classes, part.total) for part in made.counts] == [
        ("train", [30, 30], 60),
        ("val", [10, 10], 20),
        ("test", [10, 10], 20),
    ]
    assert made.images is not None
    assert made.images.sizes == [preflight_report.Size(width=64, height=64, count=100)]
    assert made.images.modes == [preflight_report.Mode(name="L", count=100)]


@pytest.mark.parametrize(
    ("of", "to", "words"),
    [
        (3, 61, "1 validation sample is an exact copy of a training sample (s3 (train) = s61 (val))"),
        (3, 81, "1 test sample is an exact copy of a training sample (s3 (train) = s81 (test))"),
        (61, 81, "1 test sample is an exact copy of a validation sample (s61 (val) = s81 (test))"),
    ],
)
def test_an_exact_copy_in_another_split_blocks(of: int, to: int, words: str) -> None:
    made = reported(hundred(images=with_copy(of, to)))
    leak = by_code(made)["leakage"]
    assert made.verdict == "blocked"
    assert leak.level == "blocks"
    assert words in leak.text
    assert "set data.allow_leakage to true" in leak.text


def test_a_picture_saved_again_in_another_split_blocks() -> None:
    made = reported(hundred(images=with_copy(3, 61, again=True)))
    assert made.verdict == "blocked"
    assert (
        "1 validation sample is a training sample saved again, resized or brightened (s3 (train) = s61 (val))"
        in by_code(made)["leakage"].text
    )


def test_leakage_that_is_allowed_is_a_warning_with_the_same_words() -> None:
    made = reported(hundred(images=with_copy(3, 61)), allow_leakage=True)
    assert made.verdict == "warnings"
    assert "leakage" not in by_code(made)
    assert "s3 (train) = s61 (val)" in by_code(made)["leakage_allowed"].text


def test_allowing_leakage_says_nothing_where_there_is_none() -> None:
    assert reported(hundred(), allow_leakage=True).findings == []


def test_copies_within_a_split_do_not_block() -> None:
    made = reported(hundred(images=with_copy(3, 5)))
    assert made.verdict == "ready"
    assert by_code(made)["exact_copies_within_splits"].text.startswith("1 group of exact copies within one split")


def test_copies_with_different_labels_are_named() -> None:
    made = reported(hundred(images=with_copy(2, 5)))
    conflict = by_code(made)["label_conflicts"]
    assert conflict.level == "warning"
    assert "s2 (well) = s5 (ill)" in conflict.text
    assert made.duplicates is not None
    assert [group.conflict for group in made.duplicates.groups] == [True]
    assert "label_conflicts" not in by_code(reported(hundred(images=with_copy(3, 5))))


def test_patients_in_several_splits_block() -> None:
    patients = [f"p{number}" for number in range(100)]
    patients[99] = patients[60] = "p0"
    made = reported(hundred(patients=patients))
    across = [preflight_report.PatientAcross(id="p0", splits=["train", "val", "test"])]
    assert made.patients == preflight_report.Patients(
        count=98, across=across, across_count=1, splits={"train": 60, "val": 20, "test": 20}
    )
    assert "1 patient in more than one split: p0 (train, val, test)" in by_code(made)["leakage"].text
    patients[99] = patients[60] = "p60"
    assert by_code(reported(hundred(patients=patients)))["leakage"]  # val and test alone leak too


def test_near_pictures_across_splits_are_a_warning() -> None:
    """One in three is a copy of its neighbour, so that likeness is this data set's nature."""
    images = scans(100)
    images[2::3] = np.stack([saved_as_jpeg(image, 50) for image in images[1:98:3]])
    made = reported(hundred(images=images, assigned=["val" if n % 3 == 2 else "train" for n in range(100)]))
    assert made.verdict == "warnings"
    assert by_code(made)["near_duplicates"].text.startswith("33 validation samples are nearly the same as training")


def test_a_rare_class_is_mentioned() -> None:
    labels = [int(number % 20 == 0) for number in range(100)]
    assert (
        "19 times as many samples of class 'well' (57) as of 'ill' (3)"
        in by_code(reported(hundred(labels=labels)))["uneven_classes"].text
    )


@pytest.mark.parametrize(
    ("size", "people", "split", "told"),
    [(200, 200, "train", True), (198, 198, "train", False), (200, 99, "train", False), (200, 200, "test", False)],
)
def test_without_a_test_it_is_told_where_there_is_enough_for_one(
    size: int, people: int, split: SplitName, told: bool
) -> None:
    assigned: list[SplitName] = [split, *["val" if n % 5 == 0 else "train" for n in range(1, size)]]
    labels, patients = [n % 2 for n in range(size)], [f"p{n % people}" for n in range(size)]
    samples = samples_of(scans(size), labels=labels, assigned=assigned, patients=patients)
    found = by_code(reported(samples)).get("no_test_split")
    assert (found is not None) == told
    if found:
        assert (found.level, "set data.test_fraction to 0.2" in found.text) == ("info", True)
    assert "no_test_split" not in by_code(reported(samples, folds=5))


def test_the_report_stays_small_and_counts_all() -> None:
    many = 3000
    images = np.repeat(scans(many // 2, size=8), 2, axis=0)
    made = duplicates.find(samples_of(images, labels=[0, 1] * (many // 2), assigned=["train", "val"] * (many // 2)))
    exact = made.tallies[0]
    assert (exact.groups, exact.samples, exact.across, exact.conflicts) == (1500, 3000, 1500, 1500)
    assert exact.leaks == [preflight_report.Leak(earlier="train", later="val", count=1500)]
    assert (len(made.groups), made.group_count) == (duplicates.MAX_GROUPS, 1500)


def test_a_large_group_shows_one_of_each_split_and_class_first() -> None:
    images = np.repeat(scans(1), 60, axis=0)
    assigned: list[SplitName] = ["train"] * 60
    assigned[40] = "test"
    labels = [0] * 60
    labels[50] = 1
    [group] = duplicates.find(samples_of(images, labels=labels, assigned=assigned)).groups
    assert [twin.id for twin in group.samples[:3]] == ["s0", "s50", "s40"]
    assert (group.size, len(group.samples)) == (60, duplicates.MAX_TWINS)


TABLE = "id,age,site,sex,score,name,empty,Target\n" + "".join(
    f"{n},{'NA' if n % 10 == 0 else n},ward 7,{'mf'[n % 2]},{n * 1.5},name {n},,{n // 2 % 2}\n" for n in range(300)
)


def test_columns_are_described(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    config = config_of("t.csv")
    samples = load(config, job_of(config, tmp_path))
    builder = PreflightBuilder(config, lambda _text: None)
    builder.add_samples(samples)
    made = builder.report()
    assert made.images is None
    assert made.table is not None
    facts = {column.name: column for column in made.table.columns}
    assert (facts["age"].kind, facts["age"].missing, facts["age"].values) == ("numbers", 30, 270)
    assert (facts["site"].kind, facts["site"].constant, facts["site"].values) == ("categories", True, 1)
    assert (facts["name"].kind, facts["name"].values) == ("left out", 300)
    assert (facts["empty"].constant, facts["empty"].missing, facts["empty"].values) == (True, 300, 0)
    assert not facts["sex"].constant
    found = by_code(made)
    assert found["constant_columns"].text == "2 columns constant in the training split and left out: 'site', 'empty'."
    assert found["missing_values"].text == "1 column with missing values: 'age'."
    assert found["columns_too_many"].text == (
        "Left out, as they have more than 100 different texts: 'name' (300, 'name 0' in data row 1)."
    )


def test_the_columns_of_the_built_in_table_are_described(tmp_path: Path) -> None:
    config = config_of("builtin:breast-cancer")
    samples = load(config, job_of(config, tmp_path))
    assert len(samples.columns) == 30
    assert samples.columns[0].values == len(np.unique(samples.inputs[:, 0]))


def test_files_of_an_array_have_its_size_and_mode(tmp_path: Path) -> None:
    with_npz(tmp_path / "a.npz", colour=True)
    config = config_of("a.npz", data={"channels": 3})
    seen = load(config, job_of(config, tmp_path)).header_counts
    assert seen is not None
    assert (dict(seen.sizes), dict(seen.modes)) == ({(10, 10): 24}, {"RGB": 24})
