"""GET /api/runs/<run_id>/operating-points/: what is stored, else what follows from the predictions."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client

from runs.models import Run
from runs.operating_points import recomputed_points
from runs.statistics.operating_points.applying import applied_points
from runs.statistics.operating_points.choosing import chosen_points
from runs.statistics.predictions import evaluated, scores_from_logits
from tests.runs.conftest import MakeRun, add_final, completed_columns

SIZE = 200


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    recomputed_points._computed.cache_clear()


def samples(split: str, shift: float) -> dict[str, Any]:
    random = np.random.default_rng(len(split))
    labels = np.arange(SIZE) % 2
    logits = (random.normal(size=SIZE) + shift * labels).astype(np.float32)
    return {"split": [split] * SIZE, "label": labels, "logit": logits, "score": scores_from_logits(logits)}


VAL, TEST = samples("val", 3.0), samples("test", 0.3)


def stored() -> dict[str, Any]:
    """Compute what a training stores of these samples."""
    val, test = (evaluated(part["score"], part["label"], logits=part["logit"]) for part in (VAL, TEST))
    points = chosen_points(val, 0.5)
    return {
        "val": msgspec.to_builtins(points),
        "test": msgspec.to_builtins(applied_points(test, points)),
    }


def evaluated_run(make_run: MakeRun, points: dict[str, Any] | None = None, **columns: Any) -> Run:
    run = make_run(**completed_columns() | columns)
    for split in ("val", "test"):
        add_final(run, split, {}, operating_points=(points or {}).get(split, []))
    return run


def keep_predictions(run: Run, *, logits: bool = True) -> None:
    parts = [pa.table(part | {"patient_id": pa.array([None] * SIZE, pa.string())}) for part in (VAL, TEST)]
    table = pa.concat_tables(parts)
    run.folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table if logits else table.drop_columns(["logit"]), run.folder / "predictions.parquet")


def asked(api: Client, run: Run, **parameters: Any) -> Any:
    answer = api.get(f"/api/runs/{run.pk}/operating-points/", parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()["points"]


def test_stored_points_are_joined_by_rule_and_say_what_shifts(api: Client, make_run: MakeRun) -> None:
    expected = stored()
    found = asked(api, evaluated_run(make_run, expected))
    assert [point["rule"] for point in found] == [point["rule"] for point in expected["val"]]
    wanted = {point["rule"]: point for point in found}
    high = wanted["sensitivity_95"]
    val, test = high["splits"]["val"], high["splits"]["test"]
    assert high["label"] == "Sensitivity at least 95 %"
    assert (val, test) == tuple(
        next(point["statistics"] for point in expected[split] if point["rule"] == "sensitivity_95")
        for split in ("val", "test")
    )
    assert val["final_sensitivity"] >= 0.95 > val["final_sensitivity"] - 0.05
    [shift] = [one for one in high["shifts"] if one["name"] == "final_sensitivity"]
    assert shift["difference"] == pytest.approx(test["final_sensitivity"] - val["final_sensitivity"])
    assert shift["ci_low"] < shift["difference"] < shift["ci_high"] < 0
    before, after = (f"{100 * part['final_sensitivity']:.1f} %" for part in (val, test))
    assert shift["text"].startswith(f"Sensitivity falls from {before} on validation to {after} on test, by ")
    assert shift["text"].endswith("more than chance explains.")


def test_splits_that_agree_say_nothing(api: Client, make_run: MakeRun) -> None:
    points = stored()["val"]
    found = asked(api, evaluated_run(make_run, {"val": points, "test": points}))
    assert [point["shifts"] for point in found] == [[]] * len(points)


def test_an_older_run_has_them_from_its_predictions(api: Client, make_run: MakeRun) -> None:
    run = evaluated_run(make_run)
    assert asked(api, run) is None
    keep_predictions(run)
    newer = evaluated_run(make_run, stored())
    assert asked(api, run) == asked(api, newer)
    without = evaluated_run(make_run)
    keep_predictions(without, logits=False)
    assert [point["splits"] for point in asked(api, without)] == [point["splits"] for point in asked(api, newer)]


def test_a_ratio_of_costs_adds_a_point_where_predictions_are_kept(api: Client, make_run: MakeRun) -> None:
    run = evaluated_run(make_run, stored())
    assert "cost" not in [point["rule"] for point in asked(api, run, cost_ratio=5)]
    keep_predictions(run)
    dear, cheap = (asked(api, run, cost_ratio=ratio)[-1] for ratio in (5, 0.2))
    assert (dear["rule"], dear["label"]) == (
        "cost",
        "Least cost, a missed positive costing as much as 5 false alarms",
    )
    assert dear["threshold"] < cheap["threshold"]
    assert [point["rule"] for point in asked(api, run)] == [point["rule"] for point in stored()["val"]]
    scores, labels = VAL["score"], VAL["label"]
    costs = [(5 * int((labels[scores < cut] == 1).sum()) + int((labels[scores >= cut] == 0).sum())) for cut in scores]
    least = dear["splits"]["val"]
    assert 5 * least["cm_fn"] + least["cm_fp"] == min(costs)


@pytest.mark.parametrize("ratio", ["0", "-1", "x", "1e9", "nan"])
def test_a_wrong_ratio_is_refused(api: Client, make_run: MakeRun, ratio: str) -> None:
    run = evaluated_run(make_run)
    answer = api.get(f"/api/runs/{run.pk}/operating-points/", {"cost_ratio": ratio})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cost_ratio"


def test_runs_without_two_classes_or_results_have_none(api: Client, make_run: MakeRun) -> None:
    assert asked(api, make_run()) is None
    run = make_run(**completed_columns())
    add_final(run, "val", {}, class_names=["a", "b", "c"], confusion_matrix=[[1, 0, 0]] * 3)
    assert asked(api, run) is None
    damaged = evaluated_run(make_run)
    damaged.folder.mkdir(parents=True, exist_ok=True)
    (damaged.folder / "predictions.parquet").write_bytes(b"PAR1 is no table")
    assert asked(api, damaged) is None


def test_strangers_and_missing_runs(api: Client, make_run: MakeRun) -> None:
    run = evaluated_run(make_run)
    assert Client().get(f"/api/runs/{run.pk}/operating-points/").status_code in (401, 403)
    assert api.get("/api/runs/999999/operating-points/").status_code == 404
