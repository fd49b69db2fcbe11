"""Say how the samples of a patient become one, and what few patients cost, in words. Pure.

The page's copies are in `patient_text.js` and `statistics_text.js`.
"""

from __future__ import annotations

from runs.statistics.matrix_statistics import Matrix

FEW = 20
"""Of a class: with less, simulated intervals by bootstrap hold the true value too rarely."""


def patient_words(patients: int, mixed: int, classes: int) -> str:
    """Say what the statistics of patients count; `mixed` patients have samples of several classes."""
    start = f"Each of {_patients(patients)} counts once, with the mean of the scores of its samples"
    if classes > 2:
        verb = "is" if mixed == 1 else "are"
        return f"{start}; {_patients(mixed)} with samples of several classes {verb} left out." if mixed else f"{start}."
    verb = "has" if mixed == 1 else "have"
    both = f" ({_patients(mixed)} {verb} samples of both classes)" if mixed else ""
    return f"{start}, and is positive if any of them is{both}. The run's own threshold decides, not a saved point."


def few_words(matrix: Matrix, of_patients: Matrix | None) -> str:
    """Say that intervals are too narrow where a class has few patients, or samples where patients have one each."""
    sizes = [total for total in map(sum, matrix if of_patients is None else of_patients) if total]
    if not sizes or min(sizes) >= FEW:
        return ""
    some = _counted(min(sizes), "sample" if of_patients is None else "patient")
    if min(sizes) == 1:
        return f"Only {some} of a class: numbers that rest on that class have no interval, or a very wide one."
    return (
        f"Only {some} of a class: intervals of F1, balanced accuracy, Matthews correlation and calibration are likely "
        "to be too narrow."
    )


def _patients(number: int) -> str:
    return _counted(number, "patient")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
