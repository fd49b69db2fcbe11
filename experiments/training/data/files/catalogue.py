"""The built-in data sets, as far as they are known without loading anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.training.contract.source_errors import SourceError

PREFIX = "builtin:"


@dataclass(frozen=True)
class Builtin:
    """A data set that comes with the server.

    `counts` maps each class to its number of samples, in label order; the last of two classes is the positive one.
    """

    name: str
    table: bool
    counts: Mapping[str, int]
    about: str

    @property
    def ids(self) -> list[str]:
        """The samples' ids `000`, `001`, …, all as wide as the last one."""
        total = sum(self.counts.values())
        width = len(str(total - 1))
        return [f"{number:0{width}d}" for number in range(total)]


BUILTINS = {
    builtin.name: builtin
    for builtin in (
        Builtin(
            "digits-is-8",
            table=False,
            counts={"not 8": 1623, "8": 174},
            about="Handwritten digits, grey images of 8 × 8 pixels, of scikit-learn (load_digits). Is it an 8?",
        ),
        # The class that must not be missed is the positive one; scikit-learn's own labels are the other way round.
        Builtin(
            "breast-cancer",
            table=True,
            counts={"benign": 357, "malignant": 212},
            about="Cell nuclei measured in images of biopsies, 30 numbers each, of scikit-learn (load_breast_cancer). "
            "Is the tumour malignant?",
        ),
    )
}


def find(source_path: str) -> Builtin | None:
    """Look up the built-in that `source_path` names; None for a path. Raises SourceError for an unknown built-in."""
    if not source_path.startswith(PREFIX):
        return None
    try:
        return BUILTINS[source_path.removeprefix(PREFIX)]
    except KeyError:
        known = " and ".join(PREFIX + name for name in BUILTINS)
        raise SourceError("source_path", f"{source_path!r} is unknown; the built-in data sets are {known}.") from None
