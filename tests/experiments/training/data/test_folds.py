"""Folds: each sample outside the test split validates once, by whole patients, stratified, reproducibly."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.splits import SplitName
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.module import DataModule, build
from experiments.training.data.sources import inspect
from experiments.training.data.splitting import division
from tests.experiments.training.cohorts import CLASSES, asked, cohort, own_patients
from tests.experiments.training.datasets import config_of, job_of, with_csv, with_npz, write_csv, write_image


def divided(folds: int, index: Index, *, seed: int = 42, **data: Any) -> list[list[SplitName]]:
    return [division.divide(config, index, ()) for config in asked(folds, seed=seed, **data)]


def shuffled(index: Index) -> Index:
    return Index(index.classes, random.Random(7).sample(index.samples, len(index.samples)))


def by_id(index: Index, assigned: Sequence[SplitName]) -> dict[str, SplitName]:
    return {sample.id: split for sample, split in zip(index.samples, assigned, strict=True)}


def held(index: Index, assigned: Sequence[SplitName], split: SplitName) -> Counter[int]:
    """Count the samples of each class in the split."""
    return Counter(label for label, other in zip(index.labels, assigned, strict=True) if other == split)


CASES = [(own_patients(30, 17), 5), (own_patients(40, 23, 9), 3), (own_patients(101, 20), 20), (own_patients(2, 2), 2)]


def grouped_cases() -> Iterator[tuple[Index, int]]:
    for seed in range(60):
        folds = 2 + seed % 5
        yield cohort(seed, least=2 * folds), folds


@pytest.mark.parametrize(("index", "folds"), CASES, ids=[f"{folds} folds" for _, folds in CASES])
def test_each_sample_validates_once_and_trains_otherwise(index: Index, folds: int) -> None:
    for of_sample in zip(*divided(folds, index), strict=True):
        assert Counter(of_sample) == {"val": 1, "train": folds - 1}


@pytest.mark.parametrize(("index", "folds"), CASES, ids=[f"{folds} folds" for _, folds in CASES])
def test_classes_and_sizes_of_folds_differ_by_at_most_one(index: Index, folds: int) -> None:
    parts = [held(index, assigned, "val") for assigned in divided(folds, index)]
    for label in range(len(index.classes)):
        assert max(part[label] for part in parts) - min(part[label] for part in parts) <= 1
    assert max(part.total() for part in parts) - min(part.total() for part in parts) <= 1


def test_patients_stay_whole_in_every_fold() -> None:
    for index, folds in grouped_cases():
        runs = divided(folds, index, test_fraction=0.2)
        for assigned in runs:
            homes = defaultdict(set)
            for sample, split in zip(index.samples, assigned, strict=True):
                homes[sample.patient_id].add(split)
            assert all(len(found) == 1 for found in homes.values())
        for of_sample in zip(*runs, strict=True):
            assert of_sample.count("val") == (0 if "test" in of_sample else 1)


def test_classes_of_folds_miss_their_share_by_no_more_than_the_largest_patient() -> None:
    for index, folds in grouped_cases():
        largest = max(Counter(sample.patient_id for sample in index.samples).values())
        total = Counter(index.labels)
        for assigned in divided(folds, index):
            found = held(index, assigned, "val")
            assert all(found[label] for label in range(3))
            assert all(abs(found[label] - total[label] / folds) <= largest for label in range(3))
            assert abs(found.total() - total.total() / folds) <= largest


def test_patients_that_divide_evenly_give_exact_shares() -> None:
    """100 patients with 4 images, 60 of them healthy, in 5 folds."""
    samples = [Sample(f"{n:03d}", f"p{n // 4}", int(n >= 240)) for n in range(400)]
    for assigned in divided(5, Index(["no", "yes"], samples)):
        assert held(Index(["no", "yes"], samples), assigned, "val") == {0: 48, 1: 32}


@pytest.mark.parametrize("index", [own_patients(60, 40), cohort(3, least=12)], ids=["samples", "patients"])
def test_the_test_split_is_the_same_in_every_fold_and_held_out_of_all(index: Index) -> None:
    runs = divided(4, index, test_fraction=0.25)
    [test] = {frozenset(at for at, split in enumerate(assigned) if split == "test") for assigned in runs}
    assert abs(len(test) - len(index.samples) / 4) <= 12
    rest = {at for assigned in runs for at, split in enumerate(assigned) if split == "val"}
    assert rest == set(range(len(index.samples))) - test


@pytest.mark.parametrize("index", [own_patients(60, 40), cohort(3, least=12)], ids=["samples", "patients"])
def test_folds_are_a_function_of_seed_and_samples_not_of_their_order(index: Index) -> None:
    first = [by_id(index, assigned) for assigned in divided(4, index, test_fraction=0.25)]
    other = shuffled(index)
    assert [by_id(other, assigned) for assigned in divided(4, other, test_fraction=0.25)] == first
    assert [by_id(index, assigned) for assigned in divided(4, index, test_fraction=0.25, seed=43)] != first


def test_another_process_makes_the_same_folds() -> None:
    """Whatever its hash seed is: sets and dicts of text must decide nothing."""
    script = (
        "from experiments.training.data.splitting import division\n"
        "from tests.experiments.training.cohorts import asked, cohort\n"
        "print([division.divide(c, cohort(5, least=8), ()) for c in asked(4, test_fraction=0.2)])"
    )
    expected = str(divided(4, cohort(5, least=8), test_fraction=0.2))
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        )
        assert done.stdout.strip() == expected


def built(source: str, root: Path, **groups: Any) -> DataModule:
    config = config_of(source, **groups)
    return build(config, job_of(config, root))


def test_a_built_in_data_set_in_folds(tmp_path: Path) -> None:
    whole = config_of("builtin:breast-cancer", data={"folds": 3, "test_fraction": 0.1})
    inspect(whole, [])
    parts = [built("builtin:breast-cancer", tmp_path, data=config.data.model_dump()) for config in whole.of_each_run()]
    assert [part.summary.sizes for part in parts] == [{"train": 341, "val": 171, "test": 57}] * 2 + [
        {"train": 342, "val": 170, "test": 57}
    ]
    assert sorted(at for part in parts for at in [*part.indices["val"]]) == sorted(
        set(range(569)) - set(parts[0].indices["test"])
    )
    assert parts[0].indices["test"] == parts[1].indices["test"] == parts[2].indices["test"]


def test_the_split_of_a_fold_can_be_used_again(tmp_path: Path) -> None:
    with_csv(tmp_path / "x", {f"{n:02d}": n % 2 for n in range(40)})
    fold = built("x", tmp_path, data={"folds": 4, "fold": 2})
    (tmp_path / "run" / "split.csv").rename(tmp_path / "kept.csv")
    assert built("x", tmp_path, data={"split_file": "kept.csv"}).indices == fold.indices


def test_given_test_samples_stay_and_the_rest_is_divided(tmp_path: Path) -> None:
    rows = [(f"{n:02d}", n % 2, "test" if n < 8 else "train") for n in range(40)]
    write_csv(tmp_path / "x" / "a.csv", rows, header=("patientId", "Target", "split"))
    for id_, _, _ in rows:
        write_image(tmp_path / "x" / f"{id_}.png")
    fold = built("x", tmp_path, data={"folds": 4, "fold": 3, "test_fraction": 0.3})
    assert fold.summary.sizes == {"train": 24, "val": 8, "test": 8}
    assert {fold.sample_ids[at] for at in fold.indices["test"]} == {f"{n:02d}" for n in range(8)}


def fault(root: Path, **data: Any) -> str:
    with pytest.raises(SourceError) as caught:
        inspect(config_of("x", data=data), [root])
    assert caught.value.field == "data.folds"
    return caught.value.message


def test_given_validation_samples_contradict_folds(tmp_path: Path) -> None:
    with_npz(tmp_path / "x.npz")
    with pytest.raises(SourceError, match=r"The data say what validates, and so do folds; leave data\.folds out"):
        inspect(config_of("x.npz", data={"folds": 2}), [tmp_path])


def test_a_fold_without_a_class_is_refused_before_anything_is_queued(tmp_path: Path) -> None:
    with_csv(tmp_path / "x", {f"{n:02d}": int(n < 3) for n in range(20)})
    message = fault(tmp_path, folds=5)
    assert "Each of the 5 folds needs samples of every class, but outside any test split class '1' has 3" in message
    assert "choose at most 3 folds" in message
    inspect(config_of("x", data={"folds": 3}), [tmp_path])
    assert "class '1' has 2; choose at most 2 folds" in fault(tmp_path, folds=3, test_fraction=0.2)


def test_a_class_of_one_patient_cannot_be_divided(tmp_path: Path) -> None:
    rows = [(f"{n:03d}", "only one" if n % 2 else f"p{n // 4}", n % 2) for n in range(20)]
    write_csv(tmp_path / "x" / "a.csv", rows, header=("image", "who", "label"))
    for row in rows:
        write_image(tmp_path / "x" / f"{row[0]}.png")
    message = fault(tmp_path, folds=2, patient_column="who")
    assert "needs patients of every class, but outside any test split class '1' has 1; add patients" in message


def test_patients_whose_classes_cannot_be_parted() -> None:
    """Two patients of each of three classes, but a patient alone in a fold has only two of the classes."""
    held_by = {"x": (0, 2), "y": (0, 1), "z": (1, 2)}
    samples = [Sample(f"{who}{label}", who, label) for who, labels in held_by.items() for label in labels]
    with pytest.raises(SourceError, match=r"Fold \d of 2 would validate without class '[abc]'.*choose fewer folds"):
        division.divide(asked(2)[0], Index(CLASSES, samples), ())


def test_batches_must_fit_the_smallest_training_split(tmp_path: Path) -> None:
    """15 samples in 2 folds: one of them trains on 7."""
    with_csv(tmp_path / "x", {f"{n:02d}": n % 2 for n in range(15)})
    inspect(config_of("x", data={"folds": 2, "batch_size": 7}), [tmp_path])
    with pytest.raises(SourceError, match="8 is more than the 7 training samples"):
        inspect(config_of("x", data={"folds": 2, "batch_size": 8}), [tmp_path])
