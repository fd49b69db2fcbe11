"""CLAIM 2024 (Radiol. Artif. Intell. 6 (2024) e240300): its numbers, each item in words of our own."""

from experiments.reports.checklists.requirements import ALWAYS, Asked

TITLE = "CLAIM 2024"
NOTE = (
    "Artificial intelligence in medical imaging (Tejani et al., Radiol. Artif. Intell. 6 (2024) e240300). The numbers "
    "are its own; the wording is short and ours."
)
NOT_IMAGES = "The model gets rows of a table, no images."
ITEMS = (
    Asked("1", "Title: a study of AI, and of which kind", ("summary",), ALWAYS),
    Asked("2", "Structured summary", ("summary",), ALWAYS),
    Asked("3", "Background, intended use", ("purpose",), "", ("background", "intended_use")),
    Asked("4", "Aims and hypotheses", ("purpose",), "", ("objectives",)),
    Asked("5", "Collected before or for the study", ("data",), "", ("collection",)),
    Asked("6", "Goal of the study", ("purpose",), "", ("objectives",)),
    Asked("7", "Sources of the data", ("data",), ALWAYS, ("patients",)),
    Asked("8", "Who was included and who was not", ("data",), "", ("patients",)),
    Asked("9", "Preprocessing", ("inputs",), "reading"),
    Asked("10", "Choice of parts of the data", ("data",), "reading", ("patients",)),
    Asked("11", "How the data were made anonymous", ("data",), "", ("collection",)),
    Asked("12", "Missing data", ("data", "inputs"), "reading", ("missing_data",)),
    Asked("13", "How the images were taken", ("data",), "", ("collection",)),
    Asked("14", "How the reference standard is defined", ("reference",), ALWAYS, ("outcome",)),
    Asked("15", "Why this reference standard", ("reference",), "", ("reference_standard",)),
    Asked("16", "Who made the reference standard", ("reference",), "", ("reference_standard",)),
    Asked("17", "How the test split was labelled", ("reference",), "", ("reference_standard",)),
    Asked("18", "Agreement between and within readers", ("reference",), "", ("reference_standard",)),
    Asked("19", "How samples were divided", ("data",), "flow"),
    Asked("20", "At which level splits are disjoint", ("data",), "patients"),
    Asked("21", "Intended size", ("data",), "", ("sample_size",)),
    Asked("22", "The model: inputs, outputs, layers", ("model", "inputs"), ALWAYS),
    Asked("23", "Software and its versions", ("provenance",), ALWAYS),
    Asked("24", "Weights at the start", ("model",), ALWAYS),
    Asked("25", "Training: options, augmentation", ("model", "learning"), ALWAYS),
    Asked("26", "How the final model was chosen", ("model",), ALWAYS),
    Asked("27", "Several models together", ("model",), ALWAYS),
    Asked("28", "Measures of performance", ("methods", "results"), ALWAYS),
    Asked("29", "Uncertainty and tests of significance", ("methods",), ALWAYS),
    Asked("30", "Robustness", ("subgroups", "comparison"), "subgroups"),
    Asked("31", "Explanations", ("errors",), "", ("explanations",)),
    Asked("32", "Evaluated on data of the same source", ("results",), "test"),
    Asked("33", "Tested on data of another source", ("comparison",), "external"),
    Asked("34", "Registration of a trial", ("declarations",), "", ("protocol",)),
    Asked("35", "Flow: how many were included and left out", ("data",), "flow"),
    Asked("36", "Characteristics in each split", ("data",), "flow", ("patients",)),
    Asked("37", "Performance in each split, beside that of others", ("results", "comparison"), ALWAYS, ("comparison",)),
    Asked("38", "Accuracy with its precision", ("results",), ALWAYS),
    Asked("39", "Analysis of errors", ("errors",), ALWAYS),
    Asked("40", "Limitations", ("limits",), ALWAYS, ("limitations",)),
    Asked("41", "What it means for practice", ("limits",), "", ("interpretation",)),
    Asked("42", "Where the protocol is", ("declarations",), "", ("protocol",)),
    Asked("43", "Software, model and data for others", ("declarations", "provenance"), ALWAYS, ("availability",)),
    Asked("44", "Funding", ("declarations",), "", ("funding",)),
)
