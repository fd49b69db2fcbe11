"""The scripts of the pages, wherever they lie: what they import is there, they make no markup, and they are small."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from realtime.module_preload import imported_by

ROOT = Path(settings.BASE_DIR)
STATIC = [ROOT / app / "static" for app in ("experiments", "realtime", "runs")]
SCRIPTS = {str(script.relative_to(root)): script for root in STATIC for script in root.rglob("*.js")}
PAGES = {
    page.name: page.read_text()
    for app in ("experiments", "realtime")
    for page in (ROOT / app / "templates" / app).glob("*.html")
}
NAMED = re.compile(r"{% script '([^']+)' %}")
VENDOR = re.compile(r"{% static '(vendor/[^']+[.]js)' %}")
IMPORTED = re.compile(r'^(?:import|export)\b[^"\';=]*?\bfrom "(.+)";$', re.MULTILINE)
MOST_BYTES = 100_000  # compressed
# What no visit loads together: the errors of a run that has ended, and the queue of one that waits for its turn.
OF_A_RESULT = re.compile(r"{% if verdict[.]cells %}{% script .*? %}")
OF_A_QUEUE = re.compile(r"{% if not verdict[.]cells and .*? %}{% script .*? %}{% endif %}")
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"


def test_there_are_scripts() -> None:
    assert "realtime/run/live.js" in SCRIPTS
    assert "experiments/datasets/dataset.js" in SCRIPTS


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_script_imports_what_is_there_and_makes_no_markup_from_text(name: str) -> None:
    text = SCRIPTS[name].read_text()
    for imported in IMPORTED.findall(text):
        assert finders.find(normpath(join(dirname(name), imported))), f"{name} imports {imported}"
    assert re.findall(MARKUP, text) == []


@pytest.mark.parametrize("left_out", [OF_A_RESULT, OF_A_QUEUE], ids=["without a result", "not queued"])
@pytest.mark.parametrize("page", sorted(page for page in PAGES if NAMED.search(PAGES[page])))
def test_the_scripts_of_a_page_are_small(page: str, left_out: re.Pattern[str]) -> None:
    """As a first visit loads them: what every page has, what this one names, and all that those import."""
    text, found = left_out.subn("", PAGES[page])
    assert found == (page == "run.html")
    named = {*NAMED.findall(PAGES["base.html"]), *NAMED.findall(text)}
    loaded = {*named, *(imported for name in named for imported in imported_by(name)), *VENDOR.findall(text)}
    sizes = {name: len(gzip.compress(Path(finders.find(name) or "").read_bytes())) for name in loaded}
    assert sum(sizes.values()) < MOST_BYTES, sizes
