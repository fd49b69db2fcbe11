"""POST /api/runs/<id>/operating-point/: who may save which point, what is kept of it, and what is refused."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.test import Client
from sklearn.metrics import confusion_matrix

from runs.derived_models import SavedPoint
from runs.models import FinalResult, Run
from runs.operating_points import recomputed_points
from tests.runs.conftest import MakeRun, add_final
from tests.runs.operating_points.test_points_of_runs import TEST, VAL, evaluated_run, keep_predictions, stored
from tests.tokens import new_token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    recomputed_points._computed.cache_clear()


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make an ended run with its predictions."""
    run = evaluated_run(make_run, stored())
    keep_predictions(run)
    return run


def address(run: Run, action: str = "") -> str:
    return f"/api/runs/{run.pk}/operating-point/{action}"


def post(client: Client, path: str, body: Any, status: int = 201) -> Any:
    answer = client.post(path, json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def save(client: Client, run: Run, status: int = 201, **body: Any) -> Any:
    return post(client, address(run), {"reason": "We cannot miss one."} | body, status)


def read(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.json()


def counts(splits: Any, split: str) -> list[float]:
    return [splits[split][name] for name in ("cm_tn", "cm_fp", "cm_fn", "cm_tp")]


def counted(part: dict[str, Any], threshold: float) -> list[int]:
    found: list[int] = confusion_matrix(part["label"], part["score"] >= threshold).ravel().tolist()
    return found


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ({"rule": "sensitivity", "at_least": 0.97}, "Sensitivity at least 97 %"),
        ({"rule": "specificity", "at_least": 0.9}, "Specificity at least 90 %"),
        ({"rule": "cost", "cost_ratio": 5}, "Least cost, a missed positive costing as much as 5 false alarms"),
        ({"rule": "youden"}, "Highest sensitivity + specificity (Youden)"),
        ({"rule": "f1"}, "Highest F1"),
        ({"rule": "hand", "threshold": 0.4}, "Set by hand"),
    ],
)
def test_a_point_is_saved_with_its_numbers_on_both_splits(
    api: Client, run: Run, body: dict[str, Any], label: str
) -> None:
    saved = save(api, run, **body)["operating_point"]
    assert (saved["rule"], saved["label"], saved["by"]) == (body["rule"], label, "ada")
    assert saved["reason"] == "We cannot miss one."
    for split, part in (("val", VAL), ("test", TEST)):
        assert counts(saved["splits"], split) == counted(part, saved["threshold"])
        called = part["score"].astype(np.float32) >= np.float32(saved["threshold"])
        assert (called == (part["score"] >= saved["threshold"])).all()
    assert saved["decided"].startswith("Saved by ada on 20")
    found = read(api, f"/api/runs/{run.pk}/")["operating_point"]
    assert found == saved == read(api, address(run))["operating_point"]
    assert read(api, f"/api/runs/{run.pk}/snapshot/")["run"]["operating_point"] == saved


def test_rules_keep_what_they_promise_on_validation(api: Client, run: Run) -> None:
    high = save(api, run, rule="sensitivity", at_least=0.97)["operating_point"]["splits"]["val"]
    cuts = [counted(VAL, cut) for cut in VAL["score"]]
    assert high["final_sensitivity"] >= 0.97
    assert high["cm_fp"] == min(fp for _, fp, _, tp in cuts if tp >= 97)
    clear = save(api, run, rule="specificity", at_least=0.9)["operating_point"]["splits"]["val"]
    assert clear["final_specificity"] >= 0.9
    presets = {point["rule"]: point for point in read(api, f"/api/runs/{run.pk}/operating-points/")["points"]}
    youden = save(api, run, rule="youden")["operating_point"]
    assert [youden[name] for name in ("threshold", "log_odds", "splits")] == [
        presets["youden"][name] for name in ("threshold", "log_odds", "splits")
    ]


def test_a_shift_between_the_splits_is_said_of_a_saved_point_too(api: Client, run: Run) -> None:
    for body in ({"rule": "youden"}, {"rule": "hand", "threshold": 0.7}):
        [shift, *_] = save(api, run, **body)["operating_point"]["shifts"]
        assert shift["text"].startswith("Sensitivity falls from ")
        assert shift["text"].endswith("more than chance explains.")


def test_by_hand_says_that_test_numbers_were_known(api: Client, run: Run) -> None:
    told = save(api, run, rule="hand", threshold=0.4)["operating_point"]
    assert (told["chosen_on"], told["test_known"], told["number"]) == ("hand", True, 0.4)
    assert told["origin"].startswith("Set by hand while the numbers of the test split were there to see")
    ruled = save(api, run, rule="f1")["operating_point"]
    assert (ruled["chosen_on"], ruled["origin"][:30]) == ("val", "Chosen on the validation split")


def test_without_a_test_split_nothing_is_known_of_it(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="completed", attempt=1)
    add_final(run, "val", {}, operating_points=stored()["val"])
    run.folder.mkdir(parents=True)
    nobody = pa.array([None] * len(VAL["label"]), pa.string())
    pq.write_table(pa.table(VAL | {"patient_id": nobody}), run.folder / "predictions.parquet")
    told = save(api, run, rule="hand", threshold=0.4)["operating_point"]
    assert (told["test_known"], set(told["splits"]), told["shifts"]) == (False, {"val"}, [])
    assert told["origin"] == "Set by hand, not chosen by a rule on validation."


def test_a_threshold_at_a_score_is_moved_between_its_neighbours(api: Client, run: Run) -> None:
    score = float(np.sort(VAL["score"])[50])
    saved = save(api, run, rule="hand", threshold=score)["operating_point"]
    assert saved["number"] == score
    both = np.sort(np.concatenate([VAL["score"], TEST["score"]]))
    below = float(both[both < score].max())
    assert saved["threshold"] == float(np.float32((below + score) / 2))
    for split, part in (("val", VAL), ("test", TEST)):
        assert counts(saved["splits"], split) == counted(part, score)


def test_the_history_stays_and_a_withdrawal_is_part_of_it(api: Client, run: Run) -> None:
    save(api, run, rule="youden", reason="First thought.")
    save(api, run, rule="f1", reason="Second thought.")
    answer = post(api, address(run, "withdraw/"), {"reason": "Both were wrong."}, 200)
    assert answer["operating_point"] is None
    told = read(api, address(run))
    assert told["operating_point"] is None
    assert [(one["rule"], one["reason"]) for one in told["history"]] == [
        (None, "Both were wrong."), ("f1", "Second thought."), ("youden", "First thought."),
    ]  # fmt: skip
    assert told["history"][0]["decided"].startswith("Withdrawn by ada on ")
    assert read(api, f"/api/runs/{run.pk}/")["operating_point"] is None
    again = post(api, address(run, "withdraw/"), {"reason": "Once more."}, 409)
    assert again["detail"] == f"Run {run.pk} has no saved operating point; its own threshold holds."
    assert save(api, run, rule="f1")["operating_point"]["rule"] == "f1"


def test_the_log_says_who_decided_what(api: Client, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "experiments.api.operating_point"):
        saved = save(api, run, rule="youden", reason="We cannot\nmiss one.")["operating_point"]
    [line] = [record.message for record in caplog.records if "operating point" in record.message]
    threshold = f"{saved['threshold']:.6g}"
    assert line == (f"run {run.pk}: operating point saved (youden, threshold {threshold}) by ada: We cannot miss one.")


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "rule", "required"),
        ({"rule": "best"}, "rule", "not a valid choice"),
        ({"rule": "sensitivity"}, "at_least", "The rule sensitivity needs it. Write a number from 0.01 to 1"),
        ({"rule": "sensitivity", "at_least": 95}, "at_least", "Write a number from 0.01 to 1, such as 0.95."),
        ({"rule": "cost", "cost_ratio": 0}, "cost_ratio", "Write a number from 0.001 to 1000."),
        ({"rule": "cost", "cost_ratio": "nan"}, "cost_ratio", "Write a number from 0.001 to 1000."),
        ({"rule": "hand", "threshold": 1.5}, "threshold", "Write a score from 0 to 1"),
        ({"rule": "hand", "threshold": True}, "threshold", "Write a score from 0 to 1"),
        ({"rule": "sensitivity", "at_least": True}, "at_least", "Write a number from 0.01 to 1"),
        ({"rule": "hand", "threshold": "x"}, "threshold", "Write a score from 0 to 1"),
        ({"rule": "youden", "threshold": 0.5}, "threshold", "The rule youden has none; leave it out."),
        ({"rule": "youden", "reason": "  "}, "reason", "Write why"),
        ({"rule": "youden", "reason": None}, "reason", "Write why"),
        ({"rule": "youden", "reason": "x" * 1001}, "reason", "1000"),
        ({"rule": "youden", "why": "x"}, "why", "Unknown parameter"),
    ],
)
def test_wrong_requests_name_the_field(api: Client, run: Run, body: dict[str, Any], field: str, message: str) -> None:
    [error] = save(api, run, 400, **body)["errors"]
    assert error["field"] == field
    assert message in error["message"]
    assert not SavedPoint.objects.exists()


def test_a_missing_reason_is_asked_for(api: Client, run: Run) -> None:
    [error] = post(api, address(run), {"rule": "youden"}, 400)["errors"]
    assert (error["pointer"], error["detail"]) == ("#/reason", "Write why: those who use the threshold read it.")
    save(api, run, rule="youden")
    [error] = post(api, address(run, "withdraw/"), {}, 400)["errors"]
    assert error["field"] == "reason"


@pytest.mark.parametrize(("threshold", "which"), [(0, "every"), (1, "no")])
def test_a_threshold_that_decides_nothing_is_refused(api: Client, run: Run, threshold: float, which: str) -> None:
    told = save(api, run, 409, rule="hand", threshold=threshold)["detail"]
    assert f"calls {which} sample of the validation split positive" in told


def test_a_rule_that_nothing_keeps_is_refused_in_words(api: Client, run: Run) -> None:
    wrong = VAL | {"score": 1 - VAL["score"], "logit": -VAL["logit"]}
    parts = [
        pa.table(part | {"patient_id": pa.array([None] * len(part["label"]), pa.string())}) for part in (wrong, TEST)
    ]
    pq.write_table(pa.concat_tables(parts), run.folder / "predictions.parquet")
    assert save(api, run, 409, rule="youden")["detail"] == "On validation no threshold is better than chance."


def test_runs_without_what_it_needs_are_refused_in_words(api: Client, run: Run, make_run: MakeRun) -> None:
    def refused(other: Run) -> str:
        told: str = save(api, other, 409, rule="youden")["detail"]
        assert not SavedPoint.objects.exists()
        return told

    queued = make_run()
    assert refused(queued) == f"Run {queued.pk} is queued: save an operating point when it has ended."
    assert read(api, address(queued))["obstacle"] == refused(queued)
    running = make_run(status="in_progress")
    assert refused(running) == f"Run {running.pk} is in progress: save an operating point when it has ended."
    failed = make_run(status="failed")
    assert "has no final evaluation" in refused(failed)
    several = make_run(status="completed")
    add_final(several, "val", {}, class_names=["a", "b", "c"], confusion_matrix=[[1, 0, 0]] * 3)
    assert "has 3 classes: it predicts the class with the highest score" in refused(several)
    (run.folder / "predictions.parquet").unlink()
    assert "has no predictions.parquet" in refused(run)
    FinalResult.objects.filter(run=run, split="val").delete()
    assert "has no evaluation of its validation split" in refused(run)


def test_a_later_attempt_has_no_point_of_a_former_one(api: Client, run: Run) -> None:
    save(api, run, rule="youden")
    Run.objects.filter(pk=run.pk).update(attempt=2)
    told = read(api, address(run))
    assert told["operating_point"] is None
    assert [one["attempt"] for one in told["history"]] == [1]
    assert read(api, f"/api/runs/{run.pk}/")["operating_point"] is None


def test_others_see_it_and_only_owner_and_staff_save(api: Client, run: Run) -> None:
    def client_of(name: str, **rights: Any) -> Client:
        token = new_token(User.objects.create_user(name, **rights))
        return Client(headers={"authorization": f"Token {token}"})

    saved = save(api, run, rule="youden")["operating_point"]
    other, staff = client_of("grace"), client_of("root", is_staff=True)
    assert read(other, address(run))["operating_point"] == saved
    told = save(other, run, 403, rule="f1")["detail"]
    assert told == f"Run {run.pk} belongs to ada; only its owner and the admins of its project may do that."
    post(other, address(run, "withdraw/"), {"reason": "No."}, 403)
    assert save(staff, run, rule="f1")["operating_point"]["by"] == "root"
    assert Client().get(address(run)).status_code in (401, 403)
    for path in ("/api/runs/999999/operating-point/", "/api/runs/999999/operating-point/withdraw/"):
        post(api, path, {"rule": "youden", "reason": "x"} if path.endswith("point/") else {"reason": "x"}, 404)
    assert api.get("/api/runs/999999/operating-point/").status_code == 404
