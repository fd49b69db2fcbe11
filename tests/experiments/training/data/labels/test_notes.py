"""Labels that are the same but for a note, a mark, a unit or the language: asked, and two classes if kept."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from experiments.training.contract.config import DataConfig
from experiments.training.data.labels import labelling, notes, spellings
from experiments.training.data.labels.labelling import Labels
from tests.documentation import code, section

PAGE = "how-to/how-your-data-are-read"


def read(*cells: str, **data: object) -> Labels:
    return labelling.read(Counter(cells * 4), DataConfig.model_validate(data), "column 'label' of x.csv")


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        pytest.param(("ill", "well", "ill (biopsy)", "well [see report]"), ["ill", "well"], id="notes"),
        pytest.param(("0", "1", "1*", "0?"), ["0", "1"], id="marks"),
        pytest.param(("1", "2", "grade 1", "Grade_2"), ["1", "2"], id="units"),
        pytest.param(("1", "2", "I", "Grade II"), ["1", "2"], id="Roman numbers"),
        pytest.param(("benign", "gutartig", "malignant", "Bösartig"), ["benign", "malignant"], id="languages"),
        pytest.param(("yes", "ja", "no", "nein"), ["no", "yes"], id="yes in two languages"),
        pytest.param(("阳性", "positive", "阴性"), ["positive", "阴性"], id="one of them in one language alone"),
    ],
)
def test_they_are_asked_about_and_merged_first(cells: tuple[str, ...], classes: list[str]) -> None:
    found = read(*cells)
    [question] = found.questions
    assert question.code == "label_spellings"
    assert [choice.options for choice in question.choices] == [
        {"data.label_spellings": "merge"},
        {"data.label_spellings": "keep"},
    ]
    merged, kept = (read(*cells, label_spellings=answer) for answer in ("merge", "keep"))
    assert sorted(merged.classes) == sorted(classes)
    assert len(kept.classes) == len(cells)
    assert not merged.questions
    assert not kept.questions


@pytest.mark.parametrize(
    "cells",
    [
        ("tumor (left)", "tumor (right)", "normal"),
        ("grade 1", "grade 2", "normal"),
        ("gutartig", "bösartig"),
        ("I", "II", "III"),
        ("i", "v", "x", "10"),
        ("(a)", "a b"),
        ("1+", "2+", "1", "2"),
        ("type 1 diabetes", "1"),
        ("non", "oui"),
    ],
)
def test_labels_of_which_none_is_without_a_note_are_classes(cells: tuple[str, ...]) -> None:
    found = read(*cells)
    assert not [question for question in found.questions if question.code == "label_spellings"]
    assert sorted(found.classes) == sorted(cells)


def test_what_web_pages_write_for_a_sign_is_the_sign() -> None:
    found = read("Crohn&#39;s &amp; others", "Crohn's & others", "normal")
    assert (found.classes, found.questions) == (["Crohn's & others", "normal"], [])
    assert spellings.clean("a&b; c") == "a&b; c"


def test_the_help_lists_the_words() -> None:
    [scales] = re.findall(r"a unit before a number \((.*?)\)", " ".join(section(PAGE, "Labels").split()))
    assert code(scales) == list(notes.SCALES)
    listed = {english: code(words) for english, words in re.findall(r"^- (\w+): (.*)$", section(PAGE, "Labels"), re.M)}
    assert listed == {english: list(words) for english, words in notes.LANGUAGES.items()}
