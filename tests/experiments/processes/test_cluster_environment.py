"""A worker within a job of a cluster: what its launcher says of tasks and ranks is not about the trainings."""

from __future__ import annotations

import json
import os
import sys
from multiprocessing import forkserver
from pathlib import Path
from types import MappingProxyType

import pytest
from django.core.management import BaseCommand, load_command_class

from experiments.processes import fork_server, training_process
from experiments.training.contract import environment
from tests.installation import ROOT, Installation
from tests.prepared_home import prepared

SLURM = {
    "SLURM_NTASKS": "2",
    "SLURM_PROCID": "1",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "0",
    "SLURM_JOB_ID": "4711",
    "SLURM_JOB_NAME": "workers",
    "SLURM_NODELIST": "node[1-2]",
}
TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "x",
    "RANK": "1",
    "LOCAL_RANK": "1",
    "GROUP_RANK": "0",
    "WORLD_SIZE": "2",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "203.0.113.7",
    "MASTER_PORT": "1",
}
LSF = {
    "LSB_JOBID": "4711",
    "LSB_DJOB_RANKFILE": "/nowhere",
    "JSM_NAMESPACE_SIZE": "2",
    "JSM_NAMESPACE_RANK": "1",
    "JSM_NAMESPACE_LOCAL_RANK": "1",
}
OVERRIDES = {"PL_TRAINER_FAST_DEV_RUN": "1", "PL_TRAINER_MAX_STEPS": "1"}


@pytest.mark.parametrize("environment", [SLURM, LSF | OVERRIDES], ids=["slurm", "lsf"])
def test_a_training_is_alone_in_whatever_job_its_worker_runs(tmp_path: Path, environment: dict[str, str]) -> None:
    """Its dry run, training and evaluation: the checkpoint would be left out by what holds itself for a second rank."""
    installation = prepared(tmp_path / "home", **environment)
    config = {"experiment_name": "here", "source_path": "builtin:breast-cancer", "trainer": {"max_epochs": 2}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    printed = installation.manage("train", str(tmp_path / "config.json"))
    assert "Run 1 completed" in printed
    assert "final_auroc_cm 0.9" in printed
    run = installation.home / "runs/1"
    assert len(json.loads((run / "results.json").read_text())["metrics_history"]) == 2
    assert list(run.rglob("*.ckpt"))


SECRETS = {
    "DATABASE_URL": "postgres://livetrain:secret@db/livetrain",
    "REDIS_URL": "redis://:secret@redis",
    "BROKER_URL": "amqp://livetrain:secret@rabbit",
    "LIVETRAIN_SECRET_KEY": "secret",
    "LIVETRAIN_METRICS_TOKEN": "secret" * 3,
}
KEPT = {"HF_TOKEN": "mine", "AWS_PROFILE": "models", "SLURM_TMPDIR": "/scratch", "CUDA_VISIBLE_DEVICES": ""}


def test_a_training_gets_no_secret_of_the_server_and_what_own_networks_may_need() -> None:
    assert environment.cleaned(SECRETS | SLURM | TORCHRUN | LSF | OVERRIDES | KEPT) == KEPT | {"SLURM_JOB_ID": "4711"}


@pytest.mark.parametrize("name", ["REDIS_URL", "SLURM_NTASKS", "LIVETRAIN_SECRET_KEY"])
def test_the_worker_keeps_its_environment(name: str, monkeypatch: pytest.MonkeyPatch, warm: None) -> None:
    monkeypatch.setenv(name, "redis://")
    training_process.warm_up()
    assert os.environ[name] == "redis://"


def test_a_command_that_trains_settles_it_once_and_starting_a_process_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else another thread that reads it meanwhile would miss a variable."""
    commands = [load_command_class("experiments", name) for name in ("worker", "join", "train")]
    monkeypatch.setattr(BaseCommand, "run_from_argv", lambda *_: None)
    settled = {"PYTHONPATH": os.pathsep.join([str(ROOT), "theirs"]), "SLURM_JOB_ID": "4711"} | KEPT
    for command in commands:
        theirs = SECRETS | SLURM | KEPT | {"PYTHONPATH": "theirs"}
        with monkeypatch.context() as patch:
            patch.setattr(os, "environ", theirs)
            command.run_from_argv(["manage.py", "a command"])
        assert theirs == settled
    started_with: list[dict[str, str]] = []
    with monkeypatch.context() as patch:
        patch.setattr(forkserver, "ensure_running", lambda: started_with.append(dict(os.environ)))
        patch.setattr(os, "environ", MappingProxyType(settled))  # raises where it is changed
        fork_server._start()
    assert started_with == [settled]


SCRIPT = """
import json, sys
import psutil
from experiments.processes import training_process
from experiments.processes.followed_process import FollowedProcess
from experiments.training.contract.reports import Job
from tests.waiting import eventually

training_process.warm_up()
[server] = [one for one in psutil.Process().children() if "forkserver" in " ".join(one.cmdline())]
print(json.dumps(sorted(server.environ())))
server.kill()
eventually(lambda: server.status() == psutil.STATUS_ZOMBIE)
job = Job(run_id=7, attempt=1, config={}, run_dir=sys.argv[1], datasets_dir="", data_roots=[])
process = training_process.TrainingProcess(job, recipe="tests.experiments.recipes.tells_environment")
with FollowedProcess(process) as followed:
    for _ in followed.batches():
        pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_fork_server_is_without_secrets_as_is_one_that_was_started_again(tmp_path: Path) -> None:
    """What a process was started with stays readable by everything that runs for the same user."""
    installation = Installation(tmp_path / "home", **SECRETS, **SLURM, **KEPT)
    born_with = json.loads(installation.python(SCRIPT, str(tmp_path)))
    inherited = json.loads((tmp_path / "environment.json").read_text())
    for names in (born_with, inherited):
        assert environment.withheld(names) == []
        assert set(names) >= KEPT.keys()
