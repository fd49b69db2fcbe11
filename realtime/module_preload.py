"""The modules that a page's script imports, directly or not: a browser would find them out one answer at a time."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["'](\.[^"']+)["']""", re.MULTILINE)


@cache
def imported_by(script: str) -> tuple[str, ...]:
    """Return the names of these static files, nearest first, without `script` itself; they are read once per process.

    A file that is not found is left out: the browser reports it where it is imported.
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
