"""A snapshot and the events after it give what a replay of everything gives."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.test import Client

from runs.curves.durable_index import DURABLE_INDEX
from runs.events import FinalStats
from runs.models import Run, RunEvent
from runs.serializers import event_envelope
from tests.runs.conftest import MakeRun
from tests.runs.curves.conftest import Browser, journal, resumed_twice

EVENTS = resumed_twice()
CUTS = sorted({1, 2, 3, 64, 65, 128, *range(150, len(EVENTS), 127), len(EVENTS) - 1, len(EVENTS)})


def sent(run: Run) -> list[dict[str, Any]]:
    return [msgspec.json.decode(event_envelope(event)) for event in RunEvent.objects.filter(run=run).order_by("seq")]


def snapshot(api: Client, run: Run, **parameters: Any) -> dict[str, Any]:
    response = api.get(f"/api/runs/{run.pk}/snapshot/", {"points": 100_000, **parameters})
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize("remembers", [True, False])
def test_it_and_the_rest_make_the_state_of_a_replay(
    api: Client, make_run: MakeRun, short_ranges: None, request: pytest.FixtureRequest, remembers: bool
) -> None:
    if not remembers:
        request.getfixturevalue("forgetful")
    whole = make_run(status="in_progress")
    journal(whole, EVENTS)
    replayed = Browser().take(sent(whole)).state
    assert len(replayed["curves"]["batch/loss"]) == 4 * 40
    assert set(replayed["finals"]) == {"val"}
    run, taken = make_run(status="in_progress"), 0
    for cut in CUTS:
        journal(run, EVENTS[taken:cut])
        taken = cut
        found = snapshot(api, run)
        assert found["last_seq"] == found["run"]["last_seq"] == cut
        assert Browser().adopt(found).state == Browser().take(sent(whole)[:cut]).state
        assert Browser().adopt(found).take(sent(whole)[cut:]).state == replayed
    assert run.samples.filter(type=DURABLE_INDEX).count() == len(EVENTS) // 64


def test_the_log_has_the_newest_of_all_and_of_each_lasting_type(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress")
    journal(run, EVENTS)
    events = snapshot(api, run, log=10)["events"]
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))
    assert seqs[-10:] == list(range(len(EVENTS) - 9, len(EVENTS) + 1))
    assert [event["data"] for event in events if event["type"] == "training_start"] == [
        event["data"] for event in sent(run) if event["type"] == "training_start"
    ]
    assert snapshot(api, run, log=0)["events"] == []


def test_each_matrix_is_there_once(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    classes = [f"class {label}" for label in range(30)]
    matrix = [[1000 * row + column for column in range(30)] for row in range(30)]
    numbers = {"final_auroc_cm": 0.75, "final_mcc": None}
    of_classes = {f"final_sensitivity/{name}": 0.5 for name in classes}
    ends = [
        FinalStats(
            split=split,
            epoch=3,
            threshold=None,
            confusion_matrix=matrix,
            class_names=classes,
            statistics=numbers | of_classes,
        )
        for split in ("val", "test")
    ]
    journal(run, ends)
    found = snapshot(api, run)
    assert [found["finals"][split]["confusion_matrix"] for split in ("val", "test")] == [matrix, matrix]
    assert found["finals"]["val"]["statistics"] == numbers | of_classes
    logged = [event["data"] for event in found["events"]]
    assert logged == [
        {"split": split, "epoch": 3, "threshold": None, "statistics": numbers} for split in ("val", "test")
    ]
    assert [event["seq"] for event in found["events"]] == [1, 2]


def test_a_run_that_waits_has_an_empty_one(api: Client, make_run: MakeRun) -> None:
    found = snapshot(api, make_run())
    parts = ("training_start", "progress", "step", "learning_rate", "finals", "counts", "series", "events")
    assert [found[part] for part in parts] == [None, None, 0, None, {}, {}, [], []]


def test_thinned_it_has_samples_of_the_replay_and_the_extremes(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress")
    journal(run, EVENTS)
    curves = {curve["name"]: curve for curve in snapshot(api, run, points=20)["series"]}
    replayed = Browser().take(sent(run)).state["curves"]
    loss, points = curves["batch/loss"], replayed["batch/loss"]
    assert not loss["exact"]
    assert (loss["total"], loss["nonfinite"]) == (len(points), sum(y is None for _, y in points))
    kept = list(zip(loss["x"], loss["y"], strict=True))
    assert set(kept) <= set(points)
    assert len(kept) <= 20
    known = [y for _, y in points if y is not None]
    assert {min(known), max(known)} <= set(loss["y"])


def test_only_who_is_logged_in_gets_one(make_run: MakeRun, api: Client) -> None:
    run = make_run()
    assert Client().get(f"/api/runs/{run.pk}/snapshot/").status_code == 401
    assert api.get(f"/api/runs/{run.pk + 1}/snapshot/").status_code == 404
    assert api.get(f"/api/runs/{run.pk}/snapshot/", {"points": 9}).status_code == 400
