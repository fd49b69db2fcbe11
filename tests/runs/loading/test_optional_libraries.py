"""Imports without what a library only looks for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from runs.loading.optional_libraries import leave_out, without


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a library that looks for another, which is installed."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "looked_for.py").write_text("")
    (tmp_path / "that_looks.py").write_text(
        "try:\n    import looked_for\n    found = True\nexcept ImportError:\n    found = False\n"
    )
    for name in ("that_looks", "looked_for"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_library_finds_none_of_them_and_others_do_afterwards(looks: None) -> None:
    with without("looked_for", "not_installed"):
        library = importlib.import_module("that_looks")
    assert not library.found
    assert importlib.import_module("looked_for")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("not_installed")


def test_what_is_loaded_already_stays(looks: None) -> None:
    loaded = importlib.import_module("looked_for")
    with without("looked_for"):
        assert importlib.import_module("that_looks").found
    assert sys.modules["looked_for"] is loaded


def test_they_are_back_after_an_import_that_failed(looks: None) -> None:
    with pytest.raises(ModuleNotFoundError), without("looked_for"):
        importlib.import_module("not_installed")
    assert importlib.import_module("looked_for")


def test_a_process_does_without_them_for_good(looks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    leave_out("looked_for")
    assert not importlib.import_module("that_looks").found
    with pytest.raises(ModuleNotFoundError, match="looked_for"):
        importlib.import_module("looked_for")
    assert importlib.import_module("colorsys"), "others are found as before"


ARROW = """
import sys
from runs.loading.optional_libraries import leave_out
leave_out("pandas")
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
assert pc.equal(pa.array(np.arange(3)), 1).to_pylist() == [False, True, False]
assert pa.table({"a": np.arange(2)}).to_pylist() == [{"a": 0}, {"a": 1}]
print("pandas" in sys.modules)
"""


def test_arrow_works_without_pandas() -> None:
    done = subprocess.run([sys.executable, "-c", ARROW], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
