"""Say how often a test split was looked at, in words. Pure."""

from __future__ import annotations

OPTIMISTIC = "A number picked as the best of several is optimistic."


AGAIN = "a run that is resumed after its result was seen counts again"


def looks_text(
    looks: int,
    runs: int,
    *,
    folds: int = 0,
    order: int | None = None,
    best_of: int | None = None,
    again: str = AGAIN,
) -> str:
    """Say by how many runs the test samples were evaluated, `folds` of them in one cross-validation.

    `order` is the place of the run that is described among the runs; None describes a group. Of `best_of` runs that
    still have their result, the one that is described has the highest AUROC. `again` says how one run looks twice.
    """
    start = f"These test samples have been evaluated {_times(looks)}, {_by(runs, folds)}"
    if looks == 1:
        return f"{start}."
    place = f"; this was the {ordinal(order)} of them" if order is not None and runs > 1 else ""
    seen = f"; {again}" if looks > runs else ""
    return f"{start}{place}{seen}. {_best(best_of) if best_of else OPTIMISTIC}"


def _best(runs: int) -> str:
    return (
        f"Its test AUROC is the highest of {runs:,} runs: as the best of several it is optimistic, as is any "
        "other number that a run was picked by."
    )


def ordinal(number: int) -> str:
    """Write a number as a place: 1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _by(runs: int, folds: int) -> str:
    if runs == 1:
        return "by one run"
    if folds < 2:
        return f"by {runs:,} runs"
    if folds == runs:
        return f"by the {folds} folds of one cross-validation"
    return f"by {runs:,} runs, {folds} of them folds of one cross-validation"
