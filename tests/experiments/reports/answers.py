"""What reports over REST answer, and parts of them."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from runs.derived_models import SavedPoint
from runs.models import Run


def posted(api: Client, run: Run) -> Any:
    return api.post(f"/api/runs/{run.pk}/reports/", content_type="application/json")


def made(api: Client, run: Run) -> dict[str, Any]:
    answer = posted(api, run)
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def content(api: Client, run: Run, number: int = 1) -> dict[str, Any]:
    answer = api.get(f"/api/runs/{run.pk}/reports/{number}/")
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def page_of(api: Client, run: Run, number: int = 1) -> str:
    return api.get(f"/api/runs/{run.pk}/reports/{number}/report.html").content.decode()


def tables(report: dict[str, Any], section: str) -> dict[str, list[list[str]]]:
    [found] = [one for one in report["sections"] if one["id"] == section]
    return {block["caption"]: block["rows"] for block in found["blocks"] if block["type"] == "table"}


def texts(report: dict[str, Any], section: str) -> str:
    [found] = [one for one in report["sections"] if one["id"] == section]
    return " ".join(block["text"] for block in found["blocks"] if block["type"] == "paragraph")


def saved_point(run: Run, threshold: float = 0.25) -> SavedPoint:
    numbers: dict[str, float | None] = {
        "cm_tp": 36,
        "cm_tn": 60,
        "cm_fp": 20,
        "cm_fn": 4,
        "final_sensitivity": 0.9,
        "final_specificity": 0.75,
    }
    numbers |= {f"final_{name}": 0.5 for name in ("precision_cm", "npv")}
    numbers |= {f"{name}_ci_{end}": None for name in list(numbers) for end in ("low", "high")}
    return SavedPoint.objects.create(
        run=run, attempt=run.attempt, at=timezone.now(), by="ada", reason="Miss few.", rule="sensitivity", number=0.9,
        threshold=threshold, splits={"val": numbers, "test": numbers},
    )  # fmt: skip
