"""The models of a run. Only `lifecycle` writes a status; only `recorder` writes metrics and the journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

import runs.derived_models  # noqa: F401  where Django looks for models
from access.default_project import DEFAULT_PROJECT
from access.models import Project
from runs.events import EPHEMERAL_TYPES
from runs.leases import Leased

if TYPE_CHECKING:
    import pandas as pd


class RunGroup(models.Model):
    """Runs that were requested together and are read together: the folds of a cross-validation.

    Its runs are created with it, in one transaction; all later changes are theirs.
    """

    class Kind(models.TextChoices):
        """The kinds of groups."""

        FOLDS = "folds"

    name = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="run_groups")
    project = models.ForeignKey(
        Project, models.PROTECT, default=DEFAULT_PROJECT, db_default=Value(DEFAULT_PROJECT), related_name="run_groups"
    )
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.FOLDS)
    config = models.JSONField(help_text="The request; each run has its own, with the number of its fold")
    size = models.PositiveIntegerField(help_text="Number of its runs")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} (group {self.pk})"


class Queue(models.Model):
    """The queue's state, one row: whether queued runs are started. Pausing does not affect running ones.

    `by` and `since` are of the last change.
    """

    THE_ONE = 1

    paused = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "paused queue" if self.paused else "queue"


class Worker(models.Model):
    """A worker process that is alive, or was a moment ago; `seen_at` is renewed, else the row is removed."""

    name = models.CharField(max_length=200, unique=True, help_text="Of its host and process; its runs name it")
    host = models.CharField(max_length=200)
    slots = models.PositiveIntegerField(help_text="Trainings at once")
    gpus = models.JSONField(default=list, help_text="Ids of the GPUs that it gives to its trainings")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField()
    thread_failures = models.JSONField(default=dict, help_text="How often each of its resident threads has failed")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Run(Leased):
    """One training, from its submission to its end.

    | from | to | by |
    |---|---|---|
    | (new) | queued | launch |
    | queued | in_progress, cancelled | claim, cancel |
    | in_progress | completed, failed, cancelled | supervisor; failed by maintenance, where it was lost too often |
    | in_progress | queued (drained, lost or crashed, to be resumed) | supervisor, maintenance |
    | in_progress | cancelling | cancel request |
    | cancelling | cancelled, or completed or failed where that came first | supervisor; cancelled by maintenance |
    | failed, cancelled | queued | resume |

    `attempt` is the fencing token: the holder of the lease writes with the attempt it got, and a writer whose attempt
    is no longer the row's writes nothing. `last_seq` numbers the journal without gaps.
    """

    class Status(models.TextChoices):
        """The statuses of a run."""

        QUEUED = "queued"
        IN_PROGRESS = "in_progress"
        CANCELLING = "cancelling"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class StopRequest(models.TextChoices):
        """What was requested of a running attempt; later ones here are stronger, and win."""

        NONE = ""
        FINISH = "finish"  # stop training, evaluate the best checkpoint, end as completed
        EVALUATE = "cancel_and_evaluate"  # the same, but end as cancelled
        CANCEL = "cancel"  # stop after the batch
        KILL = "kill"  # end its processes now

    RUNNING = (Status.IN_PROGRESS, Status.CANCELLING)
    UNFINISHED = (Status.QUEUED, *RUNNING)
    ENDED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)
    RESUMABLE = (Status.FAILED, Status.CANCELLED)

    # What was requested
    experiment_name = models.CharField(max_length=200, db_index=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="runs")
    project = models.ForeignKey(  # lists choose by that of `ListedRun`, which has the index
        Project,
        models.PROTECT,
        default=DEFAULT_PROJECT,
        db_default=Value(DEFAULT_PROJECT),
        db_index=False,
        related_name="runs",
    )
    training_mode = models.CharField(max_length=20, default="centralized")
    source_path = models.CharField(max_length=4096)
    dataset_hash = models.CharField(
        max_length=64, null=True, blank=True, help_text="Version of the data set, where source_path names one"
    )
    config = models.JSONField()
    seed = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # of a group, its first run has it
    group = models.ForeignKey(RunGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    fold = models.PositiveIntegerField(null=True, blank=True, help_text="From 1 to the number of folds")
    folds = models.PositiveIntegerField(null=True, blank=True)
    replaced = models.BooleanField(default=False, help_text="Of a fold: a retry has taken its place in the group")
    origin = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="copies", help_text="Retried or cloned"
    )
    model_name = models.CharField(
        max_length=200, blank=True, default="", help_text="As asked for; from its start on the network that it has"
    )
    # What carried it out
    versions = models.JSONField(default=dict)
    git_commit = models.CharField(max_length=40, blank=True)
    execution = models.JSONField(
        default=list, help_text="What really trained it, each with the attempt from which on: reports.Execution"
    )
    recalibration = models.JSONField(
        null=True, blank=True, help_text="How scores become probabilities: recalibration.methods.Recalibration"
    )
    # Its present state
    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    reason = models.TextField(null=True, blank=True)
    notes = models.JSONField(default=list, help_text="Warnings that stay with the run: [{code, text}]")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    priority = models.SmallIntegerField(default=0, help_text="Of a queued run: the highest is started first")
    turn = models.DateTimeField(
        default=timezone.now, help_text="Of a queued run: among equal priorities the earliest is started first"
    )
    queued_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it waits, or waited last; moving it changes nothing"
    )
    stop_request = models.CharField(max_length=20, choices=StopRequest, blank=True, default=StopRequest.NONE)
    # Kept apart from its course: what users did to it afterwards
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Hidden since; gone after LIVETRAIN_UNDO_DAYS")
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    touched_at = models.DateTimeField(null=True, blank=True, help_text="Last tagged, revised, deleted or restored")
    description = models.TextField(blank=True, default="", help_text="What people note about it, in plain text")
    revision = models.PositiveIntegerField(default=0, help_text="Of name and description; each change raises it")
    revised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revised_at = models.DateTimeField(null=True, blank=True, help_text="When name or description were last changed")
    # Of the attempt that holds the lease. It moves along when the clock is set, or runs on while the machine sleeps:
    # it is always as long ago as the attempt has worked.
    attempt_start = models.DateTimeField(null=True, blank=True, help_text="Of the attempt under way")
    crashes = models.PositiveIntegerField(
        default=0, help_text="Attempts whose training process was killed, since a person queued the run"
    )
    meeting = models.JSONField(
        null=True, blank=True, help_text="Of several machines: {attempt, address, port} where the first one waits"
    )
    # Journal
    last_seq = models.PositiveBigIntegerField(default=0)
    # Progress
    current_epoch = models.PositiveIntegerField(null=True, blank=True)
    max_epochs = models.PositiveIntegerField()
    progress = models.FloatField(default=0.0, help_text="Share of the training steps done, 0 to 1")
    samples_per_second = models.FloatField(null=True, blank=True)
    eta_seconds = models.FloatField(null=True, blank=True)
    # Summary of the training
    dataset = models.JSONField(null=True, blank=True)
    model = models.JSONField(null=True, blank=True)
    monitor = models.CharField(max_length=50)
    best_epoch = models.PositiveIntegerField(null=True, blank=True)
    best_value = models.FloatField(null=True, blank=True)
    best_val_recall = models.FloatField(null=True, blank=True)
    best_val_recall_epoch = models.PositiveIntegerField(null=True, blank=True)
    best_val_loss = models.FloatField(null=True, blank=True)
    best_val_loss_epoch = models.PositiveIntegerField(null=True, blank=True)
    total_epochs = models.PositiveIntegerField(null=True, blank=True)
    spent_seconds = models.FloatField(default=0.0, help_text="Time in attempts that are over; waiting does not count")
    duration_seconds = models.FloatField(null=True, blank=True, help_text="Of an ended run: the time in all attempts")
    # Checkpoints, relative to the run's folder
    last_checkpoint = models.CharField(max_length=500, blank=True)
    last_checkpoint_epoch = models.PositiveIntegerField(null=True, blank=True)
    last_checkpoint_step = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Optimizer steps up to the end of that epoch"
    )
    best_checkpoint = models.CharField(max_length=500, blank=True)
    stored_checkpoint = models.JSONField(
        null=True, blank=True, help_text="The columns above as of the last epoch that is in the object store"
    )
    # Headline of the final statistics: the test split's where there is one, else the validation split's
    final_split = models.CharField(max_length=10, blank=True)
    cm_tp = models.PositiveIntegerField("TP", null=True, blank=True)
    cm_tn = models.PositiveIntegerField("TN", null=True, blank=True)
    cm_fp = models.PositiveIntegerField("FP", null=True, blank=True)
    cm_fn = models.PositiveIntegerField("FN", null=True, blank=True)
    final_precision = models.FloatField("precision", null=True, blank=True)
    final_recall = models.FloatField("recall", null=True, blank=True)
    final_f1 = models.FloatField("F1", null=True, blank=True)
    final_auroc = models.FloatField("AUROC", null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "idempotency_key"], name="one_run_per_idempotency_key"),
            models.UniqueConstraint(fields=["group", "fold"], condition=Q(replaced=False), name="one_run_per_fold"),
        ]
        indexes = [
            models.Index(fields=["status", "id"], name="run_status_id"),
            models.Index(fields=["lease_until"], name="run_running_lease", condition=Q(status="in_progress")),
            models.Index(fields=["touched_at"], name="run_touched", condition=Q(touched_at__isnull=False)),
            models.Index(fields=["deleted_at"], name="run_deleted", condition=Q(deleted_at__isnull=False)),
            # What a list is sorted by most, beside the metrics and options, which have tables of their own. The rows of
            # others' projects are passed over in the index.
            models.Index(fields=["best_value", "deleted_at", "project"], name="run_best_value"),
            *(
                models.Index(fields=[f"final_{name}", "final_split", "deleted_at", "project"], name=f"run_final_{name}")
                for name in ("precision", "recall", "f1", "auroc")
            ),
            # What Prometheus counts and sums. Of ended runs alone: their rows are written once.
            models.Index(
                fields=["status", "deleted_at", "attempt", "losses", "last_seq"],
                name="run_ended_totals",
                condition=Q(status__in=("completed", "failed", "cancelled")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.experiment_name} #{self.pk}"

    @property
    def which_fold(self) -> str:
        """The fold in words; blank for a run that is none."""
        return f"fold {self.fold} of {self.folds}" if self.fold else ""

    @property
    def folder(self) -> Path:
        """The run's own folder; its id is never reused, so no two runs share it."""
        return Path(settings.RUNS_ROOT) / str(self.pk)

    def epoch_values(self) -> Iterator[tuple[int, str, float | None]]:
        """Read epoch, name and value of each number of the epochs, in their order, without holding all of them."""
        found = self.metrics.filter(context="epoch", class_name="", client_id=None).order_by("epoch", "id")
        return found.values_list("epoch", "metric_name", "value").iterator(chunk_size=10_000)

    def history(self) -> pd.DataFrame:
        """Read the numbers of all epochs: one row per epoch, the index, and one column per metric; NaN is unknown."""
        from runs.statistics import epoch_table  # noqa: PLC0415

        return epoch_table.wide_table(epoch_table.long_table(self.epoch_values()))


class RunTag(models.Model):
    """A word that people put on a run, spelled as `tag_names` says; only `tags` writes it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tag_rows", db_index=False)
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_tag_per_run")]
        indexes = [models.Index(fields=["name", "run"], name="run_tag_name")]

    def __str__(self) -> str:
        return self.name


class RunEvent(models.Model):
    """One event of the journal: `data` is the event's JSON exactly as it is sent to clients."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveBigIntegerField()
    attempt = models.PositiveIntegerField()
    type = models.CharField(max_length=30)
    timestamp = models.CharField(max_length=27, help_text="UTC, ISO 8601, as it is sent")
    data = models.TextField()

    class Meta:
        ordering = ["run", "seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="one_event_per_seq")]
        # The few durable events among very many: storing ephemeral ones does not touch it. Not `NOT IN`, for which
        # SQLite makes a table of the types at each row, in as long as the rest of the row takes.
        indexes = [
            models.Index(
                fields=["run", "seq"],
                name="lasting_events",
                condition=Q(*(~Q(type=type_) for type_ in sorted(EPHEMERAL_TYPES))),
            )
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} event {self.seq} ({self.type})"


class RunMetric(models.Model):
    """One number of one epoch; `context` is `epoch`, or `final` for the evaluation of the best checkpoint.

    `class_name` is blank for a number of the whole split, else one class's row of a multi-class run.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metrics", db_index=False)
    epoch = models.PositiveIntegerField()
    metric_name = models.CharField(max_length=100)
    value = models.FloatField(null=True)
    dataset_type = models.CharField(max_length=10, help_text="train, val or test")
    context = models.CharField(max_length=20, default="epoch")
    class_name = models.CharField(max_length=200, blank=True, default="")
    threshold = models.FloatField(null=True, blank=True, help_text="Of final rows of a binary run")
    client_id = models.CharField(max_length=100, null=True, blank=True, help_text="Federated runs only")
    round_id = models.PositiveIntegerField(null=True, blank=True, help_text="Federated runs only")

    class Meta:
        ordering = ["run", "epoch", "id"]
        constraints = [
            # The only index: it grows at its end, and finds the epochs of a run in their order. SQL holds two nulls to
            # be different, so those of a centralized run stand for values that no client has.
            models.UniqueConstraint(
                *("run", "epoch", "metric_name", "dataset_type", "context", "class_name"),
                Coalesce("client_id", Value("")),
                Coalesce("round_id", Value(-1)),
                name="one_value_per_epoch",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} {self.metric_name}[{self.epoch}]"


class FinalResult(models.Model):
    """The best checkpoint's evaluation over one split: the whole content of a `final_stats` event."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="final_results")
    split = models.CharField(max_length=10)
    epoch = models.PositiveIntegerField()
    threshold = models.FloatField(null=True)
    class_names = models.JSONField()
    confusion_matrix = models.JSONField(help_text="n x n, row = true class, column = predicted class")
    statistics = models.JSONField()
    patients = models.PositiveIntegerField(
        null=True, help_text="Of the split; unknown: intervals treat samples as independent"
    )
    reliability = models.JSONField(default=list, help_text="Bins from low scores to high: events.ReliabilityPoint")
    operating_points = models.JSONField(default=list, help_text="Of two classes: events.OperatingPoint")
    by_patient = models.JSONField(null=True, help_text="One sample for each patient: events.PatientStats")

    class Meta:
        ordering = ["run", "-split"]
        constraints = [models.UniqueConstraint(fields=["run", "split"], name="one_final_result_per_split")]

    def __str__(self) -> str:
        return f"run {self.run_id} final {self.split}"
