"""Has Arrow do without pandas, for which it looks whenever it makes an array: that would load it in every training.

Nothing of ours gives Arrow anything of pandas, or takes that from it. A network of a team may: a module that imports
pandas gets it, and Arrow has it from then on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType

NAME = "pandas"
_OURS = ("experiments.", "runs.", "pyarrow.")
_OF_IMPORT = "<frozen importlib"  # the names of its files


class _NotForArrow(MetaPathFinder):
    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Find nothing where Arrow asks on behalf of our modules, none of which imports pandas."""
        if name == NAME and _asking(sys._getframe(1)).startswith(_OURS):
            raise ModuleNotFoundError(f"No module named {NAME!r}", name=NAME)
        return None


def _asking(frame: FrameType | None) -> str:
    """Return the name of the module whose function has led to an import."""
    while frame is not None and frame.f_code.co_filename.startswith(_OF_IMPORT):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))


def install() -> None:
    """Look first from now on, in this process and those that are forked from it."""
    sys.meta_path.insert(0, _NotForArrow())
