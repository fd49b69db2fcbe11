"""A run whose options shift its scores says so, with numbers that the stored predictions confirm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Job, Note
from experiments.training.recipes.shifted_scores import CODE
from runs.events import FinalStats
from tests.experiments.training.datasets import job_of as job_over
from tests.experiments.training.trainings import Network, SmallData, carry_out, job_of, of_type, outcome


def note_of(tmp_path: Path, samples: Any = None, network: Any = None, **config: Any) -> tuple[str | None, Any]:
    """Train, and return the note's text with the predictions of the last split, which must be the one it names."""
    return told(job_of(tmp_path / "7", trainer={"max_epochs": 2}, **config), samples, network)


def told(job: Job, samples: Any = None, network: Any = None) -> tuple[str | None, Any]:
    messages = carry_out(job, data=samples, model=network)
    assert outcome(messages).status == "completed", outcome(messages).reason
    texts = [note.text for note in of_type(messages, Note) if note.code == CODE]
    assert len(texts) <= 1
    table = pq.read_table(Path(job.run_dir) / "attempts" / "1" / "predictions.parquet")
    split = of_type(messages, FinalStats)[-1].split
    if texts:
        assert f"In the {'test' if split == 'test' else 'validation'} split" in texts[0]
    return texts[0] if texts else None, table.filter(np.array(table["split"]) == split)


@pytest.mark.parametrize("test_fraction", [0.0, 0.2])
def test_a_weight_of_positives_is_told_with_mean_score_and_prevalence(tmp_path: Path, test_fraction: float) -> None:
    model = {"pos_weight": 8.0}
    text, rows = note_of(tmp_path, model=model, data={"test_fraction": test_fraction})
    assert text is not None
    mean, share = rows["score"].to_numpy().mean(), rows["label"].to_numpy().mean()
    assert f"the mean score of “malignant” is {mean:.3g} at a prevalence of {share:.3g}." in text
    assert mean > share
    assert "shifted by model.pos_weight (positives count 8 times as much): they rank samples" in text


def test_the_default_weight_is_told_where_classes_are_uneven(tmp_path: Path) -> None:
    text, _ = note_of(tmp_path)
    assert text is not None
    assert re.search(r"model\.pos_weight \(positives count 1\.\d+ times as much\)", text)


@pytest.mark.parametrize("config", [{"model": {"pos_weight": None}}, {"model": {"pos_weight": 1.05}}])
def test_scores_that_nothing_shifts_need_no_note(tmp_path: Path, config: dict[str, Any]) -> None:
    assert note_of(tmp_path, **config)[0] is None


def test_nothing_is_said_of_a_network_with_a_loss_of_its_own(tmp_path: Path) -> None:
    assert note_of(tmp_path, SmallData(), Network(), model={"pos_weight": 8.0})[0] is None


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"loss": {"name": "focal"}}, "the focal loss (loss.focal_gamma 2)"),
        ({"loss": {"name": "focal", "focal_alpha": 0.8}}, "loss.focal_alpha (positives count 4 times as much) and the"),
        ({"loss": {"label_smoothing": 0.1}}, "loss.label_smoothing (0.1)"),
        ({"augmentation": {"mixup_alpha": 0.4}}, "augmentation.mixup_alpha (0.4)"),
        (
            {"loss": {"class_weights": [1, 3], "label_smoothing": 0.1}, "augmentation": {"mixup_alpha": 0.4}},
            "loss.class_weights (positives count 3 times as much), loss.label_smoothing (0.1) and augmentation.mixup",
        ),
    ],
)
def test_each_option_that_shifts_scores_is_named(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    asked = {"model": {"pos_weight": None}} if "class_weights" not in config.get("loss", {}) else {}
    text, _ = note_of(tmp_path, **asked | config)
    assert text is not None
    assert f"shifted by {words}" in text


def test_of_several_classes_the_one_that_is_shifted_most_is_named(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    labels = np.arange(150) % 3
    lines = [f"{random.normal(label, 2)},{random.normal(-label, 2)},{'abc'[label]}" for label in labels]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,label", *lines]) + "\n")
    config = TrainingConfig.model_validate(
        {
            "experiment_name": "a test",
            "source_path": "t.csv",
            "data": {"val_fraction": 0.4},
            "trainer": {"max_epochs": 3},
            "loss": {"class_weights": [1, 1, 20]},
        }
    )
    text, rows = told(job_over(config, tmp_path))
    assert text is not None
    mean, share = rows["score_c"].to_numpy().mean(), (rows["label"].to_numpy() == 2).mean()
    assert mean > share + 0.1
    assert f"score of “c” is {mean:.3g} at a prevalence of {share:.3g}." in text
    assert "loss.class_weights (from 1 to 20)" in text
