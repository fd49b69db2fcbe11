"""Spellings of one label are one class, and it is said; where they may be two, it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.training.data.labels import spellings
from tests.experiments.training.data.labels.test_missing_labels import read
from tests.experiments.training.datasets import index_of, with_class_folders, write_csv


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("benign", "Benign"),
        ("malignant", "MALIGNANT"),
        ("No Finding", "No  Finding"),
        ("No Finding", "no_finding"),
        ("No Finding", "No-Finding"),
        ("covid", " covid "),
        ("covid", "covid\u00a0"),
        ("covid", "\ufeffcovid"),
        ("covid", "co\u200bvid"),
        ("covid", "covid\u00ad"),
        ("no finding", "no\tfinding"),
        ("covid", "covid\x00"),
        ("l\u00e9sion", "le\u0301sion"),
        ("covid", "\uff43\uff4f\uff56\uff49\uff44"),
        ("<=50K", "<=50K."),
        ("covid", "'covid'"),
        ("covid", '"covid"'),
        ("non\u2013covid", "non-covid"),
        ("STRASSE", "stra\u00dfe"),
        ("1", "1.0"),
        ("1", "01"),
        ("-1", "\u22121"),
        ("2.50", "2.5"),
    ],
)
def test_variants_of_one_label_are_one_class_and_told(first: str, second: str) -> None:
    found = read([first] * 3 + [second] * 2 + ["9"] * 4)
    assert len(found.classes) == 2
    assert found.label_of[first] == found.label_of[second] != found.label_of["9"]
    assert found.questions == []
    [merged] = found.merged
    assert set(merged.spellings) == {first, second}
    assert "differ in spelling only are one class" in found.findings[0].text
    assert found.findings[0].level == "info"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("si", "s\u00ed"),
        ("grade 1", "grade 10"),
        ("-1", "1"),
        ("1_1", "11"),
        ("1E2", "100"),
        ("T1", "T-1"),
        ("A+", "A"),
    ],
)
def test_labels_that_are_different_stay_different(first: str, second: str) -> None:
    found = read([first, second] * 3 + ["other"] * 3)
    assert found.label_of[first] != found.label_of[second]
    assert found.merged == []


def test_a_class_is_called_by_its_most_frequent_spelling() -> None:
    assert read(["BENIGN", "benign", "BENIGN", "Malignant", "malignant"]).classes == ["BENIGN", "malignant"]


def test_with_keep_each_spelling_is_a_class() -> None:
    found = read(["Benign", "benign", "x"] * 3, label_spellings="keep")
    assert (found.classes, found.merged, found.questions) == (["Benign", "benign", "x"], [], [])


@pytest.mark.parametrize(
    ("cells", "asked"),
    [
        pytest.param(["A", "a", "b"], True, id="letters of the alphabet"),
        pytest.param(["AA", "Aa", "aa"], True, id="genotypes"),
        pytest.param(["M", "m", "B", "b"], True, id="short for malignant and benign"),
        pytest.param(["yes", "Yes", "no", "NO"], False, id="yes and no"),
        pytest.param(["OK", "ok", "defect"], False, id="a known word"),
        pytest.param(["T1", "t1", "T2"], False, id="with a number"),
        pytest.param(["cat", "Cat", "dog"], False, id="words"),
    ],
)
def test_of_short_labels_it_is_asked(cells: list[str], asked: bool) -> None:
    found = read(cells * 3)
    assert [question.field for question in found.questions] == ["data.label_spellings"] * asked
    for answer in ("merge", "keep"):
        answered = read(cells * 3, label_spellings=answer)
        assert answered.questions == []
        assert (len(answered.classes) == len(set(cells))) == (answer == "keep")


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["True", "FALSE", "true", "False"], ["False", "true"]),
        (["yes", "no", "Yes", "TRUE", "false"], ["no", "yes"]),
        (["1", "0", "1", "yes", "no"], ["no", "yes"]),
        (["1.0", "0.0", "True"], ["no", "yes"]),
    ],
)
def test_words_for_true_and_false_are_two_classes(cells: list[str], classes: list[str]) -> None:
    found = read(cells * 3)
    assert found.classes == classes
    yes = {found.label_of[cell] for cell in cells if spellings.clean(cell).casefold() in ("true", "yes", "1", "1.0")}
    assert yes == {1}


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["10", "9", "2"], ["2", "9", "10"]),
        (["1.0", "0.0"], ["0", "1"]),
        (["0.5", "10", "0.25"], ["0.25", "0.5", "10"]),
        (["01", "02"], ["1", "2"]),
        (["1", "one"], ["1", "one"]),
        (["01", "A1"], ["01", "A1"]),
        (["1", "1.0", "x"], ["1", "x"]),
    ],
)
def test_numbers_are_in_numeric_order_and_names_in_alphabetical_order(cells: list[str], classes: list[str]) -> None:
    assert read(cells * 3).classes == classes


def test_one_table_of_several_hands(tmp_path: Path) -> None:
    names = ("benign", "Benign", "malignant", "MALIGNANT")
    write_csv(tmp_path / "t.csv", [(n * 7 % 31, n % 13, names[n % 4]) for n in range(120)], header=("a", "b", "label"))
    index = index_of("t.csv", tmp_path)
    assert index.counts == {"benign": 60, "malignant": 60}
    assert [merged.name for merged in index.reading.merged] == ["benign", "malignant"]
    assert index.reading.questions == []


@pytest.mark.parametrize(("answer", "classes"), [("keep", ["0", "01", "1"]), ("merge", ["0", "1"])])
def test_two_folders_of_one_number_are_asked_about(tmp_path: Path, answer: str, classes: list[str]) -> None:
    with_class_folders(tmp_path / "x", {"0": 12, "1": 12, "01": 12})
    [question] = index_of("x", tmp_path).reading.questions
    assert question.field == "data.label_spellings"
    assert "'01' and '1'" in question.text
    answered = index_of("x", tmp_path, data={"label_spellings": answer})
    assert (answered.classes, answered.reading.questions) == (classes, [])


def test_folders_that_differ_in_case_are_one_class(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"Benign": 4, "benign": 3, "malignant": 5})
    assert index_of("x", tmp_path).counts == {"Benign": 7, "malignant": 5}


@pytest.mark.parametrize("form", ["['{}']", '["{}"]', "[{}]", "[ '{}' ]"])
def test_lists_of_one_label_are_that_label(form: str) -> None:
    """As ODIR has them."""
    cells = [form.format(name) for name in ("N", "D", "G", "N")]
    assert read(cells).classes == ["D", "G", "N"]
    assert read([*cells, "other"]).classes == sorted({*cells, "other"})
    assert read([form.format("N, D"), *cells]).questions[0].code == "several_findings"
