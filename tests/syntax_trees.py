"""The syntax trees of our files, of which several modules of tests look at the same: parsing all takes seconds."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def parsed(path: Path) -> ast.Module:
    """Parse a file once for all tests, which only read the tree."""
    return ast.parse(path.read_text())
