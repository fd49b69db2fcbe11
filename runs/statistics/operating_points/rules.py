"""The rules by which thresholds are chosen, by name, in their order. Pure Python."""

from __future__ import annotations

OWN = "own"
HALF = "half"
SENSITIVITIES = {"sensitivity_95": 95, "sensitivity_90": 90}
"""The least sensitivity in percent."""
SPECIFICITIES = {"specificity_95": 95}
"""The least specificity in percent."""
YOUDEN = "youden"
F1 = "f1"
COST = "cost"

RULES = (OWN, HALF, *SENSITIVITIES, *SPECIFICITIES, YOUDEN, F1, COST)
