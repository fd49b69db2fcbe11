"""External tests: runs' models evaluated on other data sets, and how often that was done."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from experiments.work_models import ModelJob
from runs.models import Run

PREDICTIONS = "predictions.parquet"


class ExternalTest(models.Model):
    """What a run's model gives on another data set; only `external_tests.recording` writes it, and nothing changes it.

    It goes with its run, and with its job, in whose folder its `predictions.parquet` lies.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="external_tests", db_index=False)
    number = models.PositiveIntegerField(help_text="Of the run's tests, from 1; not given again")
    job = models.OneToOneField(ModelJob, on_delete=models.CASCADE, related_name="external_test")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="external_tests")
    created_at = models.DateTimeField()
    name = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=2000, blank=True)
    attempt = models.PositiveIntegerField(help_text="Of the run, whose best checkpoint it is")
    checkpoint_sha256 = models.CharField(max_length=64)
    source_path = models.CharField(max_length=4096, help_text="As it was asked for")
    content_hash = models.CharField(max_length=64, blank=True, help_text="Of a registered data set: its version")
    identity = models.CharField(max_length=64, help_text="Of the samples: split_identity")
    samples = models.PositiveIntegerField()
    patients = models.PositiveIntegerField(null=True)
    class_names = models.JSONField()
    headline = models.JSONField(help_text="The numbers of lists, at the point that is kept")
    kept = models.JSONField(help_text="All numbers at that point: external.measured")
    details = models.JSONField(help_text="The rest of external_report.report_of, and what was read")

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_external_test_per_number")]

    def __str__(self) -> str:
        """Name the run and the number."""
        return f"run {self.run_id} external test {self.number}"

    @property
    def predictions(self) -> Path:
        """Where its predictions lie."""
        return self.job.folder / PREDICTIONS


class ExternalLook(models.Model):
    """One look at another data set: an external test that somebody could see. Only `external_tests.looks` writes it.

    It stays when the test or the run is removed, because the look has happened.
    """

    identity = models.CharField(max_length=64, help_text="Of the samples, as SplitLook has it")
    run_number = models.PositiveBigIntegerField(help_text="No foreign key: runs are purged, their numbers stay")
    number = models.PositiveIntegerField(help_text="Of the external test of that run")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run_number", "number"], name="one_look_per_external_test")]
        indexes = [models.Index(fields=["identity"], name="external_look_identity")]

    def __str__(self) -> str:
        """Name the run and the samples."""
        return f"run {self.run_number} external test {self.number} on {self.identity[:12]}"
