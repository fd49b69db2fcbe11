"""Tell that scores are no probabilities, where options of the loss or of the samples shift them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytorch_lightning as pl

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Note
from experiments.training.models.classifier import Classifier
from experiments.training.models.losses import CrossEntropy
from experiments.training.recipes.evaluation import Predictions
from runs.statistics.recalibration.methods import Recalibration

CODE = "shifted_scores"
LEAST_RATIO = 1.1
"""Of the highest weight of a class to the lowest: with less, the odds that scores stand for hardly move."""
_NAMES = {"val": "validation", "test": "test"}


def notes(
    config: TrainingConfig, module: pl.LightningModule, evaluated: Predictions, recalibration: Recalibration
) -> Iterator[Note]:
    """Yield a note with mean score and prevalence of an evaluated split, if something shifts the scores.

    It has the cure too, where one was fitted, and at which prevalence: it holds for that one. Nothing is known of a
    network with a loss of its own.
    """
    causes = list(_causes(config, module)) if isinstance(module, Classifier) else []
    if causes:
        text = _text(evaluated, recalibration.class_names, causes)
        yield Note(code=CODE, text=text + _cure(evaluated, recalibration))


def _causes(config: TrainingConfig, module: Classifier) -> Iterator[str]:
    """Name the options that shift the scores, with the values they have."""
    weights: list[float] = module.loss.weights.tolist() if isinstance(module.loss, CrossEntropy) else [1.0]
    if max(weights) > LEAST_RATIO * min(weights):
        yield f"{_weighing_option(config)} ({_listed(weights)})"
    if config.loss.name == "focal" and config.loss.focal_gamma:
        yield f"the focal loss (loss.focal_gamma {config.loss.focal_gamma:g})"
    if config.loss.label_smoothing:
        yield f"loss.label_smoothing ({config.loss.label_smoothing:g})"
    if config.augmentation.mixup_alpha:
        yield f"augmentation.mixup_alpha ({config.augmentation.mixup_alpha:g})"


def _weighing_option(config: TrainingConfig) -> str:
    """Name the option that gives the classes their weights, in the order of `losses.class_weights`."""
    if config.loss.name == "focal" and config.loss.focal_alpha is not None:
        return "loss.focal_alpha"
    return "model.pos_weight" if config.loss.class_weights is None else "loss.class_weights"


def _listed(weights: Sequence[float]) -> str:
    """Write the weight of positives against negatives, or the range of those of several classes."""
    if len(weights) == 2:
        return f"positives count {weights[1] / weights[0]:.3g} times as much"
    return f"from {min(weights):.3g} to {max(weights):.3g}"


def _text(evaluated: Predictions, class_names: Sequence[str], causes: Sequence[str]) -> str:
    label, mean, share = _farthest(evaluated, len(class_names))
    by = " and ".join([", ".join(causes[:-1]), causes[-1]] if len(causes) > 1 else causes)
    return (
        f"In the {_NAMES[evaluated.split]} split the mean score of “{class_names[label]}” is {mean:.3g} at a "
        f"prevalence of {share:.3g}. Scores of this run are shifted by {by}: they rank samples, they are no "
        "probabilities, and a threshold means something else than it would for probabilities."
    )


def _cure(evaluated: Predictions, recalibration: Recalibration) -> str:
    """Say what Platt's method makes of the mean score, where it was fitted: it alone undoes such a shift."""
    after = recalibration.splits[evaluated.split].get("platt")
    if after is None:
        return ""
    share = recalibration.splits[recalibration.fitted_on]["none"].share
    there = "" if evaluated.split == recalibration.fitted_on else f" at its prevalence of {share:.3g}"
    return (
        f" Recalibrated by Platt's method, fitted on the validation split{there}, the mean score is "
        f"{after.mean_score:.3g}: see Recalibration on the run's page."
    )


def _farthest(evaluated: Predictions, classes: int) -> tuple[int, float, float]:
    """Return label, mean score and prevalence of the positive class; of several classes, where these differ most."""
    scores, targets = evaluated.scores, evaluated.targets
    if scores.ndim == 1:
        return 1, float(scores.mean()), float((targets == 1).mean())
    means, shares = scores.mean(axis=0), np.bincount(targets, minlength=classes) / len(targets)
    label = int(np.abs(means - shares).argmax())
    return label, float(means[label]), float(shares[label])
