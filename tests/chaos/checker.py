"""Proves what is left after a storm: REST API, files and processes; the numbers by scikit-learn."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pyarrow.parquet as pq
import pytest
import sklearn.metrics as sk

from tests.chaos.listener import Listener
from tests.chaos.site import Site
from tests.waiting import eventually

TORCH_CACHE = "torchinductor_"  # kept by PyTorch on purpose, one for all processes of a user
RECOMPUTED: dict[str, Callable[[list[int], list[float], list[bool]], float]] = {
    "final_precision_cm": lambda labels, _, said: sk.precision_score(labels, said),
    "final_recall_cm": lambda labels, _, said: sk.recall_score(labels, said),
    "final_sensitivity": lambda labels, _, said: sk.recall_score(labels, said),
    "final_specificity": lambda labels, _, said: sk.recall_score(labels, said, pos_label=0),
    "final_accuracy_cm": lambda labels, _, said: sk.accuracy_score(labels, said),
    "final_f1_cm": lambda labels, _, said: sk.f1_score(labels, said),
    "final_npv": lambda labels, _, said: sk.precision_score(labels, said, pos_label=0),
    "final_balanced_accuracy": lambda labels, _, said: sk.balanced_accuracy_score(labels, said),
    "final_mcc": lambda labels, _, said: sk.matthews_corrcoef(labels, said),
    "final_auroc_cm": lambda labels, scores, _: sk.roc_auc_score(labels, scores),
    "final_average_precision": lambda labels, scores, _: sk.average_precision_score(labels, scores),
    "final_brier": lambda labels, scores, _: sk.brier_score_loss(labels, scores),
}
RANKED = ("final_auroc_cm", "final_average_precision")
"""Samples are ranked by their logits."""


class Checker:
    """One run after the other. Everything that is wrong is an AssertionError that names the run."""

    def __init__(self, site: Site, epochs: int) -> None:
        self.events = self.numbers = 0
        self._site, self._epochs = site, epochs
        self._found_out: set[str] = set()

    def check(self, run_id: int, listeners: list[Listener]) -> None:
        detail = self._site.ask(f"/api/runs/{run_id}/")
        journal = self._journal(run_id)
        self.events += len(journal)
        assert [event["seq"] for event in journal] == list(range(1, detail["last_seq"] + 1)), f"run {run_id}: a gap"
        for listener in listeners:
            self._heard_everything(listener, detail["last_seq"])
        self._ended_truthfully(detail, journal)
        if detail["status"] == "completed":
            self._epochs_once(run_id, journal)
            self._recompute(run_id)
            self._as_if_nothing_had_happened(run_id)

    def _journal(self, run_id: int) -> list[dict[str, Any]]:
        journal: list[dict[str, Any]] = []
        while page := self._site.ask(f"/api/runs/{run_id}/events/?after={len(journal)}&limit=1000")["events"]:
            journal += page
        return journal

    def _heard_everything(self, listener: Listener, last: int) -> None:
        eventually(lambda: listener.heard[-1] >= last, within=30)
        listener.end()
        assert listener.heard == list(range(last + 1)), f"run {listener.run_id}: heard something twice or never"

    def _ended_truthfully(self, detail: dict[str, Any], journal: list[dict[str, Any]]) -> None:
        """Require that the last event, the last status in the journal and the run's row agree."""
        run_id, end = detail["run_id"], journal[-1]
        statuses = [event["data"] for event in journal if event["type"] == "run_status"]
        assert end["type"] == "training_end", f"run {run_id} ended with {end['type']}"
        assert end["data"]["status"] == statuses[-1]["status"] == detail["status"]
        assert (detail["status"] == "completed") == (detail["reason"] is None), f"run {run_id}: {detail['reason']}"
        assert end["attempt"] == detail["attempt"]
        for before, after in pairwise(statuses):  # each change starts where the one before ended
            assert after["previous"] == before["status"], f"run {run_id}: {before} -> {after}"

    def _epochs_once(self, run_id: int, journal: list[dict[str, Any]]) -> None:
        """Require each epoch once in the journal, apart from void ones, and just those in the metrics."""
        told: dict[tuple[str, int], dict[str, Any]] = {}
        for event in journal:
            data = event["data"]
            if event["type"] == "training_start":
                first = 0 if data["resumed_from_epoch"] is None else data["resumed_from_epoch"] + 1
                told = {key: metrics for key, metrics in told.items() if key[1] < first}
            elif event["type"] == "epoch_end":
                key = (data["phase"], data["epoch"])
                assert key not in told, f"run {run_id}: {key} twice"
                told[key] = data["metrics"]
        assert sorted(told) == [(phase, epoch) for phase in ("train", "val") for epoch in range(self._epochs)]
        for series in self._site.ask(f"/api/runs/{run_id}/metrics/?context=epoch")["series"]:
            assert series["epochs"] == list(range(self._epochs)), f"run {run_id}: {series['name']}"
            values = [told[series["split"], epoch][series["name"]] for epoch in series["epochs"]]
            assert series["values"] == values, f"run {run_id}: {series['name']} is not what the journal says"

    def _recompute(self, run_id: int) -> None:
        file = io.BytesIO(self._site.download(f"/api/runs/{run_id}/files/predictions.parquet"))
        table, splits = pq.read_table(file).to_pylist(), self._site.ask(f"/api/runs/{run_id}/final-stats/")["splits"]
        assert splits, f"run {run_id}: completed without final statistics"
        for split, final in splits.items():
            rows = [row for row in table if row["split"] == split]
            labels, scores = [row["label"] for row in rows], [row["score"] for row in rows]
            said = [score >= final["threshold"] for score in scores]
            assert final["confusion_matrix"] == sk.confusion_matrix(labels, said).tolist(), f"run {run_id}, {split}"
            logits = [row["logit"] for row in rows]
            for name, recompute in RECOMPUTED.items():
                expected = pytest.approx(recompute(labels, logits if name in RANKED else scores, said), abs=1e-12)
                assert final["statistics"][name] == expected, f"run {run_id}, {split}: {name}"
                self.numbers += 1

    def _as_if_nothing_had_happened(self, run_id: int) -> None:
        """Require equal results: all runs ask for the same training."""
        metrics = self._site.ask(f"/api/runs/{run_id}/metrics/")["series"]
        final = self._site.ask(f"/api/runs/{run_id}/final-stats/")["splits"]
        self._found_out.add(json.dumps([metrics, final], sort_keys=True))
        assert len(self._found_out) == 1, f"run {run_id} found out something else than the runs before it"


def check_leftovers(site: Site) -> None:
    """Require a clean stop: no process, no half-written file, and nothing that ended on its own."""
    assert site.surprises == []
    eventually(lambda: not site.processes(), within=30)
    assert [str(path) for path in site.home.rglob("*.tmp")] == []
    assert [path.name for path in site.temporary.iterdir() if not path.name.startswith(TORCH_CACHE)] == []
