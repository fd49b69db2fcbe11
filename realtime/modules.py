"""Which modules a page's script imports, and those in turn: what a browser would only find out one answer at a time."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["'](\.[^"']+)["']""", re.MULTILINE)


@cache
def imported_by(script: str) -> tuple[str, ...]:
    """Names of static files, `script` itself not among them, nearest first. Read once, for as long as the process is.

    What is not found is left out: the browser says so, where it is imported.
    """
    found = [script]
    for name in found:  # which grows meanwhile
        found += [one for one in _imports(name) if one not in found]
    return tuple(found[1:])


def _imports(name: str) -> list[str]:
    path = finders.find(name)
    if path is None:
        return []
    paths = _IMPORT.findall(Path(path).read_text(encoding="utf-8"))
    names = [posixpath.normpath(posixpath.join(posixpath.dirname(name), one)) for one in paths]
    return list(dict.fromkeys(one for one in names if finders.find(one)))
