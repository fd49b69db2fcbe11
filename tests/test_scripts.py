"""The scripts of the pages, wherever they lie: what they import is there, they make no markup, and they are small."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

ROOT = Path(settings.BASE_DIR)
STATIC = [ROOT / app / "static" for app in ("experiments", "realtime", "runs")]
SCRIPTS = {str(script.relative_to(root)): script for root in STATIC for script in root.rglob("*.js")}
VENDOR = ("uplot/dist/uPlot.iife.min.js",)
MOST_BYTES = 160 * 1024  # compressed, all pages together
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"


def test_there_are_scripts() -> None:
    assert "realtime/run/live.js" in SCRIPTS
    assert "experiments/datasets/dataset.js" in SCRIPTS


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_script_imports_what_is_there_and_makes_no_markup_from_text(name: str) -> None:
    text = SCRIPTS[name].read_text()
    for imported in re.findall(r'^(?:import|export) .*from "(.+)";$', text, re.MULTILINE):
        assert finders.find(normpath(join(dirname(name), imported))), f"{name} imports {imported}"
    assert re.findall(MARKUP, text) == []


def test_all_scripts_together_are_small() -> None:
    paths = [*SCRIPTS.values(), *(ROOT / "node_modules" / name for name in VENDOR)]
    assert sum(len(gzip.compress(path.read_bytes())) for path in paths) < MOST_BYTES
