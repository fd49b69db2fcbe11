"""Classes have the names that a request gives them: everywhere, in every layout, in the order of their labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from experiments.training.contract.class_names import class_naming
from experiments.training.data.module import build
from experiments.training.data.sources import SourceError, inspect
from tests.experiments.training.datasets import (
    config_of,
    index_of,
    job_of,
    with_class_folders,
    with_csv,
    with_npz,
    write_csv,
)

NAMED = ["0=healthy", "1=pneumonia"]


def made(root: Path, layout: str) -> str:
    """Write data with the classes 0 and 1 in a layout; every third sample is of class 1, of an array every second."""
    if layout == "table":
        rows = [(n, n * 7 % 31, int(n % 3 == 0)) for n in range(30)]
        write_csv(root / "x.csv", rows, header=("a", "b", "label"))
        return "x.csv"
    if layout == "array":
        return str(with_npz(root / "x.npz"))
    if layout == "images":
        with_csv(root / "x", {f"{n:02d}": int(n % 3 == 0) for n in range(30)})
    else:
        with_class_folders(root / "x", {"0": 20, "1": 10})
    return "x"


@pytest.mark.parametrize("layout", ["table", "images", "folders", "array"])
def test_every_layout_has_the_names_in_the_order_of_the_labels(tmp_path: Path, layout: str) -> None:
    source = made(tmp_path, layout)
    plain = index_of(source, tmp_path)
    index = index_of(source, tmp_path, data={"class_names": NAMED})
    assert plain.classes == ["0", "1"]
    assert index.classes == index.reading.classes == ["healthy", "pneumonia"]
    assert (index.labels, index.ids) == (plain.labels, plain.ids)
    assert (index.reading.positive, index.reading.questions) == ("pneumonia", [])
    [told] = [finding for finding in index.reading.findings if finding.code == "class_names"]
    assert told.text == "data.class_names names the classes: '0' is called 'healthy', '1' is called 'pneumonia'."
    assert inspect(config_of(source, data={"class_names": NAMED}), [tmp_path]).classes == index.counts


def test_a_training_knows_the_names_alone(tmp_path: Path) -> None:
    made(tmp_path, "images")
    config = config_of("x", data={"class_names": NAMED})
    data = build(config, job_of(config, tmp_path))
    assert data.class_names == data.summary.classes == ["healthy", "pneumonia"]
    assert data.summary.positive_class == "pneumonia"
    resumed = build(config, job_of(config, tmp_path, resume_from="some.ckpt"))
    assert (resumed.class_names, resumed.train_counts) == (data.class_names, data.train_counts)


@pytest.mark.parametrize("asked", ["pneumonia", "Pneumonia", "1", "1.0"])
@pytest.mark.parametrize("named", [NAMED, ["1=pneumonia"], [" 1.0 = pneumonia "]])
def test_the_positive_class_is_named_by_its_name_or_its_label(tmp_path: Path, asked: str, named: list[str]) -> None:
    made(tmp_path, "folders")
    index = index_of("x", tmp_path, data={"class_names": named}, model={"positive_class": asked})
    assert (index.classes[1], index.reading.positive) == ("pneumonia", "pneumonia")


@pytest.mark.parametrize("asked", ["healthy", "0"])
def test_another_positive_class_turns_names_and_labels_together(tmp_path: Path, asked: str) -> None:
    made(tmp_path, "folders")
    index = index_of("x", tmp_path, data={"class_names": NAMED}, model={"positive_class": asked})
    assert index.counts == {"pneumonia": 10, "healthy": 20}
    by_folder = {sample.id: index.classes[sample.label] for sample in index.samples}
    assert (by_folder["0/000.png"], by_folder["1/000.png"]) == ("healthy", "pneumonia")


def test_names_decide_where_labels_say_too_little(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"1": 6, "2": 4})
    assert index_of("x", tmp_path).reading.questions
    index = index_of("x", tmp_path, data={"class_names": ["1=sick", "2=healthy"]})
    assert (index.counts, index.reading.questions) == ({"healthy": 4, "sick": 6}, [])


def test_names_that_contradict_the_labels_are_asked_about_in_the_order_of_the_labels(tmp_path: Path) -> None:
    made(tmp_path, "folders")
    names = ["0=malignant", "1=benign"]
    index = index_of("x", tmp_path, data={"class_names": names})
    [question] = index.reading.questions
    assert [choice.options["model.positive_class"] for choice in question.choices] == ["benign", "malignant"]
    assert index.classes == ["malignant", "benign"]
    answered = index_of("x", tmp_path, data={"class_names": names}, model={"positive_class": "malignant"})
    assert (answered.counts, answered.reading.questions) == ({"benign": 10, "malignant": 20}, [])


def test_of_several_classes_those_not_named_keep_their_labels(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"0": 3, "1": 4, "10": 5, "2": 6})
    index = index_of("x", tmp_path, data={"class_names": ["10=severe", "0=none seen"]})
    assert index.counts == {"none seen": 3, "1": 4, "2": 6, "severe": 5}
    assert index.reading.positive is None


def test_equals_signs_may_be_in_labels_and_names(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "x.csv",
        [(n, n * 7 % 31, ("<=50K", ">50K")[n % 3 == 0]) for n in range(30)],
        header=("a", "b", "label"),
    )
    index = index_of("x.csv", tmp_path, data={"class_names": ["<=50K=income<=50,000", ">50K=more"]})
    assert set(index.classes) == {"income<=50,000", "more"}


def test_the_finding_that_is_asked_for_can_be_renamed(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"covid": 6, "normal": 4, "pneumonia": 5})
    index = index_of("x", tmp_path, data={"finding": "covid", "class_names": ["not covid=rest", "covid=COVID-19"]})
    assert (index.counts, index.reading.positive) == ({"rest": 9, "COVID-19": 6}, "COVID-19")


def test_a_built_in_data_set_can_have_other_names(tmp_path: Path) -> None:
    config = config_of("builtin:breast-cancer", data={"batch_size": 64, "class_names": ["malignant=bösartig"]})
    data = build(config, job_of(config, tmp_path))
    assert (data.class_names, data.summary.positive_class) == (["benign", "bösartig"], "bösartig")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (["2=sick"], r"'2=sick' names none of the classes; there are '0', '1': write 0=its name"),
        (["0=a", "0.0=b"], "names the class '0' twice"),
        (["0=sick", "1=Sick"], "would both be called 'Sick'"),
        (["0=1"], "'1' cannot be the name of '0': another class is '1'"),
        (["0=1", "1=0"], "'1' cannot be the name of '0': another class is '1'"),
        (["0=" + "x" * 201], "has to have 1 to 200 letters"),
        (["0=\u200b"], "has to have 1 to 200 letters"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, named: list[str], told: str) -> None:
    made(tmp_path, "folders")
    with pytest.raises(SourceError, match=told) as caught:
        index_of("x", tmp_path, data={"class_names": named})
    assert caught.value.field == "data.class_names"


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (["0"], "no label with its name"),
        (["=healthy"], "no label with its name"),
        (["0= "], "no label with its name"),
        (["0=a\x07"], "control characters"),
        (["0=a", "0=a"], "name each once"),
    ],
)
def test_what_names_no_class_is_refused_at_once(named: list[str], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config_of("x", data={"class_names": named})
    [error] = caught.value.errors()
    assert error["loc"][:2] == ("data", "class_names")
    assert told in error["msg"]


def test_a_text_may_mean_several_labels() -> None:
    assert list(class_naming.readings("a=b=c")) == [("a", "b=c"), ("a=b", "c")]
