"""Runs as those of `tests.runs` are made."""

from tests.runs.conftest import make_run

__all__ = ["make_run"]
