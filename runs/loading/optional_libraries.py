"""Import a library without the optional ones that it looks for, where nothing of ours uses what they add. Pure.

Each that is installed for somebody else would cost every process of the server time at its start and memory for good.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


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
