"""Sphinx's configuration; `python -m docs.build` uses it, see `make docs`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
sys.path.insert(0, str(ROOT))

from docs.from_code.blocks import expand  # noqa: E402

project = "Livetrain"
author = "the Livetrain authors"
release = version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["config.cache"]
pygments_style = "friendly"
highlight_language = "text"

html_theme = "livetrain"
html_theme_path = [str(FOLDER / "theme")]
html_title = "Livetrain help"
html_static_path = [
    *(str(ROOT / "realtime" / "static" / "realtime" / "styles" / name) for name in ("tokens.css", "frame.css")),
    str(ROOT / "realtime" / "static" / "realtime" / "favicon.svg"),
]
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_secnumber_suffix = " "
smartquotes = False


def setup(app: Any) -> None:
    """Have tables that come from the code written into their pages before these are read."""
    app.connect("source-read", _expand)


def _expand(_app: Any, _docname: str, source: list[str]) -> None:
    source[0] = expand(source[0])
