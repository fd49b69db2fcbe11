"""The statistics of an operating point, by their names among the final ones. Pure Python."""

from __future__ import annotations

STATISTICS = {
    "final_sensitivity": "recall",
    "final_specificity": "specificity",
    "final_precision_cm": "precision",
    "final_npv": "npv",
}
"""Reported name to meaning, as in `matrix_statistics.FINAL_METRICS`."""
COMPARED = ("final_sensitivity", "final_specificity")
"""What does not depend on the prevalence, and is compared between splits."""
