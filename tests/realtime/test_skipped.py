"""When ephemeral events are not sent, a marker stands for them; everything else still comes."""

from __future__ import annotations

import io

from django.contrib.auth.models import User
from django.core.management import call_command

from runs import lifecycle
from runs.events import EPHEMERAL_TYPES
from runs.models import RunEvent
from tests.realtime.listening import Listener
from tests.realtime.writing import in_thread, running_run, store_at_once, training_events
from tests.servers import WebServer

MANY = 26_000


async def test_client_very_far_behind_is_spared_old_batches(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(MANY), batch=4_000)
    listener = Listener(server, run.pk, token)
    await listener.listen_until(MANY + 2)
    got = {event["seq"] for event in listener.events}
    # By hand: an epoch ends with every 100th event of the training, which come after 2 events of status.
    assert {1, 2, *range(102, MANY + 3, 100)} <= got
    assert set(range(MANY + 2 - 5_000 + 1, MANY + 3)) <= got
    spared = {seq for first, last in listener.skipped for seq in range(first, last + 1)}
    assert len(spared) > 15_000
    assert got | spared == set(range(1, MANY + 3))
    assert await in_thread(_types, run.pk, spared) <= EPHEMERAL_TYPES


async def test_pruned_events_are_marked(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(300))
    await in_thread(_prune, run.pk, 200)
    from_start, from_within = Listener(server, run.pk, token), Listener(server, run.pk, token, after=50)
    await from_start.listen_until(302)
    assert from_start.skipped == [(3, 101), (103, 200)]
    await from_within.listen_until(302)
    assert from_within.skipped == [(51, 101), (103, 200)]
    assert [event["seq"] for event in from_within.events] == [102, *range(201, 303)]


async def test_the_stream_goes_on_over_what_the_command_pruned(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store_at_once, run, training_events(300))
    await in_thread(lifecycle.end, run.pk, run.attempt, "completed", None)
    await in_thread(call_command, "prune", "--days", "0", "--yes", stdout=io.StringIO())
    listener = Listener(server, run.pk, token)
    await listener.listen_until(304)  # 300 of the training, 2 of status before it and 2 after
    assert listener.skipped == [(3, 101), (103, 201), (203, 301)]
    assert [event["seq"] for event in listener.events] == [1, 2, 102, 202, 302, 303, 304]


def _types(run_id: int, seqs: set[int]) -> set[str]:
    events = RunEvent.objects.filter(run_id=run_id).values_list("seq", "type")
    return {type_ for seq, type_ in events if seq in seqs}


def _prune(run_id: int, until: int) -> None:
    RunEvent.objects.filter(run_id=run_id, seq__lte=until, type__in=EPHEMERAL_TYPES).delete()
