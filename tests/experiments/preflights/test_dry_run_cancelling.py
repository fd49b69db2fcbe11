"""`DELETE /api/experiments/preflights/<pk>/`: a report that nobody wants any more holds no worker."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.models import Preflight
from experiments.preflights import leftover_folders, requests, state
from experiments.training.contract import preflight_report
from experiments.training.contract.config import TrainingConfig
from runs.leases import Fenced
from tests.experiments.preflights.conftest import Stuck
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

FOUND = preflight_report.Preflight(
    verdict="ready",
    findings=[],
    name="x",
    classes=[],
    counts=[],
    images=None,
    duplicates=None,
    patients=None,
    table=None,
    trial=None,
    cost=preflight_report.Cost(reading=0, comparing=0, trial=0),
)


def cancel(client: Client, pk: int) -> tuple[int, Any]:
    response = client.delete(f"/api/experiments/preflights/{pk}/")
    return response.status_code, json.loads(response.content)


def told(answer: tuple[int, Any]) -> tuple[int, str]:
    """Return status and sentence of a refusal."""
    return answer[0], answer[1]["detail"]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_queued_report_ends_at_once_and_is_never_made(api: Client, asked: Preflight) -> None:
    status, answer = cancel(api, asked.pk)
    assert (status, answer["status"], answer["problem"]) == (200, "cancelled", "Cancelled by ada.")
    assert (answer["report"], answer["may_cancel"]) == (None, False)
    assert answer["ended_at"] is not None
    assert state.claim(asked.pk, "a worker") is None
    assert state.next_queued() is None


def test_the_process_of_one_in_the_making_ends_and_its_folder_goes(api: Client, asked: Preflight, stuck: Stuck) -> None:
    pid = stuck.processes[0].pid
    assert asked.folder.exists()
    began = time.monotonic()
    assert cancel(api, asked.pk)[0] == 200
    eventually(lambda: not is_alive(pid), within=5)
    assert time.monotonic() - began < 3
    eventually(lambda: not asked.folder.exists(), within=5)
    following = requests.request(TrainingConfig.model_validate(asked.config), asked.owner)
    eventually(lambda: Preflight.objects.get(pk=following.pk).progress == "Comparing")  # the worker is free
    stuck.working.stop()
    asked.refresh_from_db()
    assert (asked.status, asked.problem, asked.worker, asked.report) == ("cancelled", "Cancelled by ada.", "", None)
    assert (asked.progress, asked.lease_until) == ("", None)


def test_its_worker_writes_nothing_after_that(api: Client, asked: Preflight) -> None:
    claimed = state.claim(asked.pk, "a worker")
    assert claimed is not None
    assert cancel(api, asked.pk)[0] == 200
    writes: list[Callable[[], None]] = [
        lambda: state.renew(asked.pk, 1, progress="on"),
        lambda: state.finish(asked.pk, 1, FOUND),
        lambda: state.fail(asked.pk, 1, "It broke."),
        lambda: state.release(asked.pk, 1),
    ]
    for write in writes:
        with pytest.raises(Fenced):
            write()
    asked.refresh_from_db()
    assert (asked.status, asked.problem) == ("cancelled", "Cancelled by ada.")
    assert state.recover_lost() == []


def test_cancelling_twice_is_cancelling_once(api: Client, asked: Preflight) -> None:
    first, second = cancel(api, asked.pk), cancel(api, asked.pk)
    assert first == second
    assert first[0] == 200


@pytest.mark.parametrize("status", ["done", "failed"])
def test_one_that_has_ended_keeps_what_was_found(api: Client, asked: Preflight, status: str) -> None:
    state.claim(asked.pk, "a worker")
    if status == "done":
        state.finish(asked.pk, 1, FOUND)
    else:
        state.fail(asked.pk, 1, "It broke.")
    before = Preflight.objects.values().get()
    detail = f"Pre-flight report {asked.pk} is {status}: there is nothing to cancel."
    assert told(cancel(api, asked.pk)) == (409, detail)
    assert Preflight.objects.values().get() == before


def test_only_its_owner_and_staff_may(api: Client, asked: Preflight) -> None:
    grace = User.objects.create_user("grace")
    theirs = requests.request(TrainingConfig.model_validate(asked.config), grace)
    detail = (
        f"Pre-flight report {theirs.pk} belongs to grace; only its owner and the admins of its project may do that."
    )
    assert told(cancel(api, theirs.pk)) == (403, detail)
    seen = json.loads(api.get(f"/api/experiments/preflights/{theirs.pk}/").content)
    assert (seen["status"], seen["may_cancel"]) == ("queued", False)
    User.objects.filter(username="ada").update(is_staff=True)
    assert cancel(api, theirs.pk)[1]["problem"] == "Cancelled by ada."


def test_one_that_does_not_exist(api: Client, client: Client, asked: Preflight) -> None:
    assert told(cancel(api, asked.pk + 1)) == (404, f"Pre-flight report {asked.pk + 1} does not exist.")
    assert client.delete(f"/api/experiments/preflights/{asked.pk}/").status_code == 401
    asked.refresh_from_db()
    assert asked.status == "queued"


def test_its_folder_is_no_longer_needed(api: Client, asked: Preflight) -> None:
    """Of one whose worker was killed together with it."""
    asked.folder.mkdir(parents=True)
    leftover_folders.clear()
    assert asked.folder.exists()
    cancel(api, asked.pk)
    leftover_folders.clear()
    assert not asked.folder.exists()
