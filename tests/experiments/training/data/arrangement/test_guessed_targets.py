"""Tables beside images without a column called as a target: asked for, where the columns may be one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from experiments.training.data import sources
from tests.experiments.training.data.arrangement.trees import answers, csv, images, question, read, refusal, tree
from tests.experiments.training.datasets import config_of

IDS = [f"{n}.png" for n in range(12)]
HEADER = "image_id,adjudicated_dr_grade,adjudicated_dme,adjudicated_gradable"


def table(folder: Path, header: str, rows: Sequence[Sequence[object]], *names: str) -> Path:
    return tree(folder, names or [f"images/{id_}" for id_ in IDS], labels=csv(header, rows))


def all_questions(folder: Path, **data: object) -> list[str]:
    with sources.open_files(folder.name, [folder.parent]) as files:
        index = sources.read(files, config_of(folder, data=data))
    return [found.field for found in index.reading.questions]


def choices(folder: Path) -> list[object]:
    with sources.open_files(folder.name, [folder.parent]) as files:
        asked = sources.read(files, config_of(folder)).reading.questions
    return [
        one.options["data.target_column"] for found in asked for one in found.choices if found.code == "target_column"
    ]


def test_columns_of_few_values_are_offered(tmp_path: Path) -> None:
    """As Messidor-2 has them."""
    folder = table(tmp_path / "x", HEADER, [(id_, n % 4, n % 2, 1 - n // 11) for n, id_ in enumerate(IDS)])
    assert choices(folder) == ["adjudicated_dr_grade", "adjudicated_dme", "adjudicated_gradable"]
    assert set(read(folder, target_column="adjudicated_dme").classes) == {"0", "1"}
    assert "data.target_column" not in all_questions(folder, target_column="adjudicated_dme")


@pytest.mark.parametrize("name", ["level", "score", "rating", "KL grade", "ISUP_grade", "BIRADS", "Retinopathy grade"])
def test_more_names_of_targets(tmp_path: Path, name: str) -> None:
    """As EyePACS has `level`."""
    assert choices(table(tmp_path / "x", f"image,{name}", [(id_, n % 3) for n, id_ in enumerate(IDS)])) == [name]


def test_words_of_targets_come_first(tmp_path: Path) -> None:
    rows = [(id_, "LR"[n % 2], 50 + n, n % 3) for n, id_ in enumerate(IDS)]
    assert choices(table(tmp_path / "x", "image,eye,age,dr_stage", rows)) == ["dr_stage", "eye"]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        pytest.param("image,note", lambda n: (f"text {n}",), id="all different"),
        pytest.param("image,site", lambda n: ("A",), id="all alike"),
        pytest.param(
            "image," + ",".join(f"a{n}" for n in range(11)),
            lambda n: tuple("no" if (n + at) % 2 else "so" for at in range(11)),
            id="many",
        ),
        pytest.param("image,patient_id", lambda n: (f"p{n % 4}",), id="patients"),
    ],
)
def test_what_cannot_be_a_target_is_refused_as_before(
    tmp_path: Path, header: str, row: Callable[[int], tuple[object, ...]]
) -> None:
    folder = table(tmp_path / "x", header, [(id_, *row(n)) for n, id_ in enumerate(IDS)])
    assert refusal(folder).startswith("data.target_column: labels.csv has no column 'Target'")


def test_a_table_of_something_else_is_not_asked_about(tmp_path: Path) -> None:
    rows = [(f"other{n}", n % 2) for n in range(12)]
    assert "data.target_column" in refusal(table(tmp_path / "x", "image,site", rows))


def test_folders_that_name_classes_go_before_a_guess(tmp_path: Path) -> None:
    folder = table(tmp_path / "x", "image,site", [(f"{n}.png", n % 2) for n in range(6)], *images("ill", "well"))
    assert set(read(folder).classes) == {"ill", "well"}
    assert answers(question(read(folder), "layout"))[0] == {"layout": "class_folders"}
