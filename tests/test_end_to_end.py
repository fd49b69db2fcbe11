"""The main job, end to end, against a running server: submit, listen, and recompute every number independently."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import sklearn.metrics as sk
from scipy import stats
from websockets.sync.client import connect

from tests import slow_network
from tests.documentation import examples
from tests.experiments.training.datasets import with_class_folders, zipped
from tests.installation import ROOT, Server
from tests.prepared_home import prepared
from tests.waiting import eventually

XRAYS = ROOT.parent / "shared" / "data" / "chest-xray-subset.npz"  # a subset of PneumoniaMNIST, altered
REQUEST: dict[str, Any] = {
    "experiment_name": "end to end",
    "source_path": "builtin:digits-is-8",
    "data": {"val_fraction": 0.2, "test_fraction": 0.2, "batch_size": 32},
    "trainer": {"max_epochs": 3},
    "callbacks": {"batch_metrics_every": 5, "gradient_stats_every": 5},
}
FOLDS: dict[str, Any] = {
    "experiment_name": "cross-validated",
    "source_path": "builtin:breast-cancer",
    "data": {"folds": 3, "test_fraction": 0.1},
    "trainer": {"max_epochs": 3},
}
LONG: dict[str, Any] = REQUEST | {
    "trainer": {"max_epochs": 200},
    "callbacks": {"early_stopping": False},
    "model": slow_network.MODEL,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    home = tmp_path_factory.mktemp("home")
    settings = {"LIVETRAIN_LEASE_SECONDS": "5", "LIVETRAIN_DATA_ROOTS": str(XRAYS.parent)} | slow_network.SETTING
    with prepared(home, **settings).serve() as running:
        yield running


@pytest.fixture(scope="module")
def finished(server: Server) -> dict[str, Any]:
    """Complete a run and record everything that was sent of it, live."""
    run_id = server.train(**REQUEST)
    events = listen(server, run_id)
    return {"id": run_id, "events": events, "detail": server.get(f"/api/runs/{run_id}/")}


def listen(server: Server, run_id: int, after: int = 0) -> list[dict[str, Any]]:
    """Return all events after `after` until the run's last."""
    events: list[dict[str, Any]] = []
    headers = {"Authorization": f"Token {server.token}"}
    with connect(f"{server.websocket}/ws/runs/{run_id}/?after={after}", additional_headers=headers) as socket:
        while not events or events[-1]["type"] != "training_end":
            events.extend(json.loads(socket.recv(timeout=120)))
    return events


def of_type(events: list[dict[str, Any]], type_: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["type"] == type_]


def test_every_event_arrives_once_in_order_and_is_the_journal(server: Server, finished: dict[str, Any]) -> None:
    events = finished["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert server.get(f"/api/runs/{finished['id']}/events/?after=0&limit=1000")["events"] == events
    middle = len(events) // 2
    assert listen(server, finished["id"], after=middle) == events[middle:]
    assert all(event["run_id"] == finished["id"] and event["attempt"] in (0, 1) for event in events)
    types = {event["type"] for event in events}
    assert types - {"resource_usage"} == {  # that comes every two seconds, if the training takes so long
        "run_status", "training_start", "batch_metrics", "gradient_stats", "epoch_end",
        "lr_update", "progress", "final_stats", "training_end",
    }  # fmt: skip


def test_the_end_comes_in_order(finished: dict[str, Any]) -> None:
    types = [event["type"] for event in finished["events"]]
    tail = [one for one in types if one != "resource_usage"][-4:]  # measured by the clock, whatever else happens
    assert tail == ["final_stats", "final_stats", "run_status", "training_end"]
    assert [data["status"] for data in of_type(finished["events"], "run_status")] == [
        "queued", "in_progress", "completed",
    ]  # fmt: skip
    end = finished["events"][-1]["data"]
    assert (end["status"], end["total_epochs"], end["reason"]) == ("completed", 3, None)


def test_epoch_metrics_are_stored_under_their_epoch(server: Server, finished: dict[str, Any]) -> None:
    sent = {(e["phase"], e["epoch"]): e["metrics"] for e in of_type(finished["events"], "epoch_end")}
    assert set(sent) == {(phase, epoch) for phase in ("train", "val") for epoch in range(3)}
    assert set(sent["train", 0]) == {"train_loss", "train_acc", "train_f1", "train_recall", "learning_rate"}
    assert set(sent["val", 0]) == {
        "val_loss", "val_acc", "val_precision", "val_recall", "val_f1", "val_auroc",
        "val_cm_tp", "val_cm_tn", "val_cm_fp", "val_cm_fn",
    }  # fmt: skip
    rows = read_csv(server, finished["id"])
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    for (_, epoch), metrics in sent.items():
        for name, value in metrics.items():
            assert float(rows[epoch][name]) == value


def read_csv(server: Server, run_id: int) -> list[dict[str, str]]:
    text = server.download(f"/api/runs/{run_id}/files/metrics.csv").decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_best_values_are_the_best(finished: dict[str, Any]) -> None:
    val = [e["metrics"] for e in of_type(finished["events"], "epoch_end") if e["phase"] == "val"]
    best = finished["detail"]["best"]
    assert best["value"] == max(metrics["val_auroc"] for metrics in val)
    assert val[best["epoch"]]["val_auroc"] == best["value"]
    assert best["val_loss"] == min(metrics["val_loss"] for metrics in val)
    assert best["val_recall"] == max(metrics["val_recall"] for metrics in val)


@pytest.mark.parametrize("split", ["val", "test"])
def test_final_statistics_recompute_from_the_stored_predictions(
    server: Server, finished: dict[str, Any], split: str
) -> None:
    [sent] = [data for data in of_type(finished["events"], "final_stats") if data["split"] == split]
    stored = pq.read_table(io.BytesIO(server.download(f"/api/runs/{finished['id']}/files/predictions.parquet")))
    rows = [row for row in stored.to_pylist() if row["split"] == split]
    label = np.array([row["label"] for row in rows])
    score = np.array([row["score"] for row in rows])
    logit = np.array([row["logit"] for row in rows])
    predicted = (score >= sent["threshold"]).astype(int)
    assert sent["epoch"] == finished["detail"]["best"]["epoch"]
    assert sent["confusion_matrix"] == sk.confusion_matrix(label, predicted).tolist()
    tn, fp, fn, tp = sk.confusion_matrix(label, predicted).ravel()
    sizes = of_type(finished["events"], "training_start")[0]["dataset"]["sizes"]
    assert tn + fp + fn + tp == len(label) == sizes[split]
    expected = {
        "cm_tp": tp,
        "cm_tn": tn,
        "cm_fp": fp,
        "cm_fn": fn,
        "final_precision_cm": sk.precision_score(label, predicted),
        "final_recall_cm": sk.recall_score(label, predicted),
        "final_sensitivity": sk.recall_score(label, predicted),
        "final_specificity": sk.recall_score(label, predicted, pos_label=0),
        "final_accuracy_cm": sk.accuracy_score(label, predicted),
        "final_f1_cm": sk.f1_score(label, predicted),
        "final_auroc_cm": sk.roc_auc_score(label, logit),
        "final_npv": sk.precision_score(label, predicted, pos_label=0),
        "final_balanced_accuracy": sk.balanced_accuracy_score(label, predicted),
        "final_mcc": sk.matthews_corrcoef(label, predicted),
        "final_brier": sk.brier_score_loss(label, score),
        "final_average_precision": sk.average_precision_score(label, logit),
    }
    for name, value in expected.items():
        assert sent["statistics"][name] == pytest.approx(float(value), rel=1e-12), name
    answer = server.get(f"/api/runs/{finished['id']}/final-stats/")["splits"][split]
    for name in ("epoch", "threshold", "class_names", "confusion_matrix", "statistics"):
        assert answer[name] == sent[name]


def test_the_files_are_there_and_say_the_same(server: Server, finished: dict[str, Any]) -> None:
    listed = {file["name"] for file in server.get(f"/api/runs/{finished['id']}/files/")["files"]}
    for name in ("metrics.csv", "metadata.json", "results.json", "predictions.parquet", "config.json", "train.log"):
        assert name in listed
        assert server.download(f"/api/runs/{finished['id']}/files/{name}")
    config = json.loads(server.download(f"/api/runs/{finished['id']}/files/config.json"))
    assert config == finished["detail"]["config"]
    assert config["data"]["batch_size"] == REQUEST["data"]["batch_size"]
    results = json.loads(server.download(f"/api/runs/{finished['id']}/files/results.json"))
    assert results["checkpoint"]["path"] in listed
    sizes = of_type(finished["events"], "training_start")[0]["dataset"]["sizes"]
    batches = -(-sizes["train"] // REQUEST["data"]["batch_size"])
    assert results["trainer"]["global_step"] == 3 * batches


@pytest.fixture(scope="module")
def cross_validated(server: Server) -> dict[str, Any]:
    """Return the answer to a request for three folds, the completed group, and the stored predictions."""
    answer = server.post("/api/experiments/centralized/train", FOLDS)
    for run_id in answer["run_ids"]:
        server.wait_for(run_id, "completed")
    group = server.get(f"/api/runs/groups/{answer['group_id']}/")
    return {"answer": answer, "group": group, "predictions": [predictions(server, n) for n in answer["run_ids"]]}


def predictions(server: Server, run_id: int) -> list[dict[str, Any]]:
    stored = server.download(f"/api/runs/{run_id}/files/predictions.parquet")
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(stored)).to_pylist()
    return rows


def columns(rows: list[dict[str, Any]], split: str, by: str = "score") -> tuple[Any, Any]:
    """Return labels and scores, or logits."""
    found = [row for row in rows if row["split"] == split]
    return np.array([row["label"] for row in found]), np.array([row[by] for row in found])


def test_each_sample_outside_test_validates_in_one_fold(cross_validated: dict[str, Any]) -> None:
    folds = cross_validated["predictions"]
    ids = [row["sample_id"] for rows in folds for row in rows if row["split"] == "val"]
    tests = [sorted(row["sample_id"] for row in rows if row["split"] == "test") for rows in folds]
    assert tests[0] == tests[1] == tests[2]
    assert len(ids) == len(set(ids)) == 569 - len(tests[0])
    assert set(ids).isdisjoint(tests[0])
    runs = cross_validated["group"]["runs"]
    assert [(run["id"], run["fold"], run["status"]) for run in runs] == [
        (run_id, fold, "completed") for fold, run_id in enumerate(cross_validated["answer"]["run_ids"], start=1)
    ]


@pytest.mark.parametrize("split", ["val", "test"])
def test_mean_and_spread_recompute_from_the_stored_predictions(cross_validated: dict[str, Any], split: str) -> None:
    shown = cross_validated["group"]["splits"][split]
    assert (shown["runs"], shown["of"]) == (3, 3)
    measures: dict[str, Callable[[Any, Any], float]] = {
        "final_auroc_cm": sk.roc_auc_score,
        "final_average_precision": sk.average_precision_score,
        "final_brier": sk.brier_score_loss,
        "final_recall_cm": lambda label, score: sk.recall_score(label, score >= 0.5),
        "final_f1_cm": lambda label, score: sk.f1_score(label, score >= 0.5),
        "final_mcc": lambda label, score: sk.matthews_corrcoef(label, score >= 0.5),
    }
    for name, measure in measures.items():
        by = "logit" if name in ("final_auroc_cm", "final_average_precision") else "score"
        values = np.array([measure(*columns(rows, split, by)) for rows in cross_validated["predictions"]])
        found = shown["statistics"][name]
        assert found["n"] == 3
        assert found["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert found["sd"] == pytest.approx(values.std(ddof=1), rel=1e-9, abs=1e-15)
        assert (found["min"], found["max"]) == pytest.approx((values.min(), values.max()), rel=1e-12)
        if split == "test":  # which all folds share
            assert (
                found["ci_low"] is found["ci_high"] is found["corrected_ci_low"] is found["corrected_ci_high"] is None
            )
            continue
        for prefix, widening in (("", 1.0), ("corrected_", math.sqrt((1 / 3 + 1 / 2) / (1 / 3)))):
            half = widening * stats.t.ppf(0.975, 2) * stats.sem(values)
            ends = max(values.mean() - half, 0), min(values.mean() + half, 1)
            assert (found[f"{prefix}ci_low"], found[f"{prefix}ci_high"]) == pytest.approx(ends, rel=1e-9)


def test_the_summed_matrix_recomputes_from_all_out_of_fold_predictions(cross_validated: dict[str, Any]) -> None:
    pooled = cross_validated["group"]["splits"]["val"]["pooled"]
    label, score = columns([row for rows in cross_validated["predictions"] for row in rows], "val")
    predicted = (score >= 0.5).astype(int)
    assert pooled["confusion_matrix"] == sk.confusion_matrix(label, predicted).tolist()
    assert pooled["samples"] == len(label)
    expected = {
        "final_precision_cm": sk.precision_score(label, predicted),
        "final_sensitivity": sk.recall_score(label, predicted),
        "final_specificity": sk.recall_score(label, predicted, pos_label=0),
        "final_accuracy_cm": sk.accuracy_score(label, predicted),
        "final_f1_cm": sk.f1_score(label, predicted),
        "final_mcc": sk.matthews_corrcoef(label, predicted),
    }
    for name, value in expected.items():
        assert pooled["statistics"][name] == pytest.approx(float(value), rel=1e-12), name


def test_a_stopped_server_goes_on_from_the_last_complete_epoch(tmp_path: Path) -> None:
    installation = prepared(tmp_path / "home", **slow_network.SETTING)
    with installation.serve() as server:
        run_id = server.train(**LONG)
        eventually(lambda: epochs(server, run_id) >= 2, within=150)
    with installation.serve() as server:
        assert server.get(f"/api/runs/{run_id}/")["status"] in ("queued", "in_progress")
        detail = eventually(lambda: started_twice(server, run_id), within=150)
        before = detail["resumed_from_epoch"]
        assert before >= 1
        eventually(lambda: epochs(server, run_id) >= before + 3, within=150)
        [series] = server.get(f"/api/runs/{run_id}/metrics/?name=val_loss")["series"]
        assert series["epochs"] == list(range(len(series["epochs"])))


def epochs(server: Server, run_id: int) -> int:
    return server.get(f"/api/runs/{run_id}/")["progress"]["epoch"] or 0


def started_twice(server: Server, run_id: int) -> Any:
    events = server.get(f"/api/runs/{run_id}/events/?after=0&limit=1000&types=training_start")["events"]
    return events[1]["data"] if len(events) == 2 else None


def test_a_killed_worker_loses_nothing(server: Server) -> None:
    run_id = server.train(**LONG)
    eventually(lambda: epochs(server, run_id) >= 2, within=150)
    [worker] = [p for p in psutil.Process(server.process.pid).children() if "worker" in p.cmdline()]
    os.kill(worker.pid, signal.SIGKILL)
    resumed = eventually(lambda: started_twice(server, run_id), within=120)
    kept = resumed["resumed_from_epoch"]  # of epochs this short, later ones may have waited in memory
    assert kept is not None
    assert server.post(f"/api/runs/{run_id}/finish/", {})["status"] == "in_progress"
    finished = server.wait_for(run_id, "completed")
    assert finished["reason"] == "Finished early by tester."
    assert kept + 1 <= finished["total_epochs"] < 200
    [series] = server.get(f"/api/runs/{run_id}/metrics/?name=val_loss")["series"]
    assert series["epochs"] == list(range(finished["total_epochs"]))
    assert server.get(f"/api/runs/{run_id}/final-stats/")["splits"]["val"]["epoch"] == finished["best"]["epoch"]


def test_a_file_uploaded_as_documented_is_checked_and_trained_on(server: Server, tmp_path: Path) -> None:
    """The check and the training are a worker's, over the real HTTP server."""
    with_class_folders(tmp_path / "greys", {"normal": 20, "pale": 20})
    [example] = examples("python", "how-to/data-sets")
    script = example.replace("http://127.0.0.1:8000", server.address)
    command = [sys.executable, "-c", script, str(zipped(tmp_path / "greys")), server.token]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "dataset:greys waiting\n", done.stderr
    dataset = eventually(lambda: ready(server, "greys"), within=150)
    assert dataset["classes"] == [{"name": "normal", "samples": 20}, {"name": "pale", "samples": 20}]
    run_id = server.train(**REQUEST | {"source_path": "dataset:greys", "data": {"batch_size": 8}})
    detail = server.wait_for(run_id, "completed")
    assert detail["dataset_hash"] == dataset["content_hash"]
    assert detail["dataset"]["name"] == "greys"


REPORT = """
print(json.dumps({
    "history": history["val_auroc"].tolist(),
    "so_far": so_far["val_auroc"].tolist(),
    "losses": list(steps["batch/loss"].dropna().items()),
    "norms": int(steps["gradient/total"].count()),
    "predictions": predictions.groupby("split").size().to_dict(),
    "comparison": comparison.to_dict("list"),
    "results": results["metadata"]["total_epochs"],
    "config": metadata["config"],
}))
"""


def test_the_notebook_of_the_documentation_reads_all_of_a_run(server: Server, finished: dict[str, Any]) -> None:
    *blocks, _ = examples("python", "how-to/analyse-in-a-notebook")
    number, events = finished["id"], finished["events"]
    script = "".join([*blocks, REPORT])
    for placeholder, value in {
        "http://127.0.0.1:8000": server.address,
        '"<token>", 1': f'"{server.token}", {number}',
        "(1, 2)": f"({number},)",
    }.items():
        assert placeholder in script
        script = script.replace(placeholder, value)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    scores = [data["metrics"]["val_auroc"] for data in of_type(events, "epoch_end") if data["phase"] == "val"]
    assert read["history"] == read["so_far"] == read["comparison"][str(number)] == scores
    assert read["losses"] == [[data["step"], data["loss"]] for data in of_type(events, "batch_metrics")]
    assert read["norms"] == len(of_type(events, "gradient_stats"))
    sizes = finished["detail"]["dataset"]["sizes"]
    assert read["predictions"] == {split: sizes[split] for split in ("val", "test")}
    assert (read["results"], read["config"]) == (3, finished["detail"]["config"])


def ready(server: Server, name: str) -> Any:
    dataset = server.get(f"/api/datasets/{name}/")
    return dataset if dataset["state"] == "ready" else None


@pytest.mark.skipif(not XRAYS.is_file(), reason=f"no real X-rays here: {XRAYS.name} is not in ../shared/data")
def test_the_tutorials_example_on_real_x_rays(server: Server) -> None:
    """Three of its epochs, too few for its moving average; all ten reach .99 and .96."""
    [example] = examples("json", "tutorials/chest-xrays")
    request = json.loads(example) | {"source_path": XRAYS.name, "trainer": {"max_epochs": 3}}
    run_id = server.train(**request)
    server.wait_for(run_id, "completed")
    splits = server.get(f"/api/runs/{run_id}/final-stats/")["splits"]
    assert splits["val"]["statistics"]["final_auroc_cm"] >= 0.97
    assert splits["test"]["statistics"]["final_auroc_cm"] >= 0.93
    assert sum(map(sum, splits["test"]["confusion_matrix"])) == 468
