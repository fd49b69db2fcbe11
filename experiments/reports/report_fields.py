"""The parts of a report that only people can write: which there are, and what each should say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LONGEST = 10_000
"""Characters of a text."""
NOT_STATED = "Not stated."


class ReportField(NamedTuple):
    """A text to be written; `section` is the id of the section of the report that shows it."""

    name: str
    title: str
    section: str
    hint: str


_ALL = (
    ReportField(
        "intended_use", "Intended use", "purpose",
        "What the model is for, in which patients, at which point of care, and what must not be done with it.",
    ),
    ReportField("users", "Users", "purpose", "Who is to use it, what they must know, and how it changes their work."),
    ReportField(
        "background", "Background", "purpose",
        "The problem in care, what is done today, earlier models, and known inequalities in health.",
    ),
    ReportField("objectives", "Objectives", "purpose", "What was to be shown, and which hypotheses were set before."),
    ReportField(
        "patients", "Patients and setting", "data",
        "Where, when and how patients were found; who was included and who was not; treatments that matter.",
    ),
    ReportField(
        "collection", "Collection of the data", "data",
        "Collected for this study or before it; devices, protocols, and how the data were made anonymous.",
    ),
    ReportField(
        "predictors", "Choice of inputs", "data",
        "Why these images or columns, when they are known in care, and who judges those that need judgement.",
    ),
    ReportField(
        "missing_data", "Missing and unclear data", "data",
        "Why values, images or labels are missing or unclear, and how they were treated before they came here.",
    ),
    ReportField(
        "sample_size", "Sample size", "data", "How many were planned, and why that is enough.",
    ),
    ReportField("outcome", "Outcome", "reference", "What is predicted, over which time, and what counts as positive."),
    ReportField(
        "reference_standard", "Reference standard", "reference",
        "How the truth was found, by whom, with what training, knowing what, and how well they agreed.",
    ),
    ReportField(
        "analysis_plan", "Plan of the analysis", "methods",
        "What was decided before the results were seen: measures, threshold, subgroups; and what came later.",
    ),
    ReportField(
        "fairness", "Fairness", "subgroups", "Which groups were looked at, why these, and what follows.",
    ),
    ReportField(
        "explanations", "Explanations", "errors",
        "Which explanations of single predictions were looked at, how they were checked, and what they cannot show.",
    ),
    ReportField(
        "comparison", "Comparison with others", "comparison",
        "How the result compares with today's care, with other models and with earlier studies.",
    ),
    ReportField("interpretation", "Interpretation", "limits", "What the results mean for care, also for each group."),
    ReportField(
        "limitations", "Limitations", "limits",
        "What may be wrong or may not hold elsewhere: bias, few patients, one hospital, old data.",
    ),
    ReportField(
        "poor_inputs", "Poor or missing inputs", "inputs",
        "What users do when an image is poor or a value is missing, and who notices.",
    ),
    ReportField("next_steps", "Next steps", "limits", "What has to be shown before it is used, and where next."),
    ReportField(
        "harms", "Harms and monitoring", "limits",
        "What a wrong answer may do to a patient, and how the model is watched in use.",
    ),
    ReportField("ethics", "Ethics", "declarations", "Committee, number of its approval; consent, or why none."),
    ReportField("funding", "Funding", "declarations", "Who paid, and what part they had in the study."),
    ReportField("conflicts", "Conflicts of interest", "declarations", "Of everybody who had a part in it."),
    ReportField("protocol", "Protocol and registration", "declarations", "Where they can be read, with their number."),
    ReportField("involvement", "Patients and public", "declarations", "Their part in the study, or none."),
    ReportField("availability", "Data, code and model", "declarations", "Who may have them, where, on what terms."),
)  # fmt: skip
FIELDS: Mapping[str, ReportField] = {field.name: field for field in _ALL}
