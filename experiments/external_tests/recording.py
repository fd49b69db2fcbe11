"""Record what an external test has found: the only writer of `ExternalTest`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from audit.recording import record
from experiments.external_tests import looks
from experiments.models import ExternalTest, ModelJob
from runs.models import Run

HEADLINE = (
    *("final_auroc_cm", "final_sensitivity", "final_specificity", "final_accuracy_cm", "final_balanced_accuracy"),
    *("final_brier", "final_calibration_slope"),
)
ENDS = ("", "_ci_low", "_ci_high")


def add(model_job: ModelJob, result: Mapping[str, Any]) -> ExternalTest:
    """Add the row of a job that has ended, in the transaction of that; `result` is what the recipe returned."""
    Run.objects.select_for_update(no_key=True).only("pk").get(pk=model_job.run_id)  # numbers are given one by one
    options, kept = model_job.options, result["kept"]
    test = ExternalTest.objects.create(
        run_id=model_job.run_id,
        number=looks.next_number(model_job.run_id),
        job=model_job,
        owner_id=model_job.owner_id,
        created_at=timezone.now(),
        name=options.get("name", ""),
        note=options.get("note", ""),
        attempt=result["attempt"],
        checkpoint_sha256=result["checkpoint_sha256"],
        source_path=options["source_path"],
        content_hash=result["content_hash"] or "",
        identity=result["identity"],
        samples=kept["samples"],
        patients=kept["patients"],
        class_names=kept["class_names"],
        headline=headline(result),
        kept=kept,
        details={name: value for name, value in result.items() if name != "kept"},
    )
    looks.add(test)
    record("external_test.added", target=test.run, number=test.number, source_path=test.source_path)
    return test


def headline(result: Mapping[str, Any]) -> dict[str, Any]:
    """Choose what lists show: the main numbers with their intervals, classes, overlap, and of the re-chosen point."""
    rechosen = result["rechosen"]
    return {
        "statistics": _chosen(result["kept"]["statistics"]),
        "rechosen": rechosen and {**_point(rechosen), "statistics": _chosen(rechosen["statistics"])},
        "classes": result["kept"]["classes"],
        "overlap": result["overlap"]["level"],
        **_point(result["kept"]),
    }


def _chosen(statistics: Mapping[str, Any]) -> dict[str, Any]:
    names = [f"{name}{end}" for name in HEADLINE for end in ENDS]
    return {name: statistics[name] for name in names if name in statistics}


def _point(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: block[name] for name in ("rule", "number", "threshold", "log_odds")}
