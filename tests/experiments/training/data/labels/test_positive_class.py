"""Which of two classes is positive: as named, by what the names say, or asked; the same in every layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.training.data.labels import negations
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

SURE = [  # the negative class, the positive one
    ("not fractured", "fractured"),
    ("bez nádoru", "nádoru"),
    ("ingen tumor", "tumor"),
    ("geen tumor", "tumor"),
    ("zdravý", "nemocný"),
    ("zdrowy", "chory"),
    ("sağlıklı", "hasta"),
    ("gezond", "ziek"),
    ("frisk", "syk"),
    ("terve", "sairas"),
    ("egészséges", "beteg"),
    ("CT_NonCOVID", "CT_COVID"),
    ("notinfected", "infected"),
    ("NonDemented", "Demented"),
    ("non-smoker", "smoker"),
    ("no_tumor", "tumor"),
    ("No Finding", "Pneumonia"),
    ("NoDR", "DR"),
    ("No_DR", "Has_DR"),
    ("without", "with"),
    ("without fracture", "fracture"),
    ("cancer-free", "cancer"),
    ("Uninfected", "Parasitized"),
    ("unaffected", "affected"),
    ("unremarkable", "fracture"),
    ("Normal", "Pneumonia"),
    ("NORMAL", "PNEUMONIA"),
    ("normal", "abnormal"),
    ("normal", "not normal"),
    ("healthy", "unhealthy"),
    ("benign", "malignant"),
    ("benign", "non-benign"),
    ("stable", "unstable"),
    ("control", "case"),
    ("controls", "patients"),
    ("absent", "present"),
    ("negative", "positive"),
    ("neg", "pos"),
    ("asymptomatic", "symptomatic"),
    ("negative for malignancy", "malignancy"),
    ("no evidence of disease", "disease"),
    ("normal, no tumour", "tumour"),
    ("other", "cancer"),
    ("good", "bad"),
    ("low risk", "high risk"),
    ("mild", "severe"),
    ("false", "true"),
    ("No", "Yes"),
    ("n", "y"),
    ("ER-", "ER+"),
    ("-", "+"),
    ("0", "1"),
    ("0.0", "1.0"),
    ("0", "255"),
    ("-1", "1"),
    ("class_0", "class_1"),
    ("grade 0", "grade 2"),
    ("0_cat", "1_dog"),
    ("not 8", "8"),
    ("gesund", "krank"),
    ("nicht gebrochen", "gebrochen"),
    ("kein Befund", "Fraktur"),
    ("unauff\u00e4llig", "auff\u00e4llig"),
    ("sans fracture", "fracture"),
    ("b\u00e9nin", "malin"),
    ("sin fractura", "fractura"),
    ("sano", "enfermo"),
    ("\u6b63\u5e38", "\u5f02\u5e38"),
    ("\u6b63\u5e38", "\u4e0d\u6b63\u5e38"),
    ("\u9634\u6027", "\u9633\u6027"),
    ("\u65e0", "\u80ba\u708e"),
]
UNSURE = [
    ("cat", "dog"),
    ("rose", "tulip"),
    ("male", "female"),
    ("F", "M"),
    ("B", "M"),
    ("1", "2"),
    ("2", "4"),
    ("-1", "0"),
    ("class_1", "class_2"),
    ("no 1", "no 2"),
    ("clear cell", "papillary"),
    ("control A", "control B"),
    ("breast cancer", "lung cancer"),
    ("responsive", "unresponsive"),
    ("atypical", "typical"),
    ("0_malignant", "1_benign"),
    ("died", "survived"),
    ("bacteria", "virus"),
    ("<=50K", ">50K"),
    ("nodule", "mass"),
]


@pytest.mark.parametrize(("negative", "positive"), SURE)
def test_the_name_that_denies_or_says_that_nothing_was_found_is_negative(negative: str, positive: str) -> None:
    for first, second in ((negative, positive), (positive, negative)):
        found = negations.judge(first, second)
        assert (found.positive, found.sure) == (positive, True), found.why


@pytest.mark.parametrize("names", UNSURE)
def test_where_the_names_say_too_little_the_rule_is_unsure(names: tuple[str, str]) -> None:
    for first, second in (names, names[::-1]):
        found = negations.judge(first, second)
        assert not found.sure, found.why
        assert found.positive in names


@pytest.mark.parametrize("suffix", ["", ".csv", "images"])
@pytest.mark.parametrize(
    ("negative", "positive"), [("not fractured", "fractured"), ("normal", "COVID"), ("benign", "malignant")]
)
def test_every_layout_gives_the_finding_label_1(tmp_path: Path, suffix: str, negative: str, positive: str) -> None:
    if suffix == ".csv":
        rows = [(n, n * 7 % 31, (negative, positive)[n % 3 == 0]) for n in range(30)]
        write_csv(tmp_path / "x.csv", rows, header=("a", "b", "label"))
        index = index_of("x.csv", tmp_path)
    elif suffix == "images":
        with_csv(tmp_path / "x", {f"{n:02d}": (negative, positive)[n % 3 == 0] for n in range(30)})
        index = index_of("x", tmp_path)
    else:
        with_class_folders(tmp_path / "x", {negative: 20, positive: 10})
        index = index_of("x", tmp_path)
    assert index.counts == {negative: 20, positive: 10}
    assert index.classes == index.reading.classes == [negative, positive]
    assert index.reading.positive == positive
    assert index.reading.positive_why
    [told] = [finding for finding in index.reading.findings if finding.code == "positive_class"]
    assert (told.level, index.reading.questions) == ("info", [])
    assert f"{positive!r} is the positive one, and {negative!r} the negative one" in told.text


def test_numbers_of_an_array_are_labels(tmp_path: Path) -> None:
    index = index_of(with_npz(tmp_path / "x.npz"), tmp_path)
    assert (index.classes, index.reading.positive) == (["0", "1"], "1")


def test_an_unsure_rule_is_a_question_and_either_answer_decides(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"cat": 6, "dog": 4})
    index = index_of("x", tmp_path)
    [question] = index.reading.questions
    assert question.field == "model.positive_class"
    assert [choice.options["model.positive_class"] for choice in question.choices] == ["dog", "cat"]
    assert index.classes == ["cat", "dog"]
    with pytest.raises(SourceError, match="Which of the two classes is the positive one") as caught:
        inspect(config_of("x"), [tmp_path])
    assert caught.value.field == "model.positive_class"
    for positive, counts in (("dog", {"cat": 6, "dog": 4}), ("cat", {"dog": 4, "cat": 6})):
        summary = inspect(config_of("x", model={"positive_class": positive}), [tmp_path])
        assert list(summary.classes.items()) == list(counts.items())


@pytest.mark.parametrize("asked", ["normal", "NORMAL", " Normal "])
def test_the_request_goes_before_the_rule(tmp_path: Path, asked: str) -> None:
    with_class_folders(tmp_path / "x", {"normal": 6, "sick": 4})
    index = index_of("x", tmp_path, model={"positive_class": asked})
    assert (index.classes, index.reading.positive) == (["sick", "normal"], "normal")
    by_path = {sample.id: index.classes[sample.label] for sample in index.samples}
    assert by_path["normal/000.png"] == "normal"
    assert index.reading.positive_why == "model.positive_class names it"


@pytest.mark.parametrize("asked", ["0", "0.0", "00"])
def test_a_number_may_be_named_in_any_form(tmp_path: Path, asked: str) -> None:
    with_csv(tmp_path / "x")
    assert index_of("x", tmp_path, model={"positive_class": asked}).classes == ["1", "0"]


def test_a_class_that_is_none_of_the_two(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"normal": 6, "sick": 4})
    with pytest.raises(SourceError, match="'ill' is none of the two classes; name 'normal' or 'sick'") as caught:
        index_of("x", tmp_path, model={"positive_class": "ill"})
    assert caught.value.field == "model.positive_class"


def test_of_more_than_two_classes_none_is_positive(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"normal": 6, "sick": 4, "unsure": 3})
    index = index_of("x", tmp_path)
    assert (index.reading.positive, index.reading.questions) == (None, [])
    with pytest.raises(SourceError, match="there are 3; leave it out, or name") as caught:
        index_of("x", tmp_path, model={"positive_class": "sick"})
    assert caught.value.field == "model.positive_class"


@pytest.mark.parametrize(
    ("name", "classes"), [("digits-is-8", ["not 8", "8"]), ("breast-cancer", ["benign", "malignant"])]
)
def test_a_built_in_knows_its_own_and_another_may_be_named(tmp_path: Path, name: str, classes: list[str]) -> None:
    config = config_of(f"builtin:{name}", data={"batch_size": 64})
    data = build(config, job_of(config, tmp_path / "a"))
    assert (data.class_names, data.summary.positive_class) == (classes, classes[1])
    other = config_of(f"builtin:{name}", data={"batch_size": 64}, model={"positive_class": classes[0]})
    turned = build(other, job_of(other, tmp_path / "b"))
    assert (turned.class_names, turned.summary.positive_class) == (classes[::-1], classes[0])
    assert sum(turned.train_counts) == sum(data.train_counts)
    assert abs(turned.train_counts[0] - data.train_counts[1]) <= 1


def test_a_run_that_began_with_another_order_goes_on_with_it(tmp_path: Path) -> None:
    """Versions before this rule ordered fractured and not fractured by the alphabet."""
    with_class_folders(tmp_path / "x", {"not fractured": 12, "fractured": 12})
    config = config_of("x")
    assert build(config, job_of(config, tmp_path)).class_names == ["not fractured", "fractured"]
    written = tmp_path / "run" / "split.csv"
    rows = [line.split(",")[:3] for line in written.read_text().splitlines()]
    before = [rows[0], *([id_, split, str(1 - int(label))] for id_, split, label in rows[1:])]
    written.write_text("".join(f"{','.join(row)}\n" for row in before))
    resumed = build(config, job_of(config, tmp_path, resume_from="some.ckpt"))
    assert resumed.class_names == ["fractured", "not fractured"]
    assert resumed.summary.positive_class == "not fractured"
