"""Losses against numbers worked out by hand and against plain torch, and that each option reaches the network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.sources import inspect
from experiments.training.models import losses
from experiments.training.models.losses import CrossEntropy, Focal
from tests.experiments.training.datasets import config_of, with_class_folders
from tests.experiments.training.trainings import carry_out, job_of, known, metrics_by_epoch

LOG3 = math.log(3)  # a logit of log 3 is a probability of 3/4


def of(classes: int = 2, counts: list[int] | None = None, model: Any = None, **loss: Any) -> CrossEntropy:
    config = config_of("builtin:digits-is-8", loss=loss, model=model or {})
    return losses.build(config, counts=counts, num_classes=classes)


def value(loss: CrossEntropy, logits: list[Any], target: list[int]) -> float:
    return float(loss(torch.tensor(logits), torch.tensor(target)))


def test_binary_cross_entropy() -> None:
    """A positive and a negative, both scored 3/4: -log(3/4) and -log(1/4)."""
    assert value(of(), [LOG3, LOG3], [1, 0]) == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)


def test_binary_focal() -> None:
    """(1 - p)^2: the positive misses 1/4 of certainty, the negative 3/4; alpha 0.9 weighs the positive."""
    loss = of(name="focal", focal_gamma=2, focal_alpha=0.9)
    expected = (0.9 * (1 / 16) * math.log(4 / 3) + 0.1 * (9 / 16) * math.log(4)) / 2
    assert value(loss, [LOG3, LOG3], [1, 0]) == pytest.approx(expected)


def test_binary_label_smoothing() -> None:
    """0.2 of smoothing makes the targets 0.9 and 0.1."""
    expected = (0.9 * math.log(4 / 3) + 0.1 * math.log(4) + 0.1 * math.log(4 / 3) + 0.9 * math.log(4)) / 2
    assert value(of(label_smoothing=0.2), [LOG3, LOG3], [1, 0]) == pytest.approx(expected)


def test_cross_entropy_with_class_weights_is_a_mean_over_samples() -> None:
    """Probabilities 1/2, 1/4, 1/4; weights 1, 2, 4; labels 0 and 2."""
    logits = [[math.log(2), 0.0, 0.0]] * 2
    loss = of(3, class_weights=[1, 2, 4])
    assert value(loss, logits, [0, 2]) == pytest.approx((math.log(2) + 4 * math.log(4)) / 2)


def test_multi_class_focal_with_label_smoothing() -> None:
    """Probabilities 1/2, 1/4, 1/4; 0.3 of smoothing makes the target 0.8, 0.1, 0.1."""
    terms = 0.8 * (1 / 2) * math.log(2) + 2 * 0.1 * (3 / 4) * math.log(4)
    loss = of(3, name="focal", focal_gamma=1, label_smoothing=0.3)
    assert value(loss, [[math.log(2), 0.0, 0.0]], [0]) == pytest.approx(terms)


@pytest.mark.parametrize(
    ("asked", "weights"),
    [
        ({"class_weights": "auto"}, [12 / (3 * 8), 12 / (3 * 3), 12 / (3 * 1)]),
        ({"class_weights": [3, 2, 1]}, [3, 2, 1]),
        ({}, [1, 1, 1]),
    ],
)
def test_weights_of_three_classes(asked: dict[str, Any], weights: list[float]) -> None:
    """Balanced: scikit-learn's n / (classes * count)."""
    assert of(3, [8, 3, 1], **asked).weights.tolist() == pytest.approx(weights)


@pytest.mark.parametrize(
    ("asked", "model", "weights"),
    [
        ({}, {}, [1, 3]),
        ({}, {"pos_weight": None}, [1, 1]),
        ({}, {"pos_weight": 5}, [1, 5]),
        ({"class_weights": "auto"}, {}, [8 / (2 * 6), 8 / (2 * 2)]),
        ({"class_weights": [2, 3]}, {}, [2, 3]),
        ({"name": "focal"}, {}, [1, 3]),
        ({"name": "focal", "focal_alpha": 0.25}, {}, [0.75, 0.25]),
    ],
)
def test_weights_of_two_classes(asked: dict[str, Any], model: dict[str, Any], weights: list[float]) -> None:
    loss = of(2, [6, 2], model, **asked)
    assert loss.weights.tolist() == pytest.approx(weights)
    negative, positive = value(loss, [0.0], [0]), value(loss, [0.0], [1])
    assert positive / negative == pytest.approx(weights[1] / weights[0])


def random_batch(classes: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(3)
    return torch.randn(64, *([] if classes == 2 else [classes])) * 5, torch.randint(classes, (64,))


@pytest.mark.parametrize("classes", [2, 4])
def test_focal_without_gamma_is_cross_entropy(classes: int) -> None:
    logits, target = random_batch(classes)
    weights = [0.5, 2.0, 1.0, 3.0][:classes]
    plain, focal = CrossEntropy(weights, smoothing=0.1), Focal(weights, gamma=0.0, smoothing=0.1)
    assert float(focal(logits, target)) == pytest.approx(float(plain(logits, target)), rel=1e-5)
    if classes > 2:
        reference = functional.cross_entropy(
            logits, target, weight=torch.tensor(weights), label_smoothing=0.1, reduction="none"
        )
        assert float(plain(logits, target)) == pytest.approx(float(reference.mean()), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("logit", [200.0, -200.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_slopes_stay_finite_at_certainty(gamma: float, logit: float, classes: int) -> None:
    logits = torch.tensor([logit] if classes == 2 else [[logit, 0.0, 0.0]], requires_grad=True)
    loss = Focal([1.0] * classes, gamma=gamma)(logits, torch.tensor([0]))
    loss.backward()
    assert logits.grad is not None
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def test_the_epoch_s_loss_is_that_of_the_whole_split_whatever_the_batch(tmp_path: Path) -> None:
    """Weighted means over batches of 16 and of 500 agree only if no batch is divided by its own weights."""
    first = [
        metrics_by_epoch(
            carry_out(
                job_of(
                    tmp_path / str(size),
                    trainer={"max_epochs": 1},
                    data={"batch_size": size},
                    loss={"class_weights": [1, 7], "name": "focal"},
                    optimizer={"learning_rate": 1e-12},
                )
            ),
            "val",
        )[0]["val_loss"]
        for size in (16, 400)
    ]
    assert known(first[0]) == pytest.approx(known(first[1]), rel=1e-5)


def test_a_run_is_trained_with_the_loss_asked_for(tmp_path: Path) -> None:
    """Heavier positives move the scores up: more of them are found."""
    recall = []
    for number, weights in enumerate(([20.0, 1.0], [1.0, 20.0])):
        pl.seed_everything(0)
        job = job_of(tmp_path / str(number), trainer={"max_epochs": 2}, loss={"class_weights": weights})
        recall.append(known(metrics_by_epoch(carry_out(job), "val")[1]["val_recall"]))
    assert recall[1] > recall[0]


def test_classes_are_weighted_once() -> None:
    with pytest.raises(ValidationError, match=r"model\.pos_weight and loss\.class_weights each weigh"):
        config_of("x", model={"pos_weight": 2.0}, loss={"class_weights": "auto"})


@pytest.mark.parametrize(
    ("asked", "field"), [({"class_weights": [1, 2]}, "loss.class_weights"), ({"focal_alpha": 0.5}, "loss.focal_alpha")]
)
def test_what_three_classes_cannot_have(tmp_path: Path, asked: dict[str, Any], field: str) -> None:
    folder = with_class_folders(tmp_path / "x", {"a": 5, "b": 5, "c": 5})
    with pytest.raises(SourceError) as refused:
        inspect(config_of(folder, loss=asked), [tmp_path])
    assert refused.value.field == field
