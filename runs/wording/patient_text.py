"""Say how the samples of a patient become one, in words. The page's copy is `patient_text.js`. Pure."""

from __future__ import annotations


def patient_words(patients: int, mixed: int, classes: int) -> str:
    """Say what the statistics of patients count; `mixed` patients have samples of several classes."""
    start = f"Each of {_patients(patients)} counts once, with the mean of the scores of its samples"
    if classes > 2:
        verb = "is" if mixed == 1 else "are"
        return f"{start}; {_patients(mixed)} with samples of several classes {verb} left out." if mixed else f"{start}."
    verb = "has" if mixed == 1 else "have"
    both = f" ({_patients(mixed)} {verb} samples of both classes)" if mixed else ""
    return f"{start}, and is positive if any of them is{both}."


def _patients(number: int) -> str:
    return f"{number:,} patient{'' if number == 1 else 's'}"
