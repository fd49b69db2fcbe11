"""Data sets as things (what was uploaded or named, which version, what is on its way), and pre-flight reports."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q, Value

import experiments.report_models  # noqa: F401  where Django looks for models
from access.default_project import DEFAULT_PROJECT
from access.models import Project
from experiments.external_models import ExternalLook, ExternalTest
from experiments.work_models import ModelJob, QueuedWork
from runs.leases import Leased

__all__ = [
    "Dataset",
    "ExternalLook",
    "ExternalTest",
    "MetricList",
    "ModelJob",
    "Preflight",
    "Upload",
    "uploads_root",
]


class Dataset(Leased):
    """Data under a name that `source_path` may give as `dataset:<name>`.

    | from | to | by |
    |---|---|---|
    | (new) | uploading | an upload is opened |
    | (new) | waiting | a path is registered |
    | uploading | waiting | the upload's last byte |
    | waiting | checking | a check thread claims it, under a lease |
    | checking | ready, refused | its check thread |
    | checking | waiting | its check thread stops, or maintenance: it was lost |
    | checking | refused | maintenance: it was lost too often |
    | ready, refused | waiting | a user asks for another check |

    `attempt` is the fencing token of a check thread: one whose attempt is no longer the row's writes nothing.
    """

    class State(models.TextChoices):
        UPLOADING = "uploading"
        WAITING = "waiting"
        CHECKING = "checking"
        READY = "ready"
        REFUSED = "refused"

    class Kind(models.TextChoices):
        UPLOAD = "upload"  # lies in our own folder, ours to delete
        FOLDER = "folder"  # lies in a data root, never deleted from there

    CHECKED = (State.READY, State.REFUSED)

    name = models.CharField(max_length=64, unique=True)
    project = models.ForeignKey(
        Project, models.PROTECT, default=DEFAULT_PROJECT, db_default=Value(DEFAULT_PROJECT), related_name="datasets"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    path = models.CharField(max_length=4096, help_text="Upload: below the folder of uploads; folder: absolute")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="datasets")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State)
    # How far the check is
    files_done = models.PositiveIntegerField(default=0)
    bytes_done = models.PositiveBigIntegerField(default=0)
    # What the last check found
    checked_at = models.DateTimeField(null=True, blank=True)
    layout = models.CharField(max_length=10, blank=True, help_text="directory, zip, npz or file")
    files = models.PositiveIntegerField(null=True, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes of all files, unpacked")
    content_hash = models.CharField(max_length=64, blank=True, help_text="Of names and contents: the version")
    stamp = models.CharField(max_length=64, blank=True, help_text="Of names, sizes and times: was it written since?")
    classes = models.JSONField(null=True, blank=True, help_text="[[class, samples], …] in label order")
    problem = models.TextField(null=True, blank=True)
    preflight = models.ForeignKey(  # of a training with default options
        "Preflight", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Of an upload
    sha256 = models.CharField(max_length=64, blank=True, help_text="What the uploaded file must have")

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["state", "id"], name="dataset_state_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def source_path(self) -> str:
        """What a training names."""
        return f"dataset:{self.name}"

    @property
    def location(self) -> Path:
        """Where it lies, absolute; what a registered path leads to is resolved only by those who open it."""
        return uploads_root() / self.path if self.kind == self.Kind.UPLOAD else Path(self.path)


class Upload(models.Model):
    """A file on its way: `received` bytes of `size` are safely on disk. Gone with the last one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="upload")
    filename = models.CharField(max_length=255, help_text="As its owner knows it")
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(help_text="When it was opened or a piece came")

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.dataset_id}: {self.received} of {self.size} bytes"


class Preflight(QueuedWork):
    """A pre-flight report that somebody asked for: a dry run of a training. `preflights.state` alone makes one."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="preflights")
    project = models.ForeignKey(
        Project, models.PROTECT, default=DEFAULT_PROJECT, db_default=Value(DEFAULT_PROJECT), related_name="preflights"
    )
    config = models.JSONField(help_text="The training it is about")
    report = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "id"], name="preflight_status_id"),
            models.Index(fields=["owner", "ended_at"], name="preflight_owner_ended"),
            models.Index(fields=["lease_until"], name="preflight_running_lease", condition=Q(status="running")),
        ]

    def __str__(self) -> str:
        return f"pre-flight {self.pk} ({self.status})"

    @property
    def folder(self) -> Path:
        """What its process writes, until it has ended well."""
        return Path(settings.PREFLIGHTS_ROOT) / str(self.pk)


class MetricList(models.Model):
    """The metrics of one version of torchmetrics, as a worker has listed them; only `metric_list` reads and writes it.

    Requests may name them: a web process, which never loads the library, checks requests against this list.
    """

    key = models.CharField(max_length=100, unique=True, help_text="Version of the library and revision of the list")
    metrics = models.TextField(help_text="A `metric_catalogue.Catalogue` as JSON")

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return f"metrics of {self.key}"


def uploads_root() -> Path:
    """Return the folder of uploads, with one folder for each, named by its id."""
    return Path(settings.DATASETS_ROOT) / "uploads"
