"""STARD 2015 and what STARD-AI adds: their numbers, each item in words of our own."""

from experiments.reports.checklists.requirements import ALWAYS, Asked

TITLE = "STARD 2015"
NOTE = (
    "Reporting of studies of diagnostic accuracy (Bossuyt et al., BMJ 351 (2015) h5527). The index test is the model. "
    "The numbers are its own; the wording is short and ours."
)
_NO_OTHER_TEST = "The model computes from stored data; nothing is done to a patient between the two tests here."
ITEMS = (
    Asked("1", "Title: a study of accuracy, with a measure", ("summary",), ALWAYS),
    Asked("2", "Structured abstract", ("summary",), ALWAYS),
    Asked("3", "Background, intended use and role of the model", ("purpose",), "", ("background", "intended_use")),
    Asked("4", "Objectives and hypotheses", ("purpose",), "", ("objectives",)),
    Asked("5", "Collected before or after the tests were done", ("data",), "", ("collection",)),
    Asked("6", "Who was eligible", ("data",), "", ("patients",)),
    Asked("7", "On what basis participants were found", ("data",), "", ("patients",)),
    Asked("8", "Where and when they were found", ("data",), "", ("patients",)),
    Asked("9", "Consecutive, random or convenient", ("data",), "", ("patients",)),
    Asked("10a", "The model in detail, so that it can be repeated", ("inputs", "model"), ALWAYS),
    Asked("10b", "The reference standard in detail", ("reference",), "", ("reference_standard",)),
    Asked("11", "Why this reference standard", ("reference",), "", ("reference_standard",)),
    Asked(
        "12a",
        "Threshold of the model, and whether it was set beforehand",
        ("decision",),
        "threshold",
        ("analysis_plan",),
    ),
    Asked("12b", "Threshold of the reference standard", ("reference",), "", ("outcome",)),
    Asked("13a", "What the model knew of the reference standard", ("data",), "flow"),
    Asked(
        "13b", "What assessors of the reference standard knew of the model", ("reference",), "", ("reference_standard",)
    ),
    Asked("14", "How accuracy is estimated and compared", ("methods",), ALWAYS),
    Asked("15", "Unclear results of either test", ("inputs", "data"), ALWAYS, ("missing_data",)),
    Asked("16", "Missing data of either test", ("data", "inputs"), "reading", ("missing_data",)),
    Asked("17", "Variability of accuracy, planned or explored", ("subgroups",), "subgroups", ("analysis_plan",)),
    Asked("18", "Intended size and how it was found", ("data",), "", ("sample_size",)),
    Asked("19", "Flow of participants", ("data",), "flow"),
    Asked("20", "Characteristics of participants", ("data",), "flow", ("patients",)),
    Asked("21a", "Severity of those with the condition", ("data",), "", ("patients",)),
    Asked("21b", "Other diagnoses of those without it", ("data",), "", ("patients",)),
    Asked("22", "Time and treatment between the tests", out=_NO_OTHER_TEST),
    Asked("23", "Table of both tests", ("results",), ALWAYS),
    Asked("24", "Accuracy with its precision", ("results",), ALWAYS),
    Asked("25", "Harm by either test", ("limits",), "", ("harms",)),
    Asked("26", "Limitations: bias, uncertainty, use elsewhere", ("limits",), ALWAYS, ("limitations",)),
    Asked("27", "What it means for practice", ("limits",), "", ("interpretation", "intended_use")),
    Asked("28", "Registration", ("declarations",), "", ("protocol",)),
    Asked("29", "Where the protocol is", ("declarations",), "", ("protocol",)),
    Asked("30", "Funding and the part of funders", ("declarations",), "", ("funding",)),
)

AI_TITLE = "STARD-AI"
AI_NOTE = (
    "What STARD-AI (Sounderajah et al., Nature Medicine 31 (2025) 3283) asks for, by subject with the numbers of its "
    "items, after a filled-in copy: compare the numbers with the list itself before you cite them."
)
AI_ITEMS = (
    Asked(
        "1–5, 15d",
        "Purpose, patients, outcome, users",
        ("purpose", "summary"),
        "",
        ("intended_use", "users", "background"),
    ),
    Asked(
        "6, 36–39", "Ethics, registration, protocol, funding", ("declarations",), "", ("ethics", "protocol", "funding")
    ),
    Asked("7–11, 13", "Sources, dates, setting, eligibility, devices", ("data",), ALWAYS, ("patients", "collection")),
    Asked("12, 16, 17", "Reference standard: who, how, agreement", ("reference",), "", ("reference_standard",)),
    Asked(
        "14, 19, 20", "Preprocessing, missing data, what was left out", ("inputs", "data"), "reading", ("missing_data",)
    ),
    Asked("15a", "The model, its start and its selection, versions", ("model", "provenance"), ALWAYS),
    Asked("15b", "Splits, disjoint by patient", ("data",), "patients"),
    Asked("15c", "Threshold: who chose it, when, on what", ("decision",), "threshold"),
    Asked("18, 30, 31", "Methods, table of both tests, accuracy with precision", ("methods", "results"), ALWAYS),
    Asked("21, 23, 35", "Subgroups and fairness", ("subgroups",), "subgroups", ("fairness",)),
    Asked("22, 24", "Size, flow by split", ("data",), "flow", ("sample_size",)),
    Asked("25–28", "Characteristics by split", ("data",), "flow", ("patients",)),
    Asked("29", "External test, and how its data differ", ("comparison",), "external"),
    Asked("32", "Harm", ("limits",), "", ("harms",)),
    Asked("33, 34", "Limitations, meaning for practice", ("limits",), ALWAYS, ("limitations", "interpretation")),
    Asked("40", "Data, code and model for others", ("declarations", "provenance"), ALWAYS, ("availability",)),
)
