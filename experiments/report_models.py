"""The frozen versions of reports on runs, with their files, and the texts that people write for them."""

from __future__ import annotations

from django.db import models

from runs.models import Run


class ReportText(models.Model):
    """One text for the reports on a run, as somebody wrote it; only `report_texts` adds rows, and none changes.

    The newest row of a field holds; a blank text takes the one before it back.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="report_texts", db_index=False)
    field = models.CharField(max_length=40, help_text="Of report_fields.FIELDS")
    text = models.TextField(blank=True, help_text="Plain text")
    by = models.CharField(max_length=150, help_text="Name of the user, who may be gone since")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["run", "id"], name="report_texts_of_run")]

    def __str__(self) -> str:
        return f"run {self.run_id} {self.field} by {self.by}"


class ReportVersion(models.Model):
    """A report on a run as it was made: only `report_versions` adds rows, and none changes.

    `basis` is what the report was made from, so that it can be told what of the run has changed since.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="report_versions", db_index=False)
    number = models.PositiveIntegerField(help_text="From 1, of its run")
    by = models.CharField(max_length=150, help_text="Name of the user, who may be gone since")
    at = models.DateTimeField()
    schema_version = models.PositiveIntegerField(help_text="Of report.json")
    sha256 = models.CharField(max_length=64, help_text="Of report.html")
    basis = models.JSONField(help_text="report_basis.Basis")

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_report_per_number")]

    def __str__(self) -> str:
        return f"report {self.number} on run {self.run_id}"


class ReportFile(models.Model):
    """A file of a version, compressed; `sha256` and `size` are those of its content."""

    version = models.ForeignKey(ReportVersion, on_delete=models.CASCADE, related_name="files", db_index=False)
    name = models.CharField(max_length=100, help_text="As in figures/roc-test.svg")
    size = models.PositiveIntegerField(help_text="Bytes")
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(help_text="Compressed by zlib")

    class Meta:
        ordering = ["version", "name"]
        constraints = [models.UniqueConstraint(fields=["version", "name"], name="one_report_file_per_name")]

    def __str__(self) -> str:
        return f"{self.name} of version {self.version_id}"
