"""A training on two machines, here both this one: it begins when the other has come, and ends with whichever ends."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django.fixtures import Settings
from sklearn.metrics import roc_auc_score

from experiments import launch
from experiments.supervision import secondary_node
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.models import FinalResult, Run, RunEvent
from tests.experiments.processes.test_several_ranks import rank, trainings
from tests.experiments.supervision.test_supervisor import Background, events_of
from tests.waiting import eventually


@pytest.fixture
def reachable(settings: Settings) -> None:
    """Give this worker an address that the other machine knows."""
    settings.NODE_ADDRESS = "127.0.0.1"


def queue(**trainer: object) -> Run:
    owner, _ = User.objects.get_or_create(username="grace")
    asked = {"accelerator": "cpu", "strategy": "ddp", "num_nodes": 2, **trainer}
    config = TrainingConfig.model_validate(
        {"experiment_name": "two", "source_path": "builtin:breast-cancer", "trainer": asked}
    )
    [run] = launch.create(config, owner)
    return run


class Machine:
    """The second one."""

    def __init__(self, run: Run) -> None:
        self.leaving = threading.Event()
        self.said: list[str] = []
        self._end: Future[str] = ThreadPoolExecutor(1).submit(self._join, run.pk)

    def _join(self, run_id: int) -> str:
        try:
            return secondary_node.join(run_id, 1, leaving=self.leaving, say=self.said.append).text
        finally:
            connections.close_all()

    def end(self) -> str:
        return self._end.result(60)


def test_two_machines_train_and_evaluate_as_one(transactional_db: None, warm: None, reachable: None) -> None:
    run = queue(max_epochs=2)
    background = Background()
    eventually(lambda: Run.objects.get(pk=run.pk).meeting)
    machine = Machine(run)
    background.wait()
    assert machine.end() == "The part of this machine is completed."
    run.refresh_from_db()
    assert (run.status, run.reason) == ("completed", None)
    assert [note["code"] for note in run.notes] == ["nodes", "shifted_scores"]
    assert f"manage.py join {run.pk}" in run.notes[0]["text"]
    happened = events_of(run)  # numbered without a gap
    assert [happened.count(type_) for type_ in ("training_start", "epoch_end", "final_stats")] == [1, 4, 1]
    rows = pq.read_table(run.folder / "predictions.parquet").to_pylist()
    assert len({row["sample_id"] for row in rows}) == len(rows) == 113
    final = FinalResult.objects.get(run=run)
    found = roc_auc_score([row["label"] for row in rows], [row["score"] for row in rows])
    assert final.statistics["final_auroc_cm"] == pytest.approx(found, abs=1e-12)
    assert sum(map(sum, final.confusion_matrix)) == 113
    assert "attempt 1" in (run.folder / "train.rank1.log").read_text()
    assert not trainings()


def test_a_machine_that_leaves_ends_the_run(transactional_db: None, warm: None, reachable: None) -> None:
    run = queue(max_epochs=10_000)
    background = Background()
    machine = Machine(run)
    eventually(lambda: Run.objects.get(pk=run.pk).last_checkpoint, within=60)
    left = time.monotonic()
    machine.leaving.set()
    assert "SIGKILL" in machine.end()
    background.wait()
    assert time.monotonic() - left < 20
    run.refresh_from_db()
    assert run.status == "failed"
    assert "another machine was lost" in (run.reason or "")
    assert not trainings()


def test_a_cancelled_run_lets_the_other_machine_go(transactional_db: None, warm: None, reachable: None) -> None:
    run = queue(max_epochs=10_000)
    background = Background()
    machine = Machine(run)
    eventually(lambda: Run.objects.get(pk=run.pk).last_checkpoint, within=60)
    assert rank(1).is_running()
    assert lifecycle.cancel(run.pk, "Cancelled by grace.")
    background.wait()
    machine.end()
    run.refresh_from_db()
    assert (run.status, run.reason) == ("cancelled", "Cancelled by grace.")
    assert not trainings()


def test_a_worker_without_an_address_says_what_it_lacks(transactional_db: None, warm: None) -> None:
    run = queue()
    Background().wait()
    run.refresh_from_db()
    assert run.status == "failed"
    assert "LIVETRAIN_NODE_ADDRESS" in (run.reason or "")
    assert json.loads(RunEvent.objects.filter(run=run).order_by("seq")[3].data)["status"] == "failed"


@pytest.mark.parametrize(("number", "word"), [("0", "from 1 to 1"), ("2", "from 1 to 1")])
def test_a_wrong_number_is_named(transactional_db: None, warm: None, number: str, word: str) -> None:
    run = queue()
    with pytest.raises(CommandError, match=word):
        call_command("join", str(run.pk), "--node", number)
    with pytest.raises(CommandError, match="does not exist"):
        call_command("join", str(run.pk + 1), "--node", "1")
    lifecycle.cancel(run.pk, "No.")
    with pytest.raises(CommandError, match="is cancelled"):
        call_command("join", str(run.pk), "--node", "1")
