"""GET /api/runs/differences/: a badge only for what the same samples show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client

from runs.comparison import auroc_differences
from runs.models import Run
from tests.runs.conftest import MakeRun, add_final, completed_columns

URL = "/api/runs/differences/"
LABELS = np.array([0, 1] * 40)


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    auroc_differences._compared.cache_clear()


def evaluated(make_run: MakeRun, scores: Any, **changed: Any) -> Run:
    """Make a completed run with these scores of the test split, in a random order."""
    run = make_run(**completed_columns() | {"dataset_hash": changed.pop("data", "a")})
    add_final(run, "test", {"final_auroc_cm": 0.5})
    size = len(scores)
    columns = {
        "split": ["test"] * size,
        "sample_id": [f"s{number:03d}" for number in range(size)],
        "patient_id": pa.array([None] * size, pa.string()),
        "label": LABELS[:size],
        "score": np.asarray(scores, np.float64),
    } | changed
    run.folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns).take(np.random.default_rng(run.pk).permutation(size))
    pq.write_table(table, run.folder / "predictions.parquet")
    return run


def asked(api: Client, *runs: Run) -> dict[str, Any]:
    answer = api.get(URL, {"runs": ",".join(str(run.pk) for run in runs)})
    assert answer.status_code == 200, answer.content
    return answer.json()["splits"]  # type: ignore[no-any-return]


def noisy(seed: int, shift: float) -> Any:
    return np.random.default_rng(seed).normal(size=80) + shift * LABELS


def test_a_clear_difference_has_a_best_run_whatever_the_order_of_the_rows(api: Client, make_run: MakeRun) -> None:
    good, bad = evaluated(make_run, noisy(1, 4.0)), evaluated(make_run, noisy(2, 0.0))
    found = asked(api, bad, good)["test"]
    assert (found["samples"], found["patients"], found["best"], found["problem"]) == (80, None, good.pk, None)
    [against] = found["against"]
    assert against["run"] == bad.pk
    assert 0 < against["low"] < against["difference"] < against["high"]


def test_noise_has_no_best_run(api: Client, make_run: MakeRun) -> None:
    one, other = evaluated(make_run, noisy(3, 2.0)), evaluated(make_run, noisy(4, 2.0))
    found = asked(api, one, other)["test"]
    assert (found["best"], found["samples"]) == (None, 80)
    assert found["highest"] in (one.pk, other.pk)
    assert found["against"][0]["low"] < 0 < found["against"][0]["high"]


def test_the_best_run_is_better_than_each_other_one(api: Client, make_run: MakeRun) -> None:
    """Two good ones that cannot be told apart: beating the third is not enough."""
    runs = [evaluated(make_run, noisy(5, 3.0)), evaluated(make_run, noisy(6, 3.0)), evaluated(make_run, noisy(7, 0.0))]
    assert asked(api, *runs)["test"]["best"] is None


def test_patients_count_instead_of_their_images(api: Client, make_run: MakeRun) -> None:
    patients = pa.array([f"p{number // 20}" for number in range(80)])
    good = evaluated(make_run, noisy(1, 1.2), patient_id=patients)
    bad = evaluated(make_run, noisy(2, 0.0), patient_id=patients)
    found = asked(api, good, bad)["test"]
    assert (found["samples"], found["patients"]) == (80, 4)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"data": "b"}, "different data"),
        ({"sample_id": [f"t{number}" for number in range(80)]}, "different samples: they share none"),
        ({"label": 1 - LABELS}, "different labels"),
        ({"sample_id": ["same"] * 80}, "no scores"),
    ],
)
def test_runs_of_other_samples_are_not_compared(
    api: Client, make_run: MakeRun, changed: dict[str, Any], problem: str
) -> None:
    one, other = evaluated(make_run, noisy(1, 3.0)), evaluated(make_run, noisy(2, 0.0), **changed)
    found = asked(api, one, other)["test"]
    assert (found["best"], found["against"]) == (None, [])
    assert problem in found["problem"]


def test_what_is_missing_now_is_not_remembered(api: Client, make_run: MakeRun) -> None:
    one, other = evaluated(make_run, noisy(1, 4.0)), evaluated(make_run, noisy(2, 0.0))
    file = other.folder / "predictions.parquet"
    content = file.read_bytes()
    file.write_bytes(b"PAR1 is no table")
    assert "no scores" in asked(api, one, other)["test"]["problem"]
    file.unlink()
    assert "no scores" in asked(api, one, other)["test"]["problem"]
    file.write_bytes(content)
    assert asked(api, one, other)["test"]["best"] == one.pk
    file.unlink()
    assert asked(api, one, other)["test"]["best"] == one.pk  # remembered


def test_one_class_one_run_and_wrong_requests(api: Client, make_run: MakeRun) -> None:
    zeros = np.zeros(80, np.int64)
    one, other = (evaluated(make_run, noisy(seed, 0.0), label=zeros) for seed in (1, 2))
    assert "one class" in asked(api, one, other)["test"]["problem"]
    assert asked(api, one) == {}
    assert api.get(URL).status_code == 400
    assert api.get(URL, {"runs": "x"}).status_code == 400
    assert api.get(URL, {"runs": ",".join(map(str, range(1, 22)))}).status_code == 400
    assert Client().get(URL, {"runs": "1,2"}).status_code in (401, 403)
