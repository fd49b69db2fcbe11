"""Mix-up: what is blended, with which loss, what the metrics count, and that a resume repeats it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch.nn import functional

from experiments.training.contract.reports import CheckpointSaved
from experiments.training.models import registry
from experiments.training.models.classifier import Classifier
from experiments.training.models.mixup import mix
from tests.experiments.training.datasets import config_of
from tests.experiments.training.trainings import carry_out, job_of, known, metrics_by_epoch, of_type


def classifier(classes: int, alpha: float) -> Classifier:
    pl.seed_everything(1)
    config = config_of("x", augmentation={"mixup_alpha": alpha}, model={"dropout": 0.0})
    module = registry.build(config, input_shape=(5,), num_classes=classes)
    assert isinstance(module, Classifier)
    return module


def test_each_sample_keeps_the_larger_share_of_itself() -> None:
    x = torch.eye(6)  # so that row i tells how much of each sample it is made of
    shares = []
    for seed in range(200):
        torch.manual_seed(seed)
        mixed = mix(x, 1.0)
        for row, (blend, other) in enumerate(zip(mixed.x, mixed.other.tolist(), strict=True)):
            expected = torch.zeros(6)
            expected[row] += mixed.share
            expected[other] += 1 - mixed.share
            assert torch.allclose(blend, expected)
        shares.append(mixed.share)
    assert min(shares) >= 0.5
    assert sum(shares) / 200 == pytest.approx(0.75, abs=0.03)  # the larger share of an even draw


@pytest.mark.parametrize("classes", [2, 3])
def test_the_loss_is_blended_like_the_samples(classes: int) -> None:
    module = classifier(classes, 0.4)
    x, target = torch.randn(8, 5), torch.arange(8) % classes
    torch.manual_seed(5)
    output = module.training_step((x, target, target), 0)
    torch.manual_seed(5)
    share, other = (mixed := mix(x, 0.4)).share, mixed.other
    assert 0.5 < share < 1.0
    logits = module(share * x + (1 - share) * x[other])
    if classes == 2:  # a blend's loss is that of a blended label
        soft = share * target + (1 - share) * target[other]
        expected = functional.binary_cross_entropy_with_logits(logits, soft)
    else:
        labels = functional.one_hot(target, 3).float()
        expected = functional.cross_entropy(logits, share * labels + (1 - share) * labels[other])
    assert output["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.equal(output["target"], target)
    assert torch.equal(output["logits"], logits)


def test_validation_sees_whole_samples() -> None:
    module = classifier(2, 0.4)
    x, target = torch.randn(8, 5), torch.arange(8) % 2
    assert torch.equal(module.validation_step((x, target, target), 0)["logits"], module(x))


def test_a_run_is_trained_on_blends_and_a_resumed_one_on_the_same(tmp_path: Path) -> None:
    """Blends are harder than samples: the training loss is higher, from the first epoch on."""
    config: dict[str, Any] = {"trainer": {"max_epochs": 4}, "augmentation": {"mixup_alpha": 1.0}}
    plain = carry_out(job_of(tmp_path / "plain" / "7", trainer={"max_epochs": 4}))
    whole = carry_out(job_of(tmp_path / "whole" / "7", **config))
    losses = [known(metrics_by_epoch(run, "train")[3]["train_loss"]) for run in (plain, whole)]
    assert losses[1] > 1.5 * losses[0]

    run_dir = tmp_path / "7"
    first = carry_out(job_of(run_dir, **config), stop_at=lambda m: isinstance(m, CheckpointSaved) and m.epoch == 1)
    saved = of_type(first, CheckpointSaved)[-1]
    second = carry_out(job_of(run_dir, attempt=2, resume=(run_dir / saved.last, saved.epoch), **config))
    for phase in ("train", "val"):
        assert metrics_by_epoch(first, phase) | metrics_by_epoch(second, phase) == metrics_by_epoch(whole, phase)
