"""A target with measurements, names or texts is asked about or refused; classes of one sample are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.labels import class_counts
from experiments.training.data.sources import inspect
from tests.experiments.training.data.arrangement.trees import images, tree
from tests.experiments.training.data.labels.test_missing_labels import read
from tests.experiments.training.datasets import config_of, index_of, with_class_folders, with_csv, with_npz, write_csv


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        pytest.param([f"{(20 + n % 40) / 10:.1f}" for n in range(400)], "measured_target", id="measured"),
        pytest.param([str(n % 70 + 20) for n in range(700)], "measured_target", id="ages"),
        pytest.param([f"{n / 7:.3f}" for n in range(100)], "measured_target", id="one of each"),
        pytest.param([f"{n / 7:.3e}" for n in range(40)] * 3, "measured_target", id="with exponents"),
        pytest.param([f"{n // 3},{n % 10}" for n in range(40)] * 3, "measured_target", id="with decimal commas"),
        pytest.param([f"{n / 2}" for n in range(11)] * 9, "measured_target", id="eleven numbers with fractions"),
        pytest.param([f"Ms {n}" for n in range(60)], "many_classes", id="names"),
        pytest.param([f"kind {n % 150}" for n in range(1500)], "many_classes", id="very many classes"),
    ],
)
def test_many_values_are_asked_about(cells: list[str], code: str) -> None:
    [question] = read(cells).questions
    assert question.code == code
    assert [choice.options for choice in question.choices] == [{"data.many_classes": True}]
    assert f"{len(set(cells)):,} different" in question.text
    answered = read(cells, many_classes=True)
    assert (len(answered.classes), answered.questions) == (len(set(cells)), [])


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([str(n % 10) for n in range(100)], id="digits"),
        pytest.param(["0", "0.5", "1", "2", "3"] * 9, id="grades with a half"),
        pytest.param([str(n % 20) for n in range(200)], id="twenty numbers"),
        pytest.param([f"kind {n % 60}" for n in range(600)], id="sixty names"),
        pytest.param([f"Ms {n}" for n in range(9)], id="a few names"),
    ],
)
def test_usual_numbers_of_classes_are_not_asked_about(cells: list[str]) -> None:
    assert read(cells).questions == []


def test_arrays_and_folders_say_themselves_that_they_are_classes(tmp_path: Path) -> None:
    tree(tmp_path / "x", images(*map(str, range(24)), count=25))
    assert index_of("x", tmp_path).reading.questions == []
    from_npz = index_of(with_npz(tmp_path / "x.npz"), tmp_path)
    assert from_npz.reading.questions == []


def test_a_measured_target_is_no_training_until_it_is_confirmed(tmp_path: Path) -> None:
    rows = [(n * 7 % 31, n % 13, (20 + n % 40) / 10) for n in range(400)]
    write_csv(tmp_path / "t.csv", rows, header=("a", "b", "label"))
    with pytest.raises(SourceError, match="they look like measurements") as caught:
        inspect(config_of("t.csv"), [tmp_path])
    assert caught.value.field == "data.many_classes"
    assert len(inspect(config_of("t.csv", data={"many_classes": True}), [tmp_path]).classes) == 40


def test_more_classes_than_can_be_trained_are_refused() -> None:
    with pytest.raises(SourceError, match="1,001 different values, and at most 1,000 classes") as caught:
        read([f"c{n}" for n in range(1001)], many_classes=True)
    assert caught.value.field == "data.target_column"
    assert len(read([f"c{n}" for n in range(1000)] * 2, many_classes=True).classes) == 1000


def test_of_very_many_different_cells_none_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_counts, "MAX_DIFFERENT", 9)
    with pytest.raises(SourceError, match="10 different values"):
        read([str(n) for n in range(10)])


def test_a_text_is_no_class() -> None:
    with pytest.raises(SourceError, match=r"1 labels in column 'x' of t\.csv have more than 200 letters"):
        read(["a" * 201, "b"])


def test_classes_of_one_sample_are_told() -> None:
    found = read(["a", "a", "b", "c", "c"])
    assert [(finding.code, finding.level) for finding in found.findings] == [("classes_of_one_sample", "warning")]
    assert "1 of 3 classes have one sample: 'b'" in found.findings[0].text


def test_one_class_is_refused_with_what_was_taken_for_the_classes(tmp_path: Path) -> None:
    with_csv(tmp_path / "x", {f"{n}": "sick" for n in range(10)})
    with pytest.raises(SourceError, match=r"'sick', which was taken from column 'Target' of labels\.csv") as caught:
        inspect(config_of("x"), [tmp_path])
    assert caught.value.field == "data.target_column"
    with_class_folders(tmp_path / "y", {"images": 10})
    with pytest.raises(SourceError, match=r"the images lie in one folder \(images\)"):
        inspect(config_of("y"), [tmp_path])
    with_class_folders(tmp_path / "z", {"sick": 10, "nan": 2})
    with pytest.raises(SourceError, match="'sick', which was taken from the names of the folders sick, nan"):
        inspect(config_of("z", data={"missing_labels": "leave_out"}), [tmp_path])


def test_what_the_first_choice_leads_to_is_said_with_the_question(tmp_path: Path) -> None:
    """A dry run reads by the first choice; if that cannot be trained on, the question may be the cure."""
    write_csv(
        tmp_path / "t.csv", [(n, n % 3, "same", n % 2) for n in range(30)], header=("a", "b", "label", "diagnosis")
    )
    with pytest.raises(
        SourceError, match=r"have the class 'same'.* It was not yet said: In t\.csv, each of column 'label'"
    ):
        inspect(config_of("t.csv"), [tmp_path], answered=False)
    assert inspect(config_of("t.csv", data={"target_column": "diagnosis"}), [tmp_path]).classes == {"0": 15, "1": 15}
