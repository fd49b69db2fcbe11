"""TRIPOD+AI (BMJ 385 (2024) e078378): its numbers, each item in words of our own."""

from experiments.reports.checklists.requirements import ALWAYS, Asked

TITLE = "TRIPOD+AI"
NOTE = (
    "Reporting of prediction models by regression or machine learning (Collins et al., BMJ 385 (2024) e078378). The "
    "numbers are its own; the wording is short and ours, the list itself has more."
)
ITEMS = (
    Asked(
        "1", "Title: development or evaluation, patients, outcome", ("summary", "purpose"), ALWAYS, ("intended_use",)
    ),
    Asked("2", "Abstract", ("summary",), ALWAYS),
    Asked("3a", "Context in care, reasons for the model, existing models", ("purpose",), "", ("background",)),
    Asked("3b", "Patients, purpose in their care, users", ("purpose",), "", ("intended_use", "users")),
    Asked("3c", "Known inequalities in health", ("purpose",), "", ("background",)),
    Asked("4", "Objectives: building, testing, or both", ("purpose",), "", ("objectives",)),
    Asked("5a", "Sources of the data, why they fit", ("data",), ALWAYS, ("collection",)),
    Asked("5b", "Dates of the data", ("data",), "", ("patients",)),
    Asked("6a", "Setting, number and place of centres", ("data",), "", ("patients",)),
    Asked("6b", "Who was eligible", ("data",), "", ("patients",)),
    Asked("6c", "Treatments, and how they were handled", ("data",), "", ("patients",)),
    Asked("7", "Preparation and checks of the data", ("data", "inputs"), "reading"),
    Asked("8a", "Outcome, its time, how and why it was assessed", ("reference",), ALWAYS, ("outcome",)),
    Asked("8b", "Who assessed the outcome where judgement is needed", ("reference",), "", ("reference_standard",)),
    Asked("8c", "Whether assessors knew the inputs", ("reference",), "", ("reference_standard",)),
    Asked("9a", "Choice of the inputs", ("data",), "", ("predictors",)),
    Asked("9b", "All inputs, how and when they are measured", ("inputs", "data"), "reading", ("predictors",)),
    Asked("9c", "Who assessed inputs where judgement is needed", ("data",), "", ("predictors",)),
    Asked("10", "Size of the study, and why", ("data",), "flow", ("sample_size",)),
    Asked("11", "Missing data, and why some were left out", ("data", "inputs"), "reading", ("missing_data",)),
    Asked("12a", "How the data were divided and used", ("data",), "flow"),
    Asked("12b", "How inputs enter the model", ("inputs",), "reading"),
    Asked("12c", "Kind of model, its building, options, validation within", ("model",), ALWAYS),
    Asked("12d", "Differences between clusters", ("methods", "subgroups"), "subgroups"),
    Asked("12e", "Measures of performance, and why", ("methods", "results"), ALWAYS),
    Asked("12f", "Changes after the evaluation, such as recalibration", ("decision",), "recalibration"),
    Asked("12g", "How predictions are calculated", ("inputs", "decision"), ALWAYS),
    Asked("13", "Class imbalance, and what was done about it", ("model", "decision"), ALWAYS),
    Asked("14", "Fairness: what was done for it", ("subgroups",), "subgroups", ("fairness",)),
    Asked("15", "Output of the model; how classes and thresholds follow", ("decision",), ALWAYS),
    Asked("16", "Differences between the data of training and of testing", ("comparison", "data"), "external"),
    Asked("17", "Ethics: committee and consent", ("declarations",), "", ("ethics",)),
    Asked("18a", "Funding", ("declarations",), "", ("funding",)),
    Asked("18b", "Conflicts of interest", ("declarations",), "", ("conflicts",)),
    Asked("18c", "Protocol", ("declarations",), "", ("protocol",)),
    Asked("18d", "Registration", ("declarations",), "", ("protocol",)),
    Asked("18e", "Availability of the data", ("declarations",), "", ("availability",)),
    Asked("18f", "Availability of the code", ("declarations", "provenance"), ALWAYS, ("availability",)),
    Asked("19", "Part of patients and the public", ("declarations",), "", ("involvement",)),
    Asked("20a", "Flow of participants, with and without the outcome", ("data",), "flow"),
    Asked("20b", "Characteristics of participants, by source", ("data",), "flow", ("patients",)),
    Asked("20c", "The same of training and evaluation data beside each other", ("data", "comparison"), "flow"),
    Asked("21", "Participants and outcomes in each analysis", ("data", "results"), "flow"),
    Asked("22", "The whole model, so that others can use it", ("model", "provenance"), ALWAYS, ("availability",)),
    Asked("23a", "Performance with intervals, also of groups", ("results", "subgroups"), ALWAYS),
    Asked("23b", "Performance by cluster", ("subgroups", "comparison"), "subgroups"),
    Asked("24", "Result of changes to the model", ("decision",), "recalibration"),
    Asked("25", "Interpretation, fairness included", ("limits",), "", ("interpretation",)),
    Asked("26", "Limitations, and what they do to the result", ("limits",), ALWAYS, ("limitations",)),
    Asked("27a", "Poor or missing inputs in use", ("inputs",), ALWAYS, ("poor_inputs",)),
    Asked("27b", "What users have to do and to know", ("purpose",), "", ("users",)),
    Asked("27c", "Next steps, use elsewhere", ("limits",), "", ("next_steps",)),
)
