"""Number the patients of a split's samples: samples of one patient are not independent. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runs.statistics.roc import Ints


def patient_codes(ids: Sequence[str | None]) -> Ints | None:
    """Give the patient of each sample a number from 0, in the order of their first samples; None where none is known.

    A sample whose patient alone is unknown counts as a patient of its own.
    """
    if all(one is None for one in ids):
        return None
    numbers: dict[tuple[bool, str | int], int] = {}
    keys = [(False, place) if one is None else (True, one) for place, one in enumerate(ids)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def repeated(patients: Ints | None) -> Ints | None:
    """Return the patients if one of them has several samples; None where the samples are as independent as they."""
    if patients is None or not len(patients) or int(np.bincount(patients).max()) < 2:
        return None
    return patients
