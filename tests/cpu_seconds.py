"""What each test costs: `python -m pytest -p tests.cpu_seconds tests/runs` ends with those that took most CPU time.

A test's own time, that of its fixtures and of the processes below this one count, also of those that still live. With
more lanes than cores it is this sum that decides how long the whole suite takes.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator

import psutil
import pytest

SHOWN = 25
_spent: Counter[str] = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note what passes between the test's first fixture and its last."""
    before = cpu_seconds()
    try:
        return (yield)
    finally:
        _spent[item.nodeid] += cpu_seconds() - before  # type: ignore[assignment]  # seconds with decimals


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List files and tests, the most expensive first."""
    terminalreporter.section(f"CPU seconds, {sum(_spent.values()):.1f} in all")
    for line in [*most(by_file(_spent)), "", *most(_spent)]:
        terminalreporter.line(line)


def cpu_seconds() -> float:
    """Return the time that this process took, and all that were or are below it."""
    own = psutil.Process()
    total = 0.0
    for process in [own, *own.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])  # user, system, and both of the children that have ended
    return total


def by_file(spent: Counter[str]) -> Counter[str]:
    """Add up the times of the tests of each file."""
    files: Counter[str] = Counter()
    for name, seconds in spent.items():
        files[name.partition("::")[0]] += seconds
    return files


def most(spent: Counter[str]) -> list[str]:
    """Return a line for each of the largest times."""
    return [f"{seconds:8.2f} {name}" for name, seconds in spent.most_common(SHOWN)]
