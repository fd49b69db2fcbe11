"""The errors of data that cannot be trained on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import islice

MOST_POSSIBLE = 200  # values that an error lists


class SourceError(ValueError):
    """Data that cannot be trained on as asked.

    `field` is the configuration's, `message` names the fault and its cure. `possible` are values that the field may
    have instead, such as the columns of a table, where they can be listed.
    """

    def __init__(self, field: str, message: str, possible: Iterable[str] = ()) -> None:
        super().__init__(field, message)
        self.field = field
        self.message = message
        self.possible = list(islice(possible, MOST_POSSIBLE))

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"

    @property
    def sentence(self) -> str:
        """The message for where no field stands beside it: with the option's name, unless that is the data's place."""
        return self.message if self.field == "source_path" else str(self)


class UnreadableImages(SourceError):
    """Images that cannot be read; `problems` maps each image's name to what is wrong with it.

    They are of `total` images, which are all there are unless `whole` is False.
    """

    def __init__(self, problems: Mapping[str, str], total: int, *, whole: bool = True) -> None:
        self.problems = problems
        listed = some([f"{name} ({problem})" for name, problem in problems.items()])
        if whole and len(problems) == 1:
            name, problem = next(iter(problems.items()))
            message = f"{name} cannot be read ({problem}); replace it, or set data.skip_unreadable to true."
        else:
            images = f"{total:,} images" if whole else f"the {total:,} images checked"
            message = (
                f"{len(problems)} of {images} cannot be read: {listed}. Replace them, or set data.skip_unreadable to "
                "true to train without them."
            )
        super().__init__("source_path", message)


LETTERS = 300  # of a name that a message shows


def some(names: Collection[str], shown: int = 3) -> str:
    """List the first few names in words: messages stay short however large the data, and however long its names."""
    listed = ", ".join(name if len(name) <= LETTERS else f"{name[:LETTERS]}…" for name in islice(names, shown))
    return f"{listed} and {len(names) - shown} more" if len(names) > shown else listed
