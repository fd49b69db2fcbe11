"""Subgroups of real trainings: the group of each sample is beside its prediction, of tables, images and folds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from experiments.training.contract.reports import CheckpointSaved, Job
from runs.events import BatchMetrics
from runs.statistics.subgroups.group_comparison import Split, compared
from tests.experiments.training.several import in_processes, job_on
from tests.experiments.training.trainings import carry_out, job_of, of_type, outcome

SIZE = 240
FAST: dict[str, Any] = {"trainer": {"max_epochs": 2}}


def people() -> pd.DataFrame:
    """Make patients with two rows each, whose positives of site b cannot be told."""
    chance = np.random.default_rng(0)
    label = chance.integers(0, 2, SIZE)
    site = np.repeat(chance.choice(["a", "b"], SIZE // 2), 2)
    return pd.DataFrame(
        {
            "id": [f"s{number:03}" for number in range(SIZE)],
            "label": label,
            "patient": [f"p{number // 2}" for number in range(SIZE)],
            "site": site,
            "age": chance.integers(20, 90, SIZE),
            "value": chance.normal(size=SIZE) + 3.0 * label * (site == "a"),
        }
    )


OPTIONS: dict[str, Any] = {
    "id_column": "id",
    "target_column": "label",
    "patient_column": "patient",
    "subgroup_columns": ["site", "age"],
    "subgroup_bands": ["age=50"],
    "test_fraction": 0.3,
}


def reading(job: Job, source: Path) -> Job:
    """Let the job read the folder of its source."""
    return msgspec.structs.replace(job, data_roots=[str(source.parent)])


def trained(run_dir: Path, source: Path, **data: Any) -> pd.DataFrame:
    messages = carry_out(reading(job_of(run_dir, source_path=str(source), data=OPTIONS | data, **FAST), source))
    assert outcome(messages).status == "completed", outcome(messages).reason
    return kept(run_dir)


def kept(run_dir: Path, attempt: int = 1) -> pd.DataFrame:
    return pd.read_parquet(run_dir / "attempts" / str(attempt) / "predictions.parquet")


def counted(run_dir: Path) -> dict[str, list[tuple[str, str, int]]]:
    """Return the groups of `subgroups.json`, by split."""
    splits = json.loads((run_dir / "subgroups.json").read_text())["splits"]
    return {
        split: [(group["column"], group["group"], group["samples"]) for group in told["groups"]]
        for split, told in splits.items()
    }


def sizes(predictions: pd.DataFrame) -> dict[str, list[tuple[str, str, int]]]:
    """Count the same in the table of predictions."""
    return {
        str(split): [
            (column, name, int((part[f"subgroup_{column}"] == name).sum()))
            for column in ("site", "age")
            for name in ({"site": ["a", "b"], "age": ["< 50", "≥ 50"]}[column])
        ]
        for split, part in predictions.groupby("split")
    }


def check(predictions: pd.DataFrame, table: pd.DataFrame) -> None:
    """Compare the groups beside the predictions with the table that was trained on."""
    known = table.set_index("id").loc[predictions["sample_id"]]
    assert predictions["subgroup_site"].tolist() == known["site"].tolist()
    assert predictions["subgroup_age"].tolist() == np.where(known["age"] < 50, "< 50", "≥ 50").tolist()
    assert predictions["label"].tolist() == known["label"].tolist()
    assert {"val", "test"} == set(predictions["split"])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table(tmp_path: Path, kind: str) -> None:
    table, path = people(), tmp_path / f"t.{kind}"
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path, index=False)
    predictions = trained(tmp_path / "7", path, ignore_columns=["site"])
    check(predictions, table)
    features = pd.read_csv(tmp_path / "7" / "features.csv")["column"].tolist()
    assert "site" not in features
    assert "age" in features
    assert not [name for name in pd.read_csv(tmp_path / "7" / "split.csv").columns if "site" in name]
    test = predictions[predictions["split"] == "test"]
    split = Split(
        scores=test["score"].to_numpy(),
        logits=test["logit"].to_numpy().astype(float),
        targets=test["label"].to_numpy(),
        threshold=0.5,
        patients=pd.factorize(test["patient_id"])[0],
        columns={column: test[f"subgroup_{column}"].tolist() for column in ("site", "age")},
    )
    found = compared(split, ["0", "1"], "auroc")
    written = json.loads((tmp_path / "7" / "subgroups.json").read_text())
    assert (written["threshold"], written["metric"], set(written["splits"])) == (0.5, "auroc", {"val", "test"})
    told = written["splits"]["test"]
    assert [group["samples"] for group in told["groups"]] == [group.samples for group in found.groups]
    assert told["groups"][0]["statistics"]["final_auroc_cm"]["value"] == pytest.approx(
        roc_auc_score(*(test.loc[test["subgroup_site"] == "a", name] for name in ("label", "logit")))
    )
    assert (told["worst"], told["comparisons"]) == (found.worst, found.comparisons)
    assert told["verdict"].startswith("Worst group: b (site). Its AUROC is 0.")
    assert found.worst is not None
    assert found.groups[found.worst].name == "b"


def test_images(tmp_path: Path) -> None:
    table = people()[:80]
    folder = tmp_path / "scans"
    folder.mkdir()
    chance = np.random.default_rng(1)
    for id_, label in zip(table["id"], table["label"], strict=True):
        pixels = chance.integers(0, 120, (12, 12)) + 120 * int(label)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{id_}.png")
    table.drop(columns="value").to_csv(folder / "labels.csv", index=False)
    check(trained(tmp_path / "7", folder, image_size=12), table)


def test_each_fold_has_the_same_groups(tmp_path: Path) -> None:
    table = people()
    table.to_csv(tmp_path / "t.csv", index=False)
    folds = [
        trained(tmp_path / str(fold), tmp_path / "t.csv", folds=2, fold=fold, test_fraction=0.2) for fold in (1, 2)
    ]
    for fold in folds:
        check(fold, table)
    groups = [set(zip(fold["sample_id"], fold["subgroup_age"], strict=True)) for fold in folds]
    held_out = {id_ for fold in folds for id_ in fold.loc[fold["split"] == "val", "sample_id"]}
    assert len(groups[0] | groups[1]) == len(held_out) + (folds[0]["split"] == "test").sum()


def test_two_processes_keep_the_group_of_each_sample(tmp_path: Path, warm: None) -> None:
    """Each process predicts its part; the table has all samples once, each with its own groups."""
    table, path = people(), tmp_path / "t.csv"
    table.to_csv(path, index=False)
    job = job_on(tmp_path / "7", 2, source_path=str(path), data=OPTIONS | {"batch_size": 16}, **FAST)
    messages, code = in_processes(reading(job, path))
    assert (outcome(messages).status, code) == ("completed", 0), outcome(messages).reason
    predictions = kept(tmp_path / "7")
    assert predictions["sample_id"].is_unique
    check(predictions, table)
    assert counted(tmp_path / "7") == sizes(predictions)


def test_a_resumed_run_keeps_them_of_its_last_attempt(tmp_path: Path) -> None:
    table, path, run_dir = people(), tmp_path / "t.csv", tmp_path / "7"
    table.to_csv(path, index=False)
    config: dict[str, Any] = {"source_path": str(path), "data": OPTIONS, **FAST}
    first = carry_out(
        reading(job_of(run_dir, **config), path),
        stop_at=lambda message: isinstance(message, BatchMetrics) and message.epoch == 1,
    )
    assert outcome(first).status == "interrupted"
    assert not (run_dir / "subgroups.json").exists()
    saved = of_type(first, CheckpointSaved)[-1]
    again = job_of(run_dir, attempt=2, resume=(run_dir / saved.last, saved.epoch), **config)
    second = carry_out(reading(again, path))
    assert outcome(second).status == "completed", outcome(second).reason
    predictions = kept(run_dir, 2)
    check(predictions, table)
    assert counted(run_dir) == sizes(predictions)
