"""Has Arrow do without pandas, for which it looks whenever it makes an array: that would load it in every training.

Nothing of ours gives Arrow anything of pandas, or takes that from it. A network of a team may: whatever it imports or
calls gets pandas, and Arrow, which remembers that it found none, is told as soon as pandas is there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any

NAME = "pandas"
_ARROW = "pyarrow"
_OURS = ("experiments.", "runs.")
_OF_IMPORT = "<frozen importlib"  # the names of its files


class _NotForArrow(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find nothing where Arrow asks on behalf of our modules, none of which imports pandas."""
        if name != NAME:
            return None
        if _asking(sys._getframe(1)).startswith(_OURS):
            raise ModuleNotFoundError(f"No module named {NAME!r}", name=NAME)
        others = (finder for finder in sys.meta_path if finder is not self)
        found = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if found is not None:
            _tell_arrow_then(found)
        return found


def _asking(frame: FrameType | None) -> str:
    """Return the name of the module whose function has led to an import, by way of Arrow or not."""
    while frame is not None and (frame.f_code.co_filename.startswith(_OF_IMPORT) or _is_of_arrow(_module(frame))):
        frame = frame.f_back
    return "" if frame is None else _module(frame)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _is_of_arrow(module: str) -> bool:
    return module == _ARROW or module.startswith(f"{_ARROW}.")


def _tell_arrow_then(found: ModuleSpec) -> None:
    """Have pandas, once it is loaded, be known to an Arrow that has looked for it in vain."""
    loader: Any = found.loader
    load = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        arrow: Any = sys.modules.get(f"{_ARROW}.lib")
        with suppress(Exception):  # there is no public way, and one that did not look yet will find it
            arrow._pandas_api.pd  # noqa: B018  # looks again

    with suppress(AttributeError):  # a loader that takes none goes on as it is
        loader.exec_module = exec_module


def install() -> None:
    """Look first from now on, in this process and those that are forked from it."""
    sys.meta_path.insert(0, _NotForArrow())
