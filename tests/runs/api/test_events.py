"""The journal over HTTP: pages, types, and the long poll."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse
from django.test import AsyncClient, Client

from runs import queries
from runs.api import journal_watch
from runs.events import Event, LrUpdate, Progress, envelope
from runs.failures import thread_failures
from runs.models import Run, RunEvent
from tests.runs.conftest import MakeRun, add_events
from tests.tokens import new_token

Ask = Callable[..., Coroutine[Any, Any, dict[str, Any]]]


def rate(value: float) -> Event:
    return LrUpdate(epoch=0, step=1, learning_rate=value)


def progress() -> Event:
    return Progress(epoch=0, batch_idx=1, batches=9, step=1, total_steps=9, samples_per_second=None, eta_seconds=None)


def read(api: Client, run: Run, **parameters: Any) -> dict[str, Any]:
    response = api.get(f"/api/runs/{run.pk}/events/", parameters)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def seqs(body: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in body["events"]]


def test_the_journal_comes_as_it_was_stored(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1)
    add_events(run, [rate(0.1)])
    RunEvent.objects.update(data='{"odd":  1.50}')  # neither decoded nor encoded again
    event = RunEvent.objects.get()
    text = api.get(f"/api/runs/{run.pk}/events/").content.decode()
    stored = envelope(
        type_="lr_update", run_id=run.pk, seq=1, attempt=1, timestamp=event.timestamp, data='{"odd":  1.50}'
    )
    assert text == f'{{"events":[{stored}],"last_seq":1,"status":"in_progress"}}'


def test_after_and_limit_walk_the_journal(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    add_events(run, [rate(value) for value in range(5)])
    first = read(api, run, limit=2)
    assert (seqs(first), first["last_seq"]) == ([1, 2], 2)
    second = read(api, run, after=first["last_seq"], limit=2)
    assert (seqs(second), second["last_seq"]) == ([3, 4], 4)
    third = read(api, run, after=second["last_seq"], limit=2)
    assert (seqs(third), third["last_seq"]) == ([5], 5)
    assert read(api, run, after=5) == {"events": [], "last_seq": 5, "status": "queued"}


def test_types_are_chosen_and_last_seq_moves_past_the_others(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    add_events(run, [rate(1), progress(), rate(2), progress()])
    body = read(api, run, types="lr_update")
    assert (seqs(body), body["last_seq"]) == ([1, 3], 4)
    assert seqs(read(api, run, types="lr_update,progress", after=2)) == [3, 4]
    limited = read(api, run, types="progress", limit=1)
    assert (seqs(limited), limited["last_seq"]) == ([2], 2)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"after": "-1"}, "after"),
        ({"after": "x"}, "after"),
        ({"after": str(2**63)}, "after"),
        ({"wait": "31"}, "wait"),
        ({"wait": "nan"}, "wait"),
        ({"limit": "0"}, "limit"),
        ({"limit": "5001"}, "limit"),
        ({"types": "lr_update,nothing"}, "types"),
        ({"since": "1"}, "since"),
    ],
)
def test_wrong_parameters_are_named(api: Client, make_run: MakeRun, parameters: dict[str, str], field: str) -> None:
    response = api.get(f"/api/runs/{make_run().pk}/events/", parameters)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_an_ended_run_is_not_waited_for(api: Client, make_run: MakeRun) -> None:
    began = time.monotonic()
    assert read(api, make_run(status="failed"), wait=20)["status"] == "failed"
    assert time.monotonic() - began < 10


@pytest.fixture
def ask(transactional_db: None, make_run: MakeRun) -> Ask:
    """Return a function that sends a request on the event loop, as a server handles it, with committed rows."""
    token = new_token(make_run().owner)
    client, headers = AsyncClient(), {"authorization": f"Token {token}"}

    async def get(run: Run, **parameters: Any) -> dict[str, Any]:
        response = await client.get(f"/api/runs/{run.pk}/events/", parameters, headers=headers)
        assert isinstance(response, HttpResponse)
        assert response.status_code == 200, response.content
        body: dict[str, Any] = json.loads(response.content)
        return body

    return get


async def waiting(clients: int = 1) -> None:
    """Wait until so many clients wait in this loop."""
    deadline = time.monotonic() + 10
    while sum(map(len, journal_watch.journal_watch()._waiting.values())) < clients:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_the_answer_comes_with_the_event(ask: Ask) -> None:
    run = await Run.objects.aget()
    answer = asyncio.create_task(ask(run, wait=20))
    await waiting()
    began = time.monotonic()
    await sync_to_async(add_events)(run, [rate(0.5)])
    body = await answer
    assert body["events"][0]["data"]["learning_rate"] == 0.5
    assert body["last_seq"] == 1
    assert time.monotonic() - began < 5


async def test_only_news_beyond_after_ends_the_wait(ask: Ask) -> None:
    run = await Run.objects.aget()
    await sync_to_async(add_events)(run, [rate(1), rate(2)])
    early = asyncio.create_task(ask(run, wait=20, after=2))
    late = asyncio.create_task(ask(run, wait=20, after=3))
    await waiting(2)
    await sync_to_async(add_events)(run, [rate(3)])
    assert seqs(await early) == [3]
    assert not late.done()
    await sync_to_async(add_events)(run, [rate(4)])
    assert seqs(await late) == [4]


async def test_the_end_of_the_run_ends_the_wait(ask: Ask) -> None:
    run = await Run.objects.aget()
    answer = asyncio.create_task(ask(run, wait=20))
    await waiting()
    await Run.objects.aupdate(status="cancelled")
    assert await answer == {"events": [], "last_seq": 0, "status": "cancelled"}


async def test_waiting_in_vain_ends_in_time(ask: Ask) -> None:
    run = await Run.objects.aget()
    began = time.monotonic()
    assert await ask(run, wait=0.3) == {"events": [], "last_seq": 0, "status": "queued"}
    assert time.monotonic() - began >= 0.3


async def test_many_clients_share_the_looking(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[list[int]] = []

    def counted(ids: list[int]) -> list[queries.Head]:
        looks.append(ids)
        return queries.heads(ids)

    monkeypatch.setattr(journal_watch, "heads", counted)
    run = await Run.objects.aget()
    answers = [asyncio.create_task(ask(run, wait=20)) for _ in range(20)]
    await waiting(20)
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("journal-watch")]) == 1
    await sync_to_async(add_events)(run, [rate(1)])
    assert all(seqs(body) == [1] for body in await asyncio.gather(*answers))
    assert all(look == [run.pk] for look in looks)


async def test_after_the_last_client_nobody_looks_any_more(ask: Ask) -> None:
    run = await Run.objects.aget()
    await ask(run, wait=0.05)
    deadline = time.monotonic() + 10
    while journal_watch.journal_watch()._task is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    answer = asyncio.create_task(ask(run, wait=20))
    await waiting()
    await sync_to_async(add_events)(run, [rate(1)])
    assert seqs(await answer) == [1]


@pytest.mark.parametrize("fault", [DatabaseError, InterfaceError, TypeError, KeyError])
async def test_a_look_that_fails_fails_no_waiting_client(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: type[Exception]
) -> None:
    failures = [fault("away"), fault("away")]
    before = thread_failures.counts()["journal-watch"]

    def flaky(ids: list[int]) -> list[queries.Head]:
        if failures:
            raise failures.pop()
        return queries.heads(ids)

    monkeypatch.setattr(journal_watch, "heads", flaky)
    run = await Run.objects.aget()
    answer = asyncio.create_task(ask(run, wait=20))
    await waiting()
    await sync_to_async(add_events)(run, [rate(1)])
    assert seqs(await answer) == [1]
    assert not failures
    assert thread_failures.counts()["journal-watch"] == before + 2
    assert len([line for line in caplog.messages if line.startswith("journal-watch: ")]) <= 2  # it fails, it works
