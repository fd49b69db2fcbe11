"""Work that waits in the database until a worker carries it out: what all of it has, and jobs on the models of runs."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from runs.leases import Leased
from runs.models import Run


class QueuedWork(Leased):
    """The base of rows that wait for a worker, which carries each out in a child process.

    | from | to | by |
    |---|---|---|
    | (new) | queued | a request |
    | queued | running | claim |
    | running | done, failed | its worker; failed by maintenance, where it was lost too often |
    | running | queued (drained or lost) | its worker, maintenance |
    | queued, running | cancelled | a user; its worker notices when it renews the lease, and ends its process |

    `attempt` is the fencing token, as a run's is. `queued_work.state` alone changes the status.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (Status.QUEUED, Status.RUNNING)
    ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)

    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    progress = models.CharField(max_length=200, blank=True, help_text="What is being done, in words")
    problem = models.TextField(null=True, blank=True, help_text="Why there is no result")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class ModelJob(QueuedWork):
    """Longer work on the model of a run that has ended: its table of states is that of all queued work.

    Of a job that is done, `files` lists what lies in its folder, `[{"name", "bytes", "sha256"}, …]`.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="model_jobs")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="model_jobs")
    kind = models.CharField(max_length=40, help_text="What is done, as `model_jobs.kinds` names it")
    options = models.JSONField(default=dict, blank=True, help_text="What was asked for")
    done = models.PositiveBigIntegerField(default=0, help_text="How many of the units below are done")
    total = models.PositiveBigIntegerField(null=True, blank=True, help_text="Units of the whole job, once known")
    result = models.JSONField(null=True, blank=True)
    files = models.JSONField(default=list, blank=True, help_text="Name, bytes and SHA-256 of each file of the result")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes that its folder takes")
    expires = models.BooleanField(
        default=True, help_text="Removed with its result LIVETRAIN_MODEL_JOB_DAYS after its end; else with its run"
    )
    started_at = models.DateTimeField(null=True, blank=True, help_text="Start of its newest attempt")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "id"], name="model_job_status_id"),
            models.Index(fields=["run", "id"], name="model_job_run_id"),
            models.Index(fields=["owner", "ended_at"], name="model_job_owner_ended"),
            models.Index(fields=["lease_until"], name="model_job_running_lease", condition=Q(status="running")),
            models.Index(fields=["ended_at"], name="model_job_expiring", condition=Q(expires=True)),
        ]

    def __str__(self) -> str:
        return f"model job {self.pk} ({self.kind}, {self.status})"

    @property
    def project_id(self) -> int | None:
        """The project of its run, whose members see it; a run never changes its project."""
        return self.run.project_id

    @property
    def folder(self) -> Path:
        """Where its process writes, and where the files of its result lie."""
        return Path(settings.MODEL_JOBS_ROOT) / str(self.pk)

    @property
    def inputs(self) -> Path:
        """Where files of the request lie that the job reads; they are removed when it has ended."""
        return self.folder / "inputs"
