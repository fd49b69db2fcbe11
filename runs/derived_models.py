"""Rows beside those of `models`.

Most are derived from the journal and the metrics, so that lists and charts need not read those; some outlive them. A
saved point is what a person decided of a result, a stored file what lies in the object store.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value

from access.default_project import DEFAULT_PROJECT
from access.models import Project


class RunSamples(models.Model):
    """The samples of one event type in a range of the journal, encoded; only `samples.compiling` writes them.

    The ranges of a run follow each other without gaps and never change. Each has a row of type `landmarks`, also when
    it has no samples: that row says that the range is complete, and where its durable events are.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="samples")
    type = models.CharField(max_length=30)
    first_seq = models.PositiveBigIntegerField()
    last_seq = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField(help_text="Samples")
    names = models.TextField(help_text="The curves in it, as a JSON array")
    data = models.BinaryField()

    class Meta:
        ordering = ["run", "type", "first_seq"]
        constraints = [models.UniqueConstraint(fields=["run", "type", "first_seq"], name="one_chunk_per_range")]

    def __str__(self) -> str:
        """Name the run, the type and the range."""
        return f"run {self.run_id} {self.type} {self.first_seq} to {self.last_seq}"


class PackedEvents(models.Model):
    """The ephemeral events of a range of the journal of an ended run, in place of their rows.

    Only `curves.journal_packing` writes them, and `packed_journal.packed_events` removes them. A range without events
    has a row too, which says that it is done.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="packed_events", db_index=False)
    first_seq = models.PositiveBigIntegerField()
    last_seq = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField(help_text="Events")
    data = models.BinaryField()

    class Meta:
        ordering = ["run", "first_seq"]
        constraints = [models.UniqueConstraint(fields=["run", "first_seq"], name="one_packed_range")]

    def __str__(self) -> str:
        """Name the run and the range."""
        return f"run {self.run_id} events {self.first_seq} to {self.last_seq}"


class MetricSummary(models.Model):
    """The values of one metric that a list shows, so that it need not read the epochs.

    Only `metric_summaries` writes it. It covers the whole split of a centralized run. A final statistic has one value,
    of the test split if there is one; a metric of the epochs has one per epoch, and the monitored one a curve too.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="metric_summaries", db_index=False)
    name = models.CharField(max_length=100)
    last = models.FloatField(null=True)
    last_epoch = models.PositiveIntegerField()
    low = models.FloatField(null=True, help_text="Lowest finite value")
    high = models.FloatField(null=True, help_text="Highest finite value")
    curve = models.JSONField(null=True, help_text="As in `sparklines`")

    class Meta:
        ordering = ["run", "name"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_summary_per_metric")]
        # What a list is sorted by, in the order of the sorting.
        indexes = [
            models.Index(fields=["name", part, "run"], name=f"summary_{part}") for part in ("last", "low", "high")
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} {self.name}"


class SplitLook(models.Model):
    """One look at a test split: an evaluation of a run whose result people could see. Only `split_looks` writes it.

    It stays when its run is purged, because the look has happened; of the run it keeps the numbers alone.
    """

    identity = models.CharField(max_length=64, help_text="Of the split's samples: FinalStats.split_identity")
    run_number = models.PositiveBigIntegerField(help_text="No foreign key: runs are purged, their numbers stay")
    group_number = models.PositiveBigIntegerField(null=True, help_text="Of a fold, its group")
    attempt = models.PositiveIntegerField()
    at = models.DateTimeField(help_text="When the evaluation had ended")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["identity", "run_number", "attempt"], name="one_look_per_attempt")
        ]
        indexes = [models.Index(fields=["run_number"], name="look_of_run")]

    def __str__(self) -> str:
        return f"run {self.run_number} attempt {self.attempt} on {self.identity[:12]}"


class SavedPoint(models.Model):
    """An operating point that a user saved with a run, or took back. Only `point_history` adds rows; none changes.

    The newest row of the run's present attempt holds: what a later attempt evaluates has other scores. A row without a
    rule withdraws the point before it, and the run's own threshold holds again.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="saved_points")
    attempt = models.PositiveIntegerField(help_text="Whose evaluation it is of")
    at = models.DateTimeField()
    by = models.CharField(max_length=150, help_text="Name of the user, who may be gone since")
    reason = models.CharField(max_length=1000)
    rule = models.CharField(max_length=20, blank=True, help_text="Of operating_points.rules.SAVED; blank: withdrawn")
    number = models.FloatField(null=True, help_text="Of the rule: a ratio of costs, a least share, a typed threshold")
    threshold = models.FloatField(null=True)
    log_odds = models.FloatField(null=True, help_text="Decide instead, where scores do not")
    test_known = models.BooleanField(default=False, help_text="Whether there were test numbers to see at that moment")
    splits = models.JSONField(default=dict, help_text="What it gave on each split: OperatingPoint.statistics")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"run {self.run_id} {self.rule or 'withdrawn'} by {self.by}"


class KnownColumn(models.Model):
    """A configuration's path or a metric's name that some run has had: what a list can show and sort by."""

    class Kind(models.TextChoices):
        """The two kinds of columns."""

        CONFIG = "config"
        METRIC = "metric"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=300)
    since = models.PositiveBigIntegerField(
        default=0, help_text="Of an option, the first run that had it; older ones have no value"
    )
    common_number = models.FloatField(null=True, help_text="The value of all runs since then that have no OptionValue")
    common_text = models.CharField(max_length=200, null=True)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_column_per_name")]

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


class OptionValue(models.Model):
    """The value of an option of a run, where it is not the common one; only `option_values` writes it.

    Of number and text at least one is null; both are where the run has no value, and others have.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="option_values", db_index=False)
    column = models.ForeignKey(KnownColumn, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.FloatField(null=True)
    text = models.CharField(max_length=200, null=True)

    class Meta:
        ordering = ["run", "column"]
        constraints = [models.UniqueConstraint(fields=["run", "column"], name="one_value_per_option")]
        # What a list is sorted by, in the order of the sorting.
        indexes = [
            models.Index(
                fields=["column", part, "run"], name=f"option_{part}", condition=Q(**{f"{part}__isnull": False})
            )
            for part in ("number", "text")
        ]

    def __str__(self) -> str:
        """Name the run and the option."""
        return f"run {self.run_id} {self.column}"


class ListedRun(models.Model):
    """What lists choose runs by, count and describe, and the texts that a search looks into: columns of `Run` again.

    A run's own row is many times as long, so reading those of all runs takes many times as long. Triggers of the
    database keep this table (`summaries.listed_runs`), whoever changes a run, in the same statement.
    """

    id = models.BigAutoField(primary_key=True, help_text="The run's")
    owner = models.ForeignKey("auth.User", models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    group = models.ForeignKey(
        "runs.RunGroup", models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    project = models.ForeignKey(
        Project,
        models.DO_NOTHING,
        default=DEFAULT_PROJECT,
        db_default=Value(DEFAULT_PROJECT),
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    experiment_name = models.CharField(max_length=200)
    source_path = models.CharField(max_length=4096)
    model_name = models.CharField(max_length=200)
    status = models.CharField(max_length=20)
    training_mode = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    final_split = models.CharField(max_length=10)
    final_precision = models.FloatField(null=True)
    final_recall = models.FloatField(null=True)
    final_f1 = models.FloatField(null=True)
    final_auroc = models.FloatField(null=True)
    mark = models.BigIntegerField(help_text="A random number, another one after each change")
    words = models.TextField(help_text="All texts of the run in capitals as the database makes them, one a line")

    class Meta:
        ordering = ["-id"]
        indexes = [
            # All that facets count. `deleted_at` is last: in front it would draw every list away from the runs' order.
            models.Index(
                fields=["status", "owner", "source_path", "model_name", "project", "deleted_at"], name="listed_facets"
            ),
            # What groups count, each in the order of its groups; by the sum of marks it is known which have changed.
            *(
                models.Index(fields=[column, "status", "deleted_at", "mark", "id", "project"], name=f"listed_{name}")
                for name, column in (
                    ("owners", "owner"), ("data", "source_path"), ("networks", "model_name"),
                    ("experiments", "experiment_name"),
                )
            ),
            # The newest of a project.
            models.Index(fields=["project", "deleted_at", "id"], name="listed_project"),
            models.Index(
                fields=["group", "status", "deleted_at", "mark", "id", "project"],
                name="listed_groups",
                condition=Q(group__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        """Name the run."""
        return f"{self.experiment_name} #{self.pk}"


class RunDiskUsage(models.Model):
    """The bytes that the files of an ended run take; only `quotas.disk_usage` writes it.

    The run's project stands here too, so that the sum of a project reads nothing but an index.
    """

    run = models.OneToOneField("runs.Run", on_delete=models.CASCADE, primary_key=True, related_name="disk_usage")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False, related_name="+")
    attempt = models.PositiveIntegerField(help_text="After which one they were measured")
    size = models.PositiveBigIntegerField(help_text="Bytes")
    at = models.DateTimeField()

    class Meta:
        ordering = ["run"]
        indexes = [models.Index(fields=["project", "size"], name="disk_usage_project")]

    def __str__(self) -> str:
        """Name the run and the size."""
        return f"run {self.run_id}: {self.size} bytes"


class StoredFile(models.Model):
    """A file of a run in the object store; only `stored_files` writes it, only for the newest attempt.

    What is stored under a key never changes: a new version of the file gets a key of its own, and this row.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="stored_files")
    name = models.CharField(max_length=1000, help_text="Relative to the run's folder")
    key = models.CharField(max_length=200, db_index=True, help_text="Below the prefix of the setting")
    attempt = models.PositiveIntegerField(help_text="Which one stored it")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    modified = models.DateTimeField(help_text="When the file was last written, to the microsecond")

    class Meta:
        ordering = ["run", "name"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_stored_file_per_name")]

    def __str__(self) -> str:
        """Name the run and the file."""
        return f"run {self.run_id} {self.name}"


class StatusChange(models.Model):
    """A change of a run's status that is still to be followed up; only `changes.status_changes` writes and removes it.

    `seq` is its number in the run's journal. A blank `previous` is that of a new run.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="status_changes")
    attempt = models.PositiveIntegerField()
    seq = models.PositiveBigIntegerField()
    status = models.CharField(max_length=20)
    previous = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    timestamp = models.CharField(max_length=27, help_text="UTC, ISO 8601, as in the journal")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        """Name the run and what became of it."""
        return f"run {self.run_id}: {self.previous or 'new'} to {self.status}"
