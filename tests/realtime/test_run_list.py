"""`ws/runs/`: all unfinished runs at once, then what changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from websockets.asyncio.client import ClientConnection

from runs import lifecycle
from runs.models import Run
from runs.queries import with_summary
from runs.removal import deletion
from runs.scheduling import workers
from runs.serializers import run_summary
from runs.tagging import tags
from tests.realtime.listening import frame, socket
from tests.realtime.writing import come_back, in_thread, queued_run, running_run, store_at_rate, training_events
from tests.servers import WebServer

Message = dict[str, Any]


async def until(opened: ClientConnection, found: Callable[[Message], bool]) -> list[Message]:
    """Receive messages up to the first that is the one."""
    received: list[Message] = []
    while not any(found(message) for message in received):
        received += await frame(opened)
    return received


def summary_of(run: Run, status: str) -> Callable[[Message], bool]:
    return lambda message: (
        message["type"] == "run_summary" and message["run_id"] == run.pk and message["data"]["status"] == status
    )


def statuses(received: list[Message], run: Run) -> list[str]:
    return [m["data"]["status"] for m in received if m["type"] == "run_status" and m["run_id"] == run.pk]


async def test_starts_with_unfinished_runs(server: WebServer, owner: User, token: str) -> None:
    ended, queued, running = await in_thread(_three_runs, owner)
    async with socket(server, "/ws/runs/", token) as opened:
        first = await frame(opened)
    assert [(message["type"], message.get("run_id")) for message in first] == [
        ("run_summary", queued.pk),
        ("run_summary", running.pk),
        ("queue", None),
    ]
    assert first[1]["data"] == await in_thread(_summary, running)
    assert first[1]["timestamp"].endswith("Z")
    assert ended.pk < queued.pk


async def test_of_many_unfinished_runs_those_that_matter_come_and_none_twice(
    server: WebServer, owner: User, token: str
) -> None:
    running, touched, newest = await in_thread(_many_runs, owner)
    async with socket(server, "/ws/runs/", token) as opened:
        received = await frame(opened)
        lasting = await in_thread(queued_run, owner)
        received += await until(opened, summary_of(lasting, "queued"))
    numbers = [message["run_id"] for message in received if message["type"] == "run_summary"]
    assert len(numbers) == len(set(numbers)) == 51
    assert {running.pk, touched.pk, newest.pk, lasting.pk} <= set(numbers)


def _many_runs(owner: User) -> tuple[Run, Run, Run]:
    running, touched = running_run(owner), queued_run(owner)
    for _ in range(58):
        newest = queued_run(owner)
    tags.change(touched.pk, ["looked-at"], [])
    return running, touched, newest


async def test_new_run_appears_and_is_followed_to_its_end(server: WebServer, owner: User, token: str) -> None:
    before = await in_thread(running_run, owner)
    async with socket(server, "/ws/runs/", token) as opened:
        await until(opened, summary_of(before, "in_progress"))
        run = await in_thread(queued_run, owner)
        received = await until(opened, summary_of(run, "queued"))
        claimed = await in_thread(lifecycle.claim, run.pk, "tester")
        assert claimed is not None
        received += await until(opened, summary_of(run, "in_progress"))
        await in_thread(lifecycle.end, run.pk, claimed.attempt, "completed", None)
        received += await until(opened, summary_of(run, "completed"))
    assert statuses(received, run) == ["queued", "in_progress", "completed"]
    assert received[-1]["data"] == await in_thread(_summary, run)


async def test_run_that_begins_and_ends_between_two_looks(server: WebServer, owner: User, token: str) -> None:
    before = await in_thread(running_run, owner)
    async with socket(server, "/ws/runs/", token) as opened:
        await until(opened, summary_of(before, "in_progress"))
        run = await in_thread(_brief_run, owner)
        received = await until(opened, summary_of(run, "cancelled"))
        assert statuses(received, run) == ["queued", "cancelled"]


async def test_ended_run_that_comes_back(server: WebServer, owner: User, token: str) -> None:
    ended, queued, _ = await in_thread(_three_runs, owner)
    async with socket(server, "/ws/runs/", token) as opened:
        await until(opened, summary_of(queued, "queued"))
        await in_thread(come_back, ended)
        received = await until(opened, summary_of(ended, "in_progress"))
    assert statuses(received, ended) == ["in_progress"]


async def test_at_most_four_summaries_a_second(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    async with socket(server, "/ws/runs/", token) as opened:
        await until(opened, summary_of(run, "in_progress"))
        start = time.monotonic()
        await in_thread(store_at_rate, run, training_events(400), per_second=200)
        await in_thread(lifecycle.end, run.pk, run.attempt, "completed", None)
        received = await until(opened, summary_of(run, "completed"))
        seconds = time.monotonic() - start
    summaries = [message for message in received if message["type"] == "run_summary"]
    assert 2 <= len(summaries) <= 4 * seconds + 2
    assert [m["data"]["last_seq"] for m in summaries] == sorted({m["data"]["last_seq"] for m in summaries})


def _three_runs(owner: User) -> tuple[Run, Run, Run]:
    return _brief_run(owner), queued_run(owner), running_run(owner)


def _brief_run(owner: User) -> Run:
    run = queued_run(owner)
    assert lifecycle.cancel(run.pk, "Not wanted.")
    return run


def _summary(run: Run) -> dict[str, Any]:
    return run_summary(with_summary(Run.objects.all()).get(pk=run.pk))


def queue_with(position: int, run: Run) -> Callable[[Message], bool]:
    """Match a message of the queue that gives the run this place."""
    return lambda message: (
        message["type"] == "queue"
        and any((one["run_id"], one["queue_position"]) == (run.pk, position) for one in message["data"]["runs"])
    )


async def test_who_waits_hears_what_others_do(server: WebServer, owner: User, token: str) -> None:
    """Without events of its own: the run before it is moved, then a worker comes, then the other one starts."""
    first, second = await in_thread(queued_run, owner), await in_thread(queued_run, owner)
    async with socket(server, "/ws/runs/?only=queue", token) as opened:
        told = await until(opened, queue_with(2, second))
        assert {message["type"] for message in told} == {"queue"}
        assert told[-1]["data"]["runs"][0]["waits_for"].startswith("No worker is running")
        assert await in_thread(lifecycle.prioritize, first.pk, -1)
        await until(opened, queue_with(1, second))
        await in_thread(workers.register, "here:1", "here", 1, [])
        told = await until(opened, lambda message: bool(message["data"]["runs"][0]["estimated_start"]))
        assert await in_thread(lifecycle.claim, second.pk, "here:1")
        told = await until(opened, queue_with(1, first))
    assert [one["run_id"] for one in told[-1]["data"]["runs"]] == [first.pk]
    assert await in_thread(_own_events, first) == 2, "queued and moved; the rest costs it none"


async def test_another_part_of_the_list_is_refused(server: WebServer, token: str) -> None:
    async with socket(server, "/ws/runs/?only=mine", token) as opened:
        await opened.wait_closed()
    assert opened.close_code == 4400


def _own_events(run: Run) -> int:
    return run.events.count()


async def test_a_tag_a_deletion_and_its_undoing_of_an_ended_run_are_told(
    server: WebServer, owner: User, token: str
) -> None:
    ended, queued, _ = await in_thread(_three_runs, owner)
    await in_thread(ended.refresh_from_db)
    async with socket(server, "/ws/runs/", token) as opened:
        await until(opened, summary_of(queued, "queued"))
        await in_thread(tags.change, ended.pk, ["night"], [])
        assert (await until(opened, summary_of(ended, ended.status)))[-1]["data"]["tags"] == ["night"]
        await in_thread(deletion.delete, ended.pk, owner)
        received = await until(opened, lambda message: message["type"] == "run_deleted")
        assert received[-1]["run_id"] == ended.pk
        await in_thread(deletion.restore, ended.pk)
        await until(opened, summary_of(ended, ended.status))
