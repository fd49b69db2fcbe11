"""The help lists the words and numbers by which data are read, as the code has them."""

from __future__ import annotations

import re

from experiments.training.data.columns import column_names
from experiments.training.data.labels import cell_findings, class_counts
from experiments.training.data.labels import label_words as words
from experiments.training.data.patients import id_patterns
from experiments.training.preflight import findings
from tests.documentation import code, section, table

PAGE = "how-to/how-your-data-are-read"


def listed(title: str) -> dict[str, list[str]]:
    """Return the words in the last cell of each row of a section, by the first cell."""
    return {cells[0]: [word.replace("\\|", "|") for word in code(cells[-1])] for cells in table(PAGE, title)}


def text(title: str) -> str:
    """Return a section with its lines joined."""
    return " ".join(section(PAGE, title).split())


def test_names_of_columns() -> None:
    assert list(listed("Which column is what").values()) == [
        list(names)
        for names in (
            column_names.IMAGES,
            column_names.IDS,
            column_names.TARGETS,
            column_names.LIKELY_TARGETS,
            column_names.POSSIBLE_TARGETS,
            column_names.PERSONS,
            column_names.PARTS_OF_PERSONS,
            column_names.PERHAPS_PERSONS,
            column_names.SPLITS,
            column_names.LIKELY_SPLITS,
            column_names.OF_PERSONS,
            column_names.PREDICTIONS,
        )
    ]


def test_words_of_labels() -> None:
    found = listed("Labels")
    assert set(found["missing"]) == words.MISSING - {""}
    assert set(found["perhaps missing: asked, and `data.missing_labels` may be `class`"]) == words.PERHAPS_MISSING
    [uncertain] = re.findall(r"\*\*Uncertain labels\*\* \(([^)]*)\)", section(PAGE, "Labels"))
    assert set(code(uncertain)) == words.UNCERTAIN
    signs = [code(cells[0].replace("\\|", "|")) for cells in table(PAGE, "Labels") if len(cells) == 2][2:]
    assert signs == [
        list(cell_findings.CERTAIN),
        list(cell_findings.LIKELY),
        [s for s in cell_findings.UNLIKELY if s != " "],
    ]


def test_numbers_of_labels() -> None:
    said = text("Labels")
    assert f"{class_counts.MEASURED_FROM} or more different numbers" in said
    assert f"({class_counts.FRACTIONS_FROM} if some have fractions)" in said
    assert f"{class_counts.MANY_FROM} or more different texts" in said
    assert f"most {class_counts.MAX_CLASSES:,} classes" in said
    assert f"at most {class_counts.MAX_LETTERS} letters" in said


def test_words_of_the_positive_class() -> None:
    assert {key: set(found) for key, found in listed("The positive class").items()} == {
        "no": words.FALSE,
        "yes": words.TRUE,
        "nothing found, anywhere in the name": words.NEGATIVE_WORDS | set(words.CHINESE_NEGATIVES),
        "nothing found, as the whole name": words.NEGATIVE_NAMES,
        "something found, anywhere in the name": words.POSITIVE_WORDS,
        "something found, as the whole name": words.POSITIVE_NAMES,
    }
    said = text("The positive class")
    [denying] = re.findall(r"by a word \((.*?)\)", said)
    assert set(code(denying)) == words.NEGATIONS
    [beginnings] = re.findall(r"by a beginning \((.*?)\)", said)
    assert code(beginnings) == [*words.NEGATION_PREFIXES, *words.CHINESE_NEGATIONS]
    for low, high in words.GRADED:
        assert f"{low} and {high}" in said


def test_patterns_of_patients() -> None:
    said = text("Patients")
    [before] = re.findall(r"before a number \((.*?)\)", said)
    assert code(before) == list(id_patterns.PATIENT_WORDS)
    assert f"{id_patterns.LEAST_MATCHED:.0%}".replace("%", " %") in said
    assert f"at least {id_patterns.FEWEST_SURE} codes" in said
    assert f"with {id_patterns.MOST_SURE:.0%}".replace("%", " %") in said
    assert f"{id_patterns.MOST_EACH} on average" in said
    assert f"With {id_patterns.FEWEST} codes or more and up to {id_patterns.MOST:.0%}".replace("%", " %") in said
    assert f"fewer than {findings.FEW_PATIENTS} patients" in said
