"""One user of each kind, and a project with one thing of each kind that belongs to the owner."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.contrib.auth.models import User
from django.utils import timezone

from access.models import Project
from accounts.models import APIToken
from experiments.external_tests import recording
from experiments.model_files.file_names import KIND, name_of
from experiments.model_files.run_facts import decides_by
from experiments.models import Dataset, ExternalTest, ModelJob, Preflight, Upload
from experiments.training.contract.config import TrainingConfig
from experiments.training.external_testing.asked import Asked
from experiments.training.external_testing.external_report import report_of
from experiments.training.external_testing.overlap import Overlap
from notifications.models import Message, Subscription
from runs.derived_models import SavedPoint
from runs.models import FinalResult, Run, RunGroup
from runs.statistics.external.measured import Scored
from tests.people import join, make_users
from tests.tokens import new_token

MARK = "zq7secret"
"""Is part of all names in the project, and of no other text."""


class World(NamedTuple):
    """The project, its things, and the users by kind."""

    project: Project
    users: dict[str, User]
    run: Run
    other: Run
    queued: Run
    deleted: Run
    group: RunGroup
    dataset: Dataset
    preflight: Preflight
    model_job: ModelJob
    model_file: ModelJob
    external_test: ExternalTest
    upload: Upload
    token: APIToken
    subscription: Subscription
    message: Message


def make_world() -> World:
    """Make everything."""
    users, project = make_users(), Project.objects.create(name=f"{MARK} project")
    join(project, users)
    owner = users["owner"]
    config = TrainingConfig(experiment_name=f"{MARK} run", source_path="builtin:breast-cancer").model_dump(mode="json")
    group = RunGroup.objects.create(name=f"{MARK} group", owner=owner, project=project, config=config, size=2)
    run, other = (add_run(owner, project, config, group=group, fold=fold, folds=2) for fold in (1, 2))
    dataset = Dataset.objects.create(
        name=f"{MARK}-data", kind=Dataset.Kind.FOLDER, path="/nowhere", owner=owner, project=project, state="ready"
    )
    uploading = Dataset.objects.create(
        name=f"{MARK}-upload", kind=Dataset.Kind.UPLOAD, path="x/y.zip", owner=owner, project=project, state="uploading"
    )
    new_token(owner)
    subscription = Subscription.objects.create(
        user=owner, name="own", channel="webhook", url="https://93.184.216.34/", occasions=["run.failed"]
    )
    return World(
        project=project,
        users=users,
        run=run,
        other=other,
        queued=add_run(owner, project, config, status="queued"),
        deleted=add_run(owner, project, config, deleted_at=timezone.now()),
        group=group,
        dataset=dataset,
        preflight=Preflight.objects.create(owner=owner, project=project, config=config),
        model_job=add_job(run, owner),
        model_file=add_model_file(run, owner),
        external_test=add_external_test(run, owner),
        upload=Upload.objects.create(
            id=uuid.uuid4(), dataset=uploading, filename="y.zip", size=9, updated_at=timezone.now()
        ),
        token=APIToken.objects.get(user=owner),
        subscription=subscription,
        message=Message.objects.create(subscription=subscription, run=run, occasion="run.failed", content={}),
    )


def add_run(owner: User, project: Project, config: dict[str, Any], **columns: Any) -> Run:
    """Add a run, by default one that is completed and evaluated."""
    defaults = {"status": "completed", "attempt": 1, "end_time": timezone.now(), "final_split": "val"}
    run = Run.objects.create(
        owner=owner,
        project=project,
        experiment_name=config["experiment_name"],
        source_path=config["source_path"],
        config=config,
        seed=1,
        max_epochs=1,
        monitor="val_auroc",
        **defaults | columns,
    )
    if run.status == "completed":
        FinalResult.objects.create(
            run=run, split="val", epoch=0, threshold=0.5, class_names=["a", "b"], statistics={},
            confusion_matrix=[[1, 2], [3, 4]],
        )  # fmt: skip
        SavedPoint.objects.create(run=run, attempt=1, at=timezone.now(), by="owner", reason="why", rule="youden")
    return run


def add_job(run: Run, owner: User) -> ModelJob:
    """Add a job on the model of a run, which is done and has one file."""
    name = "scores.csv"
    listed = {"name": name, "bytes": 2, "sha256": "0" * 64}
    job = ModelJob.objects.create(
        run=run, owner=owner, kind="prediction", status="running", options={"of": MARK}, files=[listed]
    )
    job.folder.mkdir(parents=True, exist_ok=True)
    (job.folder / name).write_text("a\n")
    return job


def add_model_file(run: Run, owner: User) -> ModelJob:
    """Add a job that has written a model file."""
    options = {"format": "onnx", "licence": MARK, "decides_by": decides_by(run)}
    result = {"kind": "image", "samples": 12, "deviation": 0.0}
    job = ModelJob.objects.create(run=run, owner=owner, kind=KIND, status="done", options=options, result=result)
    job.files = [{"name": name_of(job), "bytes": 2, "sha256": "0" * 64}]
    job.save()
    job.folder.mkdir(parents=True, exist_ok=True)
    (job.folder / name_of(job)).write_text("a\n")
    return job


def add_external_test(run: Run, owner: User) -> ExternalTest:
    """Add an external test of four samples of two classes, one of which is a false alarm."""
    options = {"source_path": f"{MARK}.csv"}
    job = ModelJob.objects.create(run=run, owner=owner, kind="external_test", status="done", options=options)
    job.folder.mkdir(parents=True, exist_ok=True)
    scores, labels = np.array([0.1, 0.6, 0.7, 0.9]), np.array([0, 0, 1, 1])
    columns = {"split": ["test"] * 4, "sample_id": list("abcd"), "patient_id": pa.array([None] * 4, pa.string())}
    columns |= {"label": labels, "score": scores, "score_a": 1 - scores, "score_b": scores}
    pq.write_table(pa.table(columns), job.folder / "predictions.parquet")
    found = report_of(Scored(scores, None, labels, None), None, ["a", "b"], Asked(), groups={}, threshold=0.5)
    facts = {
        "identity": "0" * 64, "content_hash": None, "attempt": run.attempt, "checkpoint_sha256": "0" * 64, "site": None,
        "overlap": msgspec.to_builtins(Overlap(level="none")), "internal_problem": MARK, "recalibration": None,
        "reading": {}, "left_out": {"count": 0, "first": []}, "notes": [],
    }  # fmt: skip
    return recording.add(job, found | facts)
