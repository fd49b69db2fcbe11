"""Each run has its GPUs to itself; none is needed to see that."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from pytest_django.fixtures import Settings

from experiments import launch
from experiments.management.commands.worker import _chosen
from experiments.processes import gpus
from experiments.processes.gpus import Gpus, needed
from experiments.server import launcher
from experiments.supervision import supervisor
from experiments.training.contract.config import TrainingConfig
from project.setting_values import visible
from runs import lifecycle
from runs.models import Run
from tests.experiments.supervision.test_supervisor import Recipe
from tests.waiting import eventually


def asking(**trainer: Any) -> Run:
    """Create a queued run with these trainer options."""
    body = {"experiment_name": "e", "source_path": "builtin:breast-cancer", "trainer": trainer}
    owner, _ = User.objects.get_or_create(username="grace")
    return launch.create(TrainingConfig.model_validate(body), owner)[0]


def test_gpus_are_taken_in_order_and_come_back() -> None:
    pool = Gpus(["0", "1", "2"])
    assert (pool.take(1), pool.take(2)) == (["0"], ["1", "2"])
    assert pool.take(1) is None
    assert pool.take(0) == []
    pool.give_back(["1"])
    pool.give_back(["0"])
    assert pool.take(2) == ["0", "1"]


def test_who_asks_for_more_than_there_are_gets_all() -> None:
    pool = Gpus(["0", "1"])
    assert pool.take(3) == ["0", "1"]
    assert pool.take(3) is None


def test_slots_that_take_at_once_never_share() -> None:
    pool = Gpus(str(number) for number in range(8))
    together = threading.Barrier(8)

    def take(_: int) -> list[str]:
        together.wait(10)
        return pool.take(1) or []

    with ThreadPoolExecutor(8) as threads:
        taken = [one for found in threads.map(take, range(8)) for one in found]
    assert sorted(taken) == [str(number) for number in range(8)]


@pytest.mark.parametrize(
    ("trainer", "count"),
    [({}, 1), ({"devices": "auto"}, 1), ({"devices": 3}, 3), ({"accelerator": "cpu", "devices": 3}, 0)],
)
def test_a_run_needs_as_many_as_its_devices(trainer: dict[str, Any], count: int) -> None:
    assert needed(Run(config={"trainer": trainer})) == count


@pytest.mark.parametrize(
    ("raw", "ids"), [(None, None), ("", []), ("0,1", ["0", "1"]), ("1,-1,0", ["1"]), ("GPU-1a, 2", ["GPU-1a", "2"])]
)
def test_the_variable_is_read_as_cuda_reads_it(raw: str | None, ids: list[str] | None) -> None:
    assert visible(raw) == ids


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a machine whose `nvidia-smi` does this."""

    def make(script: str) -> None:
        command = tmp_path / "nvidia-smi"
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return make


def test_without_the_variable_nvidia_smi_names_them(machine: Callable[[str], None], settings: Settings) -> None:
    settings.GPUS = None
    machine("echo GPU-aa; echo GPU-bb")
    assert gpus.found() == _chosen(None) == ["GPU-aa", "GPU-bb"]
    machine("exit 9")
    assert gpus.found() == []
    settings.GPUS = ["1"]
    assert gpus.found() == ["1"]
    assert (_chosen("0, 3"), _chosen("none")) == (["0", "3"], [])


def test_a_machine_without_nvidia_smi_has_none(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.GPUS = None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus.found() == []


@pytest.mark.parametrize(
    ("ids", "workers", "shares"),
    [(["0", "1", "2"], 2, ["0,2", "1"]), (["0"], 2, ["none", "none"]), ([], 1, ["none"]), (["0"], 1, ["0"])],
)
def test_the_workers_of_a_server_divide_them(ids: list[str], workers: int, shares: list[str]) -> None:
    assert launcher.divided(ids, workers) == shares


@pytest.mark.django_db(transaction=True)
def test_each_training_sees_its_own_and_the_next_one_waits(recipe: Recipe) -> None:
    recipe("tells_gpus")
    pair, single, waiting = asking(devices="auto"), asking(accelerator="cpu"), asking(accelerator="gpu")
    pool, draining = Gpus(["GPU-a"]), threading.Event()

    def work(_: int) -> bool:
        try:
            return supervisor.supervise(draining=draining, gpus=pool)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(work, number) for number in range(2)]
        eventually(lambda: all(Run.objects.get(pk=run.pk).notes for run in (pair, single)))
        assert [Run.objects.get(pk=run.pk).notes[0]["text"] for run in (pair, single)] == ["GPU-a", ""]
        assert Run.objects.get(pk=pair.pk).worker.endswith(f":{os.getpid()} GPU GPU-a")
        assert not supervisor.supervise(draining=draining, gpus=pool)
        assert Run.objects.get(pk=waiting.pk).status == "queued"
        for run in (pair, single):
            lifecycle.cancel(run.pk, "Enough.")
        assert [future.result(30) for future in running] == [True, True]
    assert pool.take(1) == ["GPU-a"]


@pytest.mark.django_db(transaction=True)
def test_without_gpus_to_give_a_training_sees_what_it_saw(recipe: Recipe) -> None:
    recipe("tells_gpus")
    run, draining = asking(), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(supervisor.supervise, draining=draining)
        eventually(lambda: Run.objects.get(pk=run.pk).notes)
        lifecycle.cancel(run.pk, "Enough.")
        assert future.result(30)
        threads.submit(connections.close_all).result()
    assert Run.objects.get(pk=run.pk).notes[0]["text"] == os.environ.get("CUDA_VISIBLE_DEVICES", "as it was")
