"""Row numbers, copies of the target and strong measurements: what is left out, what is asked, what is neither."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.metrics import roc_auc_score

from experiments.training.contract.reading import Question
from experiments.training.data.tables import index_columns
from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.target_copies import TELLING, Target
from tests.experiments.training.data.tables.tables_on_disk import (
    findings,
    kinds,
    lines,
    loaded,
    names,
    reading,
    refusal,
    write,
)

COUNT = 120
CHANCE = np.random.default_rng(0)
NOISE = CHANCE.normal(size=COUNT)
LABELS = np.arange(COUNT) % 2
SORTED = np.arange(COUNT) // (COUNT // 2)


def table(root: Path, columns: dict[str, Sequence[object]], labels: Sequence[object]) -> Path:
    rows = zip(*columns.values(), labels, strict=True)
    return write(root / "x.csv", lines(",".join([*columns, "label"]), [",".join(map(str, row)) for row in rows]))


def with_column(root: Path, name: str, values: Sequence[object], labels: Sequence[object] = tuple(LABELS)) -> Path:
    return table(root, {name: values, "a": CHANCE.normal(size=len(labels)).round(4).tolist()}, labels)


def asked(path: Path, **data: object) -> Question | None:
    found = reading(path, **data).questions
    assert len(found) <= 1
    return found[0] if found else None


# Names that programs give to row numbers


@pytest.mark.parametrize(
    "name", ["Unnamed: 0", "Unnamed: 0.1", "__index_level_0__", "level_0", "...1", "rownames", "row.names"]
)
def test_columns_that_programs_add_are_never_features(tmp_path: Path, name: str) -> None:
    path = with_column(tmp_path, name, CHANCE.normal(size=COUNT).round(3).tolist(), SORTED.tolist())
    if index_columns.is_written(name):
        assert names(loaded(path)) == ["a"]
        assert name in findings(path)["columns_index"]
        assert names(loaded(path, use_columns=[name])) == [name, "a"]
    else:
        assert name == "Unnamed: 0.1"
        assert names(loaded(path)) == [name, "a"]


@pytest.mark.parametrize(
    "name", ["index", "Index", "row", "row_number", "X", "V1", "no.", "Nr", "#", "S.No.", "serial no"]
)
@pytest.mark.parametrize("order", ["rising", "shuffled", "with gaps"])
def test_columns_that_people_call_row_numbers_are_left_out_if_they_are(tmp_path: Path, name: str, order: str) -> None:
    numbers = {
        "rising": np.arange(1, COUNT + 1),
        "shuffled": CHANCE.permutation(COUNT),
        "with gaps": np.sort(CHANCE.choice(COUNT * 2, COUNT, replace=False)),
    }[order]
    path = with_column(tmp_path, name, numbers.tolist())
    samples = loaded(path)
    assert names(samples) == ["a"]
    assert samples.reading.questions == []
    assert name in findings(path)["columns_index"]
    assert kinds(path)[name] == "left out"


@pytest.mark.parametrize("name", ["index", "X", "no."])
@pytest.mark.parametrize(
    "values",
    [
        CHANCE.normal(size=COUNT).round(2),
        CHANCE.integers(0, 30, COUNT),
        CHANCE.permutation(COUNT) * 1000,
        LABELS * 0 - 1,
    ],
)
def test_measurements_that_are_called_so_stay(tmp_path: Path, name: str, values: NDArray[np.float64]) -> None:
    assert names(loaded(with_column(tmp_path, name, values.tolist()))) == [name, "a"]


def test_a_column_without_a_name(tmp_path: Path) -> None:
    path = table(tmp_path, {"": range(COUNT), "a": NOISE.round(3).tolist()}, LABELS.tolist())
    assert names(loaded(path)) == ["a"]
    assert findings(path)["columns_unnamed"] == (
        "Left out, as they have no name: 1 column; give a name to what is to be learned from."
    )


# Numbers that follow the rows


@pytest.mark.parametrize("values", [range(COUNT), range(COUNT, 0, -1), [1000 + n * n for n in range(COUNT)]])
def test_numbers_that_follow_the_rows_are_asked_about(tmp_path: Path, values: Sequence[int]) -> None:
    path = with_column(tmp_path, "visit", list(values))
    question = asked(path)
    assert question is not None
    assert "'visit' follows the order of the rows" in question.text
    assert [choice.options for choice in question.choices] == [
        {"data.ignore_columns": ["visit"]},
        {"data.use_columns": ["visit"]},
    ]
    assert names(loaded(path)) == ["a"]
    error = refusal(path)
    assert (error.field, question.text in error.message) == ("data.ignore_columns", True)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([n * 1.5 for n in range(COUNT)], id="fractions"),
        pytest.param([n // 2 for n in range(COUNT)], id="pairs"),
        pytest.param([n if n != 60 else 3 for n in range(COUNT)], id="one out of order"),
        pytest.param(["" if n == 60 else n for n in range(COUNT)], id="a gap"),
    ],
)
def test_what_only_nearly_follows_them_is_not(tmp_path: Path, values: Sequence[object]) -> None:
    assert asked(with_column(tmp_path, "visit", values)) is None


def test_few_rows_may_be_sorted_by_anything(tmp_path: Path) -> None:
    assert asked(with_column(tmp_path, "visit", range(100), (LABELS[:100]).tolist())) is None
    assert asked(with_column(tmp_path, "visit", range(101), (np.arange(101) % 2).tolist())) is not None


@pytest.mark.parametrize("blocks", [2, 4, 8])
def test_shuffled_row_numbers_of_rows_that_were_sorted_by_class(tmp_path: Path, blocks: int) -> None:
    """Of two blocks an AUROC tells; of several it says nothing, and a network finds them all the same."""
    labels = np.arange(240) * blocks // 240 % 2
    order = np.random.default_rng(1).permutation(240)
    path = with_column(tmp_path, "code", order.tolist(), labels[order].tolist())
    question = asked(path)
    assert question is not None
    assert "'code' numbers rows that were sorted by the target" in question.text
    mixed = with_column(tmp_path, "code", order.tolist(), (np.arange(240) % 2).tolist())
    assert asked(mixed) is None


# Copies of the target


def recoded(labels: Sequence[int], words: Sequence[object]) -> list[object]:
    return [words[label] for label in labels]


@pytest.mark.parametrize(
    "words", [("B", "M"), ("benign", "malignant"), (0, 1), (7.5, -3), ("yes", ""), (1, ""), ("2024", "x")]
)
def test_other_codes_for_the_target_are_asked_about(tmp_path: Path, words: tuple[object, object]) -> None:
    path = with_column(tmp_path, "remark", recoded(LABELS.tolist(), words))
    question = asked(path)
    assert question is not None
    assert "'remark' tells the class as the target itself does" in question.text
    assert question.field == "data.ignore_columns"
    assert names(loaded(path)) == ["a"]
    assert asked(path, use_columns=["remark"]) is None
    assert asked(path, ignore_columns=["remark"]) is None


def test_finer_and_nearly_right_codes_are_copies_too(tmp_path: Path) -> None:
    labels = np.arange(600) % 3
    finer = [f"{'abc'[label]}{number % 2}" for number, label in enumerate(labels.tolist())]
    noisy = [f"{'xyz'[label if number % 97 else (label + 1) % 3]}" for number, label in enumerate(labels.tolist())]
    wrong = [f"{'xyz'[label if number % 20 else (label + 1) % 3]}" for number, label in enumerate(labels.tolist())]
    path = table(tmp_path, {"finer": finer, "noisy": noisy, "wrong": wrong}, labels.tolist())
    question = asked(path)
    assert question is not None
    assert next(choice.options for choice in question.choices) == {"data.ignore_columns": ["finer", "noisy"]}


@pytest.mark.parametrize("share", [0.03, 0.5])
def test_a_rare_class_is_told_by_its_cases(tmp_path: Path, share: float) -> None:
    """Of 97 healthy ones in a hundred, a column that always says healthy is no copy."""
    labels = (np.arange(1_000) < 1_000 * share).astype(int)
    np.random.default_rng(2).shuffle(labels)
    nothing = ["no" if number else "yes" for number in range(1_000)]
    assert asked(with_column(tmp_path, "flag", nothing, labels.tolist())) is None
    assert asked(with_column(tmp_path, "flag", recoded(labels.tolist(), ("no", "yes")), labels.tolist())) is not None


def test_groups_that_are_each_of_one_class_are_no_copy(tmp_path: Path) -> None:
    """Families, wards or plates: many values, a few rows each."""
    wards = [f"w{number // 4}" for number in range(COUNT)]
    assert asked(with_column(tmp_path, "ward", wards, (np.arange(COUNT) // 4 % 2).tolist())) is None


# Measurements that tell the target


def test_a_measurement_without_overlap_is_asked_about_and_used_meanwhile(tmp_path: Path) -> None:
    values = (5 + CHANCE.random(COUNT) + 20 * LABELS).round(3)
    path = with_column(tmp_path, "crp", values.tolist())
    question = asked(path)
    assert question is not None
    assert "'crp' tells the classes apart nearly without a fault" in question.text
    assert question.field == "data.use_columns"
    assert names(loaded(path)) == ["crp", "a"]
    assert "tells the target" in refusal(path).message


@pytest.mark.parametrize("gap", ["healthy", "sick"])
def test_a_measurement_that_only_one_class_has(tmp_path: Path, gap: str) -> None:
    values = [
        "" if (label == 0) == (gap == "healthy") else f"{value:.3f}" for value, label in zip(NOISE, LABELS, strict=True)
    ]
    assert asked(with_column(tmp_path, "size", values)) is not None


def test_what_overlaps_is_not_asked_about(tmp_path: Path) -> None:
    assert asked(with_column(tmp_path, "crp", (NOISE + 3 * LABELS).round(3).tolist())) is None


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer, load_wine, lambda: load_diabetes(scaled=False)])
def test_no_measurement_of_well_known_sets_is_asked_about(tmp_path: Path, load: Callable[[], object]) -> None:
    found = load()
    labels = np.asarray(found.target)  # type: ignore[attr-defined]
    if len(np.unique(labels)) > 20:
        labels = (labels > np.median(labels)).astype(int)
    values = np.asarray(found.data)  # type: ignore[attr-defined]
    columns = {f"f{at}": part.tolist() for at, part in enumerate(values.T)}
    assert reading(table(tmp_path, columns, [f"c{label}" for label in labels])).questions == []


def test_the_area_is_that_of_scikit_learn() -> None:
    """A measurement is asked about exactly where the mean of all pairs of classes reaches the limit."""
    chance = np.random.default_rng(3)
    decided = []
    for trial in range(60):
        classes = 2 + trial % 3
        labels = chance.integers(0, classes, 300)
        values = labels * chance.uniform(2, 8) + chance.normal(size=300)
        pairs = list(itertools.combinations(range(classes), 2))
        areas = []
        for first, second in pairs:
            rows = np.isin(labels, (first, second))
            area = roc_auc_score(labels[rows] == second, values[rows])
            areas.append(max(area, 1 - area))
        told = Target(labels.astype(np.intp)).is_told_by(column_types.of_cells(values))
        assert (told == "order") == (np.mean(areas) >= TELLING)
        decided.append(told)
    assert {None, "order"} == set(decided)


def test_few_rows_tell_nothing(tmp_path: Path) -> None:
    values = (5 + 20 * LABELS[:48]).tolist()
    assert asked(with_column(tmp_path, "crp", values, LABELS[:48].tolist())) is None
    rare = [int(number < 9) for number in range(COUNT)]
    assert asked(with_column(tmp_path, "crp", recoded(rare, ("B", "M")), rare)) is None


def test_the_only_columns_to_learn_from_are_told_and_not_asked_about(tmp_path: Path) -> None:
    path = table(tmp_path, {"crp": (5 + 20 * LABELS + NOISE).round(3).tolist()}, LABELS.tolist())
    assert asked(path) is None
    assert "'crp' (tells the classes apart nearly without a fault)" in findings(path)["columns_suspects_alone"]


def test_several_suspicious_columns_are_asked_about_together(tmp_path: Path) -> None:
    columns = {
        "copy": recoded(LABELS.tolist(), "BM"),
        "visit": list(range(COUNT)),
        "crp": (5 + 20 * LABELS + CHANCE.random(COUNT)).round(3).tolist(),
        "a": NOISE.round(3).tolist(),
    }
    path = table(tmp_path, columns, LABELS.tolist())
    useless, strong = reading(path).questions
    assert useless.choices[0].options == {"data.ignore_columns": ["copy", "visit"]}
    assert useless.choices[0].consequence == "Without 'copy', 'visit': 2 columns to learn from."
    assert strong.choices[0].options == {"data.use_columns": ["crp"]}
    answered = useless.choices[0].options | strong.choices[0].options
    samples = loaded(path, **{option.removeprefix("data."): answer for option, answer in answered.items()})
    assert samples.reading.questions == []
    assert names(samples) == ["crp", "a"]


def test_an_answer_adds_to_what_was_answered_before(tmp_path: Path) -> None:
    columns = {"copy": recoded(LABELS.tolist(), "BM"), "b": (NOISE + 1).round(2).tolist(), "a": NOISE.round(3).tolist()}
    question = asked(table(tmp_path, columns, LABELS.tolist()), ignore_columns=["b"])
    assert question is not None
    assert question.choices[0].options == {"data.ignore_columns": ["b", "copy"]}
    assert question.choices[0].consequence == "Without 'copy': 1 column to learn from."


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"ignore_columns": ["A"]}, "data.ignore_columns", "x.csv has no column 'A'; it has 'b', 'a', 'label'."),
        ({"use_columns": ["c", "a"]}, "data.use_columns", "no column 'c'"),
        ({"use_columns": ["a"], "ignore_columns": ["a"]}, "data.use_columns", "data.ignore_columns names 'a', too"),
        ({"use_columns": ["label"]}, "data.use_columns", "'label' is the id, the target, the patient or the split"),
        ({"ignore_columns": ["a", "b"]}, "source_path", "no columns to learn from beside label"),
    ],
)
def test_options_that_fit_no_column(tmp_path: Path, data: dict[str, list[str]], field: str, said: str) -> None:
    path = with_column(tmp_path, "b", (NOISE + 1).round(2).tolist())
    error = refusal(path, **data)
    assert error.field == field
    assert said in error.message


def test_columns_are_ignored_whatever_they_hold(tmp_path: Path) -> None:
    path = with_column(tmp_path, "b", ["1 2 3 " * 20] * COUNT)
    assert names(loaded(path, ignore_columns=["b"])) == ["a"]
    assert findings(path, ignore_columns=["b"])["columns_ignored"] == "Left out, as data.ignore_columns says: 'b'."
