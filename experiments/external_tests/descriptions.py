"""External tests as JSON, for the API, pages and reports alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from experiments.external_tests import looks
from experiments.models import ExternalTest
from runs.events import format_time
from runs.queries import may_change
from runs.serializers import macro, positive_class
from runs.wording.operating_point_text import point_label
from runs.wording.patient_text import patient_words

NAME = "external"
"""What stands for the split, wherever an answer has the shape of that of a split."""


def summary(test: ExternalTest) -> dict[str, Any]:
    """Return what lists show; the test's `run` must be at hand."""
    shown = test.headline
    return {
        "run_id": test.run_id,
        "number": test.number,
        "name": test.name,
        "title": title(test),
        "note": test.note,
        "owner": test.owner.get_username(),
        "created_at": format_time(test.created_at),
        "attempt": test.attempt,
        "of_this_model": test.attempt == test.run.attempt,
        "source_path": test.source_path,
        "content_hash": test.content_hash or None,
        "samples": test.samples,
        "patients": test.patients,
        "class_names": test.class_names,
        "classes": shown["classes"],
        "positive_class": positive_class(test.class_names),
        "overlap": shown["overlap"],
        "threshold": shown["threshold"],
        "point": point_words(shown),
        "statistics": shown["statistics"],
        "rechosen": shown["rechosen"] and {**shown["rechosen"], "point": point_words(shown["rechosen"])},
        "links": links(test),
    }


def title(test: ExternalTest) -> str:
    """Return what the test is called: its name, else its data."""
    return test.name or test.source_path


def links(test: ExternalTest) -> dict[str, str]:
    """Return the test's paths on this server; a test compares them with the URL names."""
    api = f"/api/runs/{test.run_id}/external-tests/{test.number}/"
    return {
        "self": api,
        "curves": f"{api}curves/",
        "samples": f"{api}samples/",
        "subgroups": f"{api}subgroups/",
        "operating_points": f"{api}operating-points/",
        "predictions": f"{api}predictions/",
        "page": f"/runs/{test.run_id}/external-tests/{test.number}/",
    }


def detail(test: ExternalTest, user: User | AnonymousUser) -> dict[str, Any]:
    """Return everything of one test: `kept`, `rechosen` and `internal` have the shape of a split's final statistics."""
    found = test.details
    return summary(test) | {
        "kept": split_of(test.kept),
        "rechosen": found["rechosen"] and split_of(found["rechosen"]),
        "rechosen_problem": found["rechosen_problem"],
        "internal": found["internal"] and {"split": found["internal"]["split"], **split_of(found["internal"])},
        "internal_problem": found["internal_problem"],
        "shift": found["shift"],
        "calibration": found["calibration"],
        "recalibrated": found["recalibrated"],
        "groups": found["groups"],
        "site": found["site"],
        "warnings": found["warnings"],
        "overlap": found["overlap"],
        "looks": looks.of_test(test),
        "reading": found["reading"],
        "left_out": found["left_out"],
        "notes": found["notes"],
        "checkpoint_sha256": test.checkpoint_sha256,
        "identity": test.identity[:12],
        "may_delete": may_change(user, test.job),
    }


def split_of(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return one evaluation as `GET /api/runs/<id>/final-stats/` has a split, with the point at which it decides."""
    names = block["class_names"]
    return {
        "threshold": block["threshold"],
        "log_odds": block["log_odds"],
        "rule": block["rule"],
        "number": block["number"],
        "point": point_words(block),
        "class_names": names,
        "positive_class": positive_class(names),
        "confusion_matrix": block["confusion_matrix"],
        "statistics": block["statistics"],
        "samples": block["samples"],
        "patients": block["patients"],
        "reliability": block["reliability"],
        "macro": macro(block["confusion_matrix"], names, block["statistics"]),
        "by_patient": _by_patient(block),
    }


def _by_patient(block: Mapping[str, Any]) -> dict[str, Any] | None:
    found = block["by_patient"]
    if found is None:
        return None
    words = patient_words(found["patients"], found["mixed"], len(block["class_names"]))
    return {
        **found,
        "macro": macro(found["confusion_matrix"], block["class_names"], found["statistics"]),
        "text": words,
    }


def point_words(point: Mapping[str, Any]) -> str:
    """Say where is decided, and by which rule."""
    if point["threshold"] is None:
        return "The class with the highest score"
    label = point_label(point["rule"], point["number"])
    where = f"logit {point['log_odds']:.6g}" if point["log_odds"] is not None else f"{point['threshold']:.6g}"
    return f"{label}: {where}"
