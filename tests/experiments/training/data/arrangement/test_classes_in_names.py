"""Classes that stand in the names of images: which places are noticed, and the command that writes a table of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from experiments.training.data import sources
from experiments.training.data.arrangement import classes_in_names
from experiments.training.data.sources import SourceError
from tests.experiments.training.data.arrangement.trees import read, tree
from tests.experiments.training.datasets import config_of

OCT = [f"{('CNV', 'NORMAL')[n % 2]}-{1000 + n // 2}-{1 + n % 3}.jpeg" for n in range(24)]
CHEST = [f"CXR_png/CHNCXR_{n:04d}_{n % 2}.png" for n in range(20)]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        pytest.param(CHEST, "end with '0' (10), '1' (10)", id="as Shenzhen has them"),
        pytest.param(OCT, "begin with 'CNV' (12), 'NORMAL' (12)", id="as OCT has them"),
        pytest.param(
            [f"scan {n} {('ill', 'well')[n % 2]} {n % 7}.png" for n in range(20)],
            "have before the last word 'ill' (10), 'well' (10)",
            id="in the middle",
        ),
    ],
)
def test_the_words_that_may_be_classes(tmp_path: Path, names: list[str], words: str) -> None:
    folder = tree(tmp_path / "x", names)
    with pytest.raises(SourceError) as caught:
        sources.inspect(config_of(folder), [tmp_path])
    assert caught.value.message.count("The names of the images") == 1
    assert f"The names of the images {words}: if these are the classes" in caught.value.message


@pytest.mark.parametrize("names", [CHEST, OCT, ["a b_0.PNG", "c,d_1.jpg", "ü_0.png", "e 'f' g_1.png"]])
def test_the_command_writes_a_table_that_is_read(tmp_path: Path, names: list[str]) -> None:
    folder = tree(tmp_path / "x", [*names, "README.txt"])
    told = next(text for text in classes_in_names.hints(names) if "python -c" in text)
    command = told.partition("python ")[2]
    subprocess.run(f'"{sys.executable}" {command}', shell=True, check=True, cwd=folder, timeout=60)
    index = read(folder)
    assert sum(index.counts.values()) == len(names)
    expected = [name.rpartition(".")[0].replace("_", "-").split("-")[0 if "CNV" in names[0] else -1] for name in names]
    assert sorted(index.counts.items()) == sorted((label, expected.count(label)) for label in set(expected))
    again = subprocess.run(f'"{sys.executable}" {command}', shell=True, check=False, cwd=folder, timeout=60)
    assert again.returncode != 0  # a table that is there is not written over


@pytest.mark.parametrize(
    "names",
    [
        [f"scan_{n}.png" for n in range(20)],
        [f"{side}_{n}.png" for n in range(11) for side in ("left", "right")],
        ["a_1.png", "b_1.png"],
    ],
)
def test_other_names_say_nothing(names: list[str]) -> None:
    assert not list(classes_in_names.hints(names))
