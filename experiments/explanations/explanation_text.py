"""What is said beside an explanation: what it shows, and what it is not. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.training.explanation.findings import ImageMap, Importances, RowShares

METHODS: Mapping[str, str] = {
    "grad_cam": "Grad-CAM",
    "occlusion": "Occlusion",
    "median_occlusion": "Each column replaced by the training median",
    "permutation": "Permutation importance",
}
NO_EVIDENCE = "It is no evidence of a disease or of its absence, and no outline of a finding."
NOT_WHY = "It shows where the score depends on the image, not why, and not whether that is right."
SHORTCUTS = "A map in the expected place does not show that the model is right: it may go by something else there."
NO_CAUSE = "It tells what this model goes by. It is no effect of a value on a patient, and no cause of an outcome."
EMPTY = (
    "The map is 0 everywhere: by this method nothing in the image raises the score of {name}, as happens where the "
    "score is low. Look at another class."
)


def of_map(found: ImageMap, name: str) -> tuple[str, list[str]]:
    """Say what a map of class `name` shows, and what it is not."""
    if found.highest <= 0:
        shows = EMPTY.format(name=name)
    elif found.method == "grad_cam":
        shows = (
            f"Lighter places raise the score of {name} more, by the gradients at the layer {found.layer}. 1 is the "
            "highest of this image: maps of two images cannot be compared by their colours."
        )
    else:
        shows = (
            f"Lighter places: covering a window there with the image's mean colour lowers the logit of {name} more, by "
            f"{found.highest:.3g} at most. 1 is the highest of this image."
        )
    size, side = found.size, found.size / found.rows
    coarse = (
        f"It has {found.rows} × {found.columns} places, each of about {side:.3g} × {side:.3g} of the {size} × {size} "
        "pixels that the network got; what looks smooth between them is stretched."
    )
    return shows, [NOT_WHY, NO_EVIDENCE, coarse, SHORTCUTS]


def of_row(found: RowShares, name: str) -> tuple[str, list[str]]:
    """Say what the shares of a row's columns show, and what they are not."""
    shows = (
        f"Each change is the logit of {name} for this row, less that for the same row with the column's value replaced "
        "by the median of the training rows. A positive one raises the score."
    )
    alone = (
        "Columns are replaced one at a time, so the changes need not add up: with all columns at the median the logit "
        f"changes by {-found.together:+.3g}. What two columns do together, or instead of each other, is not told."
    )
    made_up = "A row with one value replaced may be one that never occurs, and the model was not trained on such rows."
    return shows, [NO_CAUSE, alone, made_up]


def of_columns(found: Importances) -> tuple[str, list[str]]:
    """Say what the importance of columns shows, and what it is not."""
    among = "samples" if found.patients is None else f"{found.patients:,} patients, each of whom keeps all their rows"
    some = "" if found.samples == found.of_samples else f" of {found.of_samples:,}, drawn at random"
    shows = (
        f"By how much the area under the ROC curve falls from {found.auroc:.3f} when one column's values are shuffled "
        f"among {among}: the mean and the standard deviation of {found.repeats} shuffles, on {found.samples:,} "
        f"samples{some}."
    )
    alike = (
        "Columns that say much the same stand in for each other: each may look unimportant though the model needs one "
        "of them. Those with a correlation of 0.8 or more, in either direction, are named."
    )
    made_up = "Shuffled rows hold values together that may never occur together, and the model was not trained on such."
    return shows, [NO_CAUSE, alike, made_up]
