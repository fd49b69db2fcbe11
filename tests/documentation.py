"""The documentation as its readers see it: the pages' Markdown, with the tables that come from the code written in."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from docs.from_code.blocks import expand

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"


def pages() -> list[str]:
    """Return the name of every page, such as `reference/options`."""
    found = (path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
    return sorted(str(path.with_suffix("")) for path in found if path.parts[0] != "_build")


@cache
def page(name: str) -> str:
    """Return the text of a page."""
    return expand((DOCS / f"{name}.md").read_text())


def section(name: str, title: str, level: int = 2) -> str:
    """Return the text of a page under a heading."""
    found = re.search(rf"^{'#' * level} {re.escape(title)}\n(.*?)(?=^#{{1,{level}}} |\Z)", page(name), re.M | re.S)
    assert found, f"{name} has no section {title!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table in a text, without their headers."""
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.M)
    lines = [line for table in tables for line in table.splitlines()[2:]]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines]


def table(name: str, title: str = "") -> list[list[str]]:
    """Return the rows of a section's tables, or of a whole page."""
    return rows(section(name, title) if title else page(name))


def code(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def first_column(name: str, title: str = "") -> list[str]:
    """Return the names in the first column of a section's tables."""
    return [value for cells in table(name, title) for value in code(cells[0])]


def examples(language: str, name: str) -> list[str]:
    """Return the code blocks of a page in one language."""
    return re.findall(rf"```{language}\n(.*?)```", page(name), re.S)
