"""Runs as a team that has trained for a year has them, made in bulk: what the list, its filters and groups read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from experiments.training.contract.config import TrainingConfig
from runs.derived_models import KnownColumn, MetricSummary
from runs.models import Run, RunGroup, RunTag
from runs.statistics.metric_names import EPOCH_METRICS, FINAL_STATISTICS
from runs.summaries import known_columns, option_values
from runs.summaries.sparklines import Curve, grown

OWNERS, EXPERIMENTS, TAGS, FOLDS = 8, 300, 40, 5
DATA = [f"dataset:chest-x-rays-{number}" for number in range(12)] + ["builtin:digits-is-8", "/data/pneumonia/train"]
NETWORKS = ("cnn", "mlp", "resnet18", "resnet50")
REASONS = ("OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", "The loss became infinite in epoch 3.")
NOTES = [{"code": "few_positives", "text": "Only 12 of 4,096 validation samples are positive: AUROC is uncertain."}]
METRICS = (*EPOCH_METRICS, *FINAL_STATISTICS)
_BATCH = 500


def fill(runs: int, queued: int, seed: int = 7) -> None:
    """Create runs: `queued` of them wait, four train; half have tags, a fifth are folds, each has some 30 metrics."""
    chance = random.Random(seed)
    owners = [User.objects.create_user(f"owner-{number}") for number in range(OWNERS)]
    groups = _groups(owners, runs // (5 * FOLDS))
    made = [_run(number, runs - queued, owners, groups, chance) for number in range(runs)]
    Run.objects.bulk_create(made, _BATCH)
    _spread_over_a_year(made)
    RunTag.objects.bulk_create(_tags(made, chance), 5 * _BATCH)
    summaries = _summaries(made, chance)
    while batch := list(islice(summaries, 5 * _BATCH)):  # too many for the memory of a small machine
        MetricSummary.objects.bulk_create(batch)
    with transaction.atomic():
        for run in made:
            option_values.add(run.pk, run.config)
    known_columns.register(KnownColumn.Kind.METRIC, METRICS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _groups(owners: list[User], number: int) -> list[RunGroup]:
    made = [RunGroup(name=f"Folds {n}", owner=owners[n % OWNERS], config={}, size=FOLDS) for n in range(number)]
    return RunGroup.objects.bulk_create(made, _BATCH)


def _run(number: int, started: int, owners: list[User], groups: list[RunGroup], chance: random.Random) -> Run:
    ended = number < started - 4
    rate, batch, experiment = 10 ** chance.uniform(-5, -1), 2 ** chance.randint(3, 7), number * 7919 % EXPERIMENTS
    which, fold = divmod(number, FOLDS)
    group = groups[which // 5] if which % 5 == 0 and which // 5 < len(groups) else None
    config = _config(f"Experiment {experiment}", chance.choice(DATA), rate, batch)
    status = _status(chance) if ended else "in_progress" if number < started else "queued"
    return Run(
        owner=owners[experiment % OWNERS],
        experiment_name=config["experiment_name"],
        source_path=config["source_path"],
        config=config,
        seed=number,
        status=status,
        model_name=NETWORKS[experiment % len(NETWORKS)],
        group=group,
        fold=fold + 1 if group else None,
        folds=FOLDS if group else None,
        reason=chance.choice(REASONS) if status == "failed" else "Cancelled." if status == "cancelled" else None,
        notes=NOTES if number % 20 == 0 else [],
        attempt=int(status != "queued"),
        max_epochs=config["trainer"]["max_epochs"],
        monitor="val_auroc",
        versions={"torch": "2.13.0", "pytorch_lightning": "2.6.6", "python": "3.11.2"},
        dataset={"name": "x-rays", "classes": ["normal", "pneumonia"], "sizes": {"train": 4096, "val": 1024}},
        model={"name": "resnet18", "parameters": 11_172_810, "trainable": 11_172_810},
        **(_outcome(chance) if status == "completed" else {}),
    )


def _config(name: str, source: str, rate: float, batch: int) -> dict[str, Any]:
    """Return a whole configuration, as a request leaves it: 1.6 kB."""
    config = TrainingConfig(experiment_name=name, source_path=source).model_dump(mode="json")
    config["optimizer"]["learning_rate"] = rate
    config["data"]["batch_size"] = batch
    return config


def _status(chance: random.Random) -> str:
    return chance.choices(("completed", "failed", "cancelled"), (85, 10, 5))[0]


def _outcome(chance: random.Random) -> dict[str, Any]:
    auroc = chance.uniform(0.5, 1.0)
    return {
        "progress": 1.0,
        "current_epoch": 9,
        "best_epoch": chance.randrange(10),
        "best_value": auroc,
        "best_val_loss": 1 - auroc,
        "duration_seconds": chance.uniform(60, 6000),
        "final_split": "test",
        "cm_tp": 27, "cm_tn": 300, "cm_fp": 24, "cm_fn": 9,
        "final_precision": chance.random(), "final_recall": chance.random(), "final_f1": chance.random(),
        "final_auroc": auroc,
    }  # fmt: skip


def _spread_over_a_year(made: list[Run]) -> None:
    """Set `created_at` afterwards, as an insertion always uses the present moment."""
    now = timezone.now()
    for number, run in enumerate(made):
        run.created_at = now - timedelta(days=365) * (len(made) - number) / len(made)
        run.start_time = None if run.status == "queued" else run.created_at
        run.queued_at = run.created_at
        run.end_time = run.created_at + timedelta(hours=1) if run.status in Run.ENDED else None
    Run.objects.bulk_update(made, ["created_at", "start_time", "queued_at", "end_time"], _BATCH // 5)


def _tags(made: list[Run], chance: random.Random) -> Iterator[RunTag]:
    for run in made[::2]:
        for tag in sorted(chance.sample(range(TAGS), chance.randint(1, 4))):
            yield RunTag(run=run, name=f"tag-{tag}")


def _summaries(made: list[Run], chance: random.Random) -> Iterator[MetricSummary]:
    for run in made:
        if run.status == "completed":
            for name in METRICS:
                low = chance.random() / 2
                curve = _curve(chance) if name == run.monitor else None
                yield MetricSummary(
                    run=run, name=name, last=low + 0.2, last_epoch=9, low=low, high=low + 0.4, curve=curve
                )


def _curve(chance: random.Random) -> Curve | None:
    curve: Curve | None = None
    for epoch in range(30):
        curve = grown(curve, epoch, chance.random())
    return curve
