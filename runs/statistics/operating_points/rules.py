"""The rules by which thresholds are chosen, by name, in their order. Pure Python."""

from __future__ import annotations

from fractions import Fraction

OWN = "own"
HALF = "half"
SENSITIVITIES = {"sensitivity_95": Fraction(95, 100), "sensitivity_90": Fraction(90, 100)}
"""The least sensitivity."""
SPECIFICITIES = {"specificity_95": Fraction(95, 100)}
"""The least specificity."""
YOUDEN = "youden"
F1 = "f1"
COST = "cost"
SENSITIVITY = "sensitivity"
SPECIFICITY = "specificity"
HAND = "hand"

GIVEN = (COST, SENSITIVITY, SPECIFICITY)
"""The rules with a number that a request gives: a ratio of costs, or the least share."""
RULES = (OWN, HALF, *SENSITIVITIES, *SPECIFICITIES, YOUDEN, F1, *GIVEN, HAND)
SAVED = (*GIVEN, YOUDEN, F1, HAND)
"""The rules by which a saved point is chosen."""
