"""Given splits are kept, missing ones are made, patients stay whole, and an earlier run's split can be used again."""

from __future__ import annotations

import random
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from experiments.training.contract import splits
from experiments.training.contract.splits import Shares, SplitName
from experiments.training.data.module import DataModule, build
from experiments.training.data.sources import SourceError, inspect
from experiments.training.data.splitting import grouping
from tests.experiments.training.datasets import config_of, job_of, with_class_folders, with_csv, write_csv, write_image


def built(source: str, root: Path, **groups: Any) -> DataModule:
    config = config_of(source, **groups)
    inspect(config, [root])
    return build(config, job_of(config, root))


def ids_of(data: DataModule, split: SplitName) -> set[str]:
    return {data.sample_ids[i] for i in data.indices[split]}


def with_split_folders(folder: Path, **counts: int) -> Path:
    for split, count in counts.items():
        with_class_folders(folder / split, {"healthy": count, "sick": count + 1})
    return folder


def test_split_folders_above_the_classes_are_kept(tmp_path: Path) -> None:
    with_split_folders(tmp_path / "x", Train=5, valid=2, TEST=3)
    data = built("x", tmp_path)
    assert data.summary.sizes == {"train": 11, "val": 5, "test": 7}
    assert data.class_names == ["healthy", "sick"]
    assert all(id_.startswith("valid/") for id_ in ids_of(data, "val"))
    assert "TEST/sick/000.png" in ids_of(data, "test")


def test_only_missing_splits_are_made_and_only_of_training_samples(tmp_path: Path) -> None:
    with_split_folders(tmp_path / "x", train=10, test=3)
    data = built("x", tmp_path, data={"val_fraction": 0.3, "test_fraction": 0.5})
    assert data.summary.sizes == {"train": 7 + 8, "val": 3 + 3, "test": 7}
    assert all(id_.startswith("train/") for id_ in ids_of(data, "val") | ids_of(data, "train"))


def test_folders_called_like_splits_are_classes_only_on_request(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"train": 5, "test": 5})
    with pytest.raises(SourceError, match="test, train look like splits, and nothing tells the classes"):
        inspect(config_of("x"), [tmp_path])
    asked = config_of("x", data={"layout": "class_folders"}, model={"positive_class": "test"})
    assert inspect(asked, [tmp_path]).classes == {"train": 5, "test": 5}


def test_splits_without_one_to_train_on(tmp_path: Path) -> None:
    with_split_folders(tmp_path / "x", val=5, test=3)
    with pytest.raises(SourceError, match="splits test, val, but none to train on"):
        inspect(config_of("x"), [tmp_path])


def test_a_given_split_that_lacks_a_class(tmp_path: Path) -> None:
    folder = with_split_folders(tmp_path / "x", train=5, val=3)
    shutil.rmtree(folder / "val" / "sick")
    with pytest.raises(SourceError, match="validation split has no sample of class 'sick'"):
        inspect(config_of("x"), [tmp_path])


def with_patients(folder: Path, rows: list[tuple[str, str, int, str]]) -> Path:
    """Write rows of image, patient, class and split."""
    write_csv(folder / "a.csv", rows, header=("image", "patient_id", "label", "split"))
    for number, row in enumerate(rows):
        write_image(folder / f"{row[0]}.png", number)
    return folder


GIVEN = [(f"{n:02d}", f"p{n}", n % 2, ("train", "train", "Validation", "testing")[n // 2 % 4]) for n in range(16)]


def test_a_split_column_is_kept(tmp_path: Path) -> None:
    with_patients(tmp_path / "x", GIVEN)
    data = built("x", tmp_path, data={"id_column": "image"})
    assert ids_of(data, "val") == {"04", "05", "12", "13"}
    assert ids_of(data, "test") == {"06", "07", "14", "15"}
    other = built("x", tmp_path, data={"id_column": "image", "split_column": None, "val_fraction": 0.5})
    assert other.summary.sizes == {"train": 8, "val": 8}


def test_a_patient_in_two_given_splits_is_a_leak(tmp_path: Path) -> None:
    leaking = [(image, "p3" if image == "06" else patient, label, split) for image, patient, label, split in GIVEN]
    with_patients(tmp_path / "x", leaking)
    with pytest.raises(SourceError, match=r"1 patients are in two of the given splits: p3 \(test, train\)"):
        inspect(config_of("x", data={"id_column": "image"}), [tmp_path])


def test_an_id_in_two_given_splits_is_a_leak(tmp_path: Path) -> None:
    with_patients(tmp_path / "x", [*GIVEN, ("00", "p0", 0, "val")])
    with pytest.raises(SourceError, match="1 ids have rows with different splits: 00"):
        inspect(config_of("x", data={"id_column": "image"}), [tmp_path])


@pytest.mark.parametrize("written", ["", "holdout"])
def test_a_split_column_that_says_something_else(tmp_path: Path, written: str) -> None:
    with_patients(tmp_path / "x", [*GIVEN, ("16", "p16", 0, written)])
    with pytest.raises(SourceError) as caught:
        inspect(config_of("x", data={"id_column": "image"}), [tmp_path])
    assert caught.value.field == "data.split_column"
    assert f"data row 17: '{written}' is not a split" in caught.value.message


def cohort(seed: int) -> tuple[list[int], list[str]]:
    """Make labels and patients: up to 60 patients with one to twelve images of one or more classes."""
    chance = random.Random(seed)
    labels, patients = [], []
    for number in range(chance.randint(9, 60)):
        for _ in range(chance.choice([1, 1, 2, 3, 5, chance.randint(1, 12)])):
            labels.append(number % 3 if number < 9 or chance.random() < 0.7 else chance.randrange(3))
            patients.append(f"p{number}")
    return labels, patients


@pytest.mark.parametrize("shares", [Shares(0.2), Shares(0.1, 0.2), Shares(0.3, 0.3)], ids=str)
def test_patients_stay_whole_and_classes_miss_their_share_by_less_than_one_patient(shares: Shares) -> None:
    for seed in range(100):
        labels, patients = cohort(seed)
        assigned = grouping.assign(labels, patients, shares, seed)
        homes = defaultdict(set)
        for patient, split in zip(patients, assigned, strict=True):
            homes[patient].add(split)
        assert all(len(found) == 1 for found in homes.values())
        largest = max(Counter(patients).values())
        found = Counter(zip(labels, assigned, strict=True))
        for label in range(3):
            wanted = splits.sizes(labels.count(label), shares)
            for split in ("train", "val", "test"):
                assert abs(found[label, split] - getattr(wanted, split)) <= largest
                assert bool(found[label, split]) == bool(getattr(wanted, split))


def test_patients_that_divide_evenly_give_exact_shares() -> None:
    patients = [f"p{n // 4}" for n in range(400)]  # 100 patients with 4 images, 60 of them healthy
    labels = [int(n >= 240) for n in range(400)]
    assigned = grouping.assign(labels, patients, Shares(0.2, 0.1), seed=1)
    assert Counter(zip(labels, assigned, strict=True)) == {
        (0, "train"): 168, (0, "val"): 48, (0, "test"): 24,
        (1, "train"): 112, (1, "val"): 32, (1, "test"): 16,
    }  # fmt: skip
    assert assigned == grouping.assign(labels, patients, Shares(0.2, 0.1), seed=1)
    assert assigned != grouping.assign(labels, patients, Shares(0.2, 0.1), seed=2)


def test_a_run_splits_by_patients(tmp_path: Path) -> None:
    rows = [(f"{n:03d}", f"p{n // 3}", n // 3 % 2, "") for n in range(60)]
    write_csv(tmp_path / "x" / "a.csv", [row[:3] for row in rows], header=("image", "who", "label"))
    for number, row in enumerate(rows):
        write_image(tmp_path / "x" / f"{row[0]}.png", number)
    data = built("x", tmp_path, data={"patient_column": "who", "test_fraction": 0.2})
    patients = [{data.patient_ids[i] for i in part} for part in data.indices.values()]
    assert [len(part) for part in patients] == [12, 4, 4]
    assert len(set.union(*patients)) == 20


def test_a_class_with_too_few_patients(tmp_path: Path) -> None:
    rows = [(f"{n:03d}", "only one" if n % 2 else f"p{n // 4}", n % 2) for n in range(20)]
    write_csv(tmp_path / "x" / "a.csv", rows, header=("image", "who", "label"))
    for row in rows:
        write_image(tmp_path / "x" / f"{row[0]}.png")
    with pytest.raises(SourceError, match=r"at least 2 patients, .* class '1' has 1"):
        inspect(config_of("x", data={"patient_column": "who"}), [tmp_path])


def test_the_split_of_an_earlier_run_can_be_used_again(tmp_path: Path) -> None:
    with_csv(tmp_path / "x", {f"{n:02d}": n % 2 for n in range(40)})
    first = built("x", tmp_path, data={"test_fraction": 0.2})
    shutil.copy(tmp_path / "run" / "split.csv", tmp_path / "kept.csv")
    assert built("x", tmp_path, seed=7).indices != first.indices
    again = built("x", tmp_path, data={"split_file": "kept.csv"}, seed=7)
    assert again.indices == first.indices
    assert (tmp_path / "run" / "split.csv").read_bytes() == (tmp_path / "kept.csv").read_bytes()


def test_the_split_of_ids_like_formulas_can_be_used_again(tmp_path: Path) -> None:
    with_csv(tmp_path / "x", {f"{sign}{n:02d}+1": n % 2 for n, sign in enumerate("=-@a'" * 8)})
    first = built("x", tmp_path, data={"test_fraction": 0.2})
    written = (tmp_path / "run" / "split.csv").read_text()
    assert "\n'=00+1," in written
    (tmp_path / "exact.csv").write_text(written.replace("\n'=", "\n=").replace("\n'-", "\n-").replace("\n'@", "\n@"))
    shutil.copy(tmp_path / "run" / "split.csv", tmp_path / "kept.csv")
    for name in ("kept.csv", "exact.csv"):
        assert built("x", tmp_path, data={"split_file": name}, seed=7).indices == first.indices


@pytest.mark.parametrize("name", ["breast-cancer", "digits-is-8"])
def test_the_split_of_a_built_in_data_set_can_be_used_again(tmp_path: Path, name: str) -> None:
    first = built(f"builtin:{name}", tmp_path)
    shutil.copy(tmp_path / "run" / "split.csv", tmp_path / "kept.csv")
    assert built(f"builtin:{name}", tmp_path, data={"split_file": "kept.csv"}, seed=7).indices == first.indices
    other = {"breast-cancer": "digits-is-8", "digits-is-8": "breast-cancer"}[name]
    with pytest.raises(SourceError, match=r"kept\.csv is of other data"):
        inspect(config_of(f"builtin:{other}", data={"split_file": "kept.csv"}), [tmp_path])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sample_id,split,label\n", "40 samples of the data are not in it (00, 01, 02 and 37 more)"),
        ("sample_id,part\n00,train\n", "no columns sample_id and split"),
        ("sample_id,split\n00,train\n00,val\n", "data row 2: an id for the second time"),
        ("sample_id,split\n00,middle\n", "data row 1: an id for the second time, or a split not of train, val, test"),
        ("sample_id,split\n00\n", "data row 1"),
        ("", "no columns"),
    ],
)
def test_a_split_file_of_something_else(tmp_path: Path, content: str, message: str) -> None:
    with_csv(tmp_path / "x", {f"{n:02d}": n % 2 for n in range(40)})
    (tmp_path / "kept.csv").write_text(content)
    with pytest.raises(SourceError) as caught:
        inspect(config_of("x", data={"split_file": "kept.csv"}), [tmp_path])
    assert caught.value.field == "data.split_file"
    assert message in caught.value.message


def test_a_split_file_with_samples_that_are_gone(tmp_path: Path) -> None:
    with_csv(tmp_path / "x")
    (tmp_path / "kept.csv").write_text("sample_id,split\n" + "".join(f"{n:03d},train\n" for n in range(12)))
    with pytest.raises(SourceError, match=r"2 of its samples are not in the data \(010, 011\)"):
        inspect(config_of("x", data={"split_file": "kept.csv"}), [tmp_path])


def test_a_split_file_outside_the_data_roots(tmp_path: Path) -> None:
    with_csv(tmp_path / "root" / "x")
    (tmp_path / "kept.csv").write_text("sample_id,split\n")
    for name in (str(tmp_path / "kept.csv"), "../kept.csv", "absent.csv"):
        with pytest.raises(SourceError) as caught:
            inspect(config_of("x", data={"split_file": name}), [tmp_path / "root"])
        assert caught.value.field == "data.split_file"
