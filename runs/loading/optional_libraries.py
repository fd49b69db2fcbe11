"""Import a library without the optional ones that it looks for, where nothing of ours uses what they add. Pure.

Each that is installed for somebody else would cost every process of the server time at its start and memory for good.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let imports in the block find none of these modules, unless they are loaded already; afterwards they are back."""
    hidden = [name for name in names if name not in sys.modules]
    missing: dict[str, None] = dict.fromkeys(hidden)  # None: an import of that name raises ModuleNotFoundError
    sys.modules.update(missing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name) is None:
                sys.modules.pop(name, None)


class _LeftOut(MetaPathFinder):
    """Says of some modules that they are not there. None in `sys.modules` does not say it to compiled modules."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Raise for those; leave all others to who comes next."""
        if fullname in self._names:
            raise ModuleNotFoundError(f"This process does without {fullname}.", name=fullname)
        return None


def leave_out(*names: str) -> None:
    """Let this process do without these modules for good, unless they are loaded already.

    For libraries that look for them when they are used: Arrow loads pandas to make an array of NumPy's, which takes
    longer than to load both, and 30 MiB.
    """
    sys.meta_path.insert(0, _LeftOut(names))
