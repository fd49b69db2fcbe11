"""Events too large for one WebSocket message: a script with a client's default limits follows the run all the same."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

import pytest
from django.contrib.auth.models import User

from realtime.wire.frames import FRAME_BYTES, ITEM_BYTES, Item, frame
from runs import lifecycle
from runs.events import DatasetSummary, Event, FinalStats, ModelSummary, TrainingStart
from runs.models import Run, RunEvent
from runs.serializers import event_envelope
from tests.realtime.listening import Listener, socket
from tests.realtime.listening import frame as next_frame
from tests.realtime.writing import batch_event, epoch_event, in_thread, running_run, store
from tests.servers import WebServer

CLASSES = [f"class {number:04}" for number in range(1_000)]
CLIENT_LIMIT = 1_048_576  # of the `websockets` package, and of Daphne


def final(split: str, classes: int = 1_000) -> FinalStats:
    """Make an evaluation whose matrix is no unit matrix, with statistics of each class."""
    matrix = [[(row * column) % 13 for column in range(classes)] for row in range(classes)]
    statistics = {f"final_{name}/{cls}": 0.5 for name in ("precision", "recall", "f1") for cls in CLASSES[:classes]}
    return FinalStats(
        split=split,  # type: ignore[arg-type]  # one of the two
        epoch=3,
        threshold=None,
        confusion_matrix=matrix,
        class_names=CLASSES[:classes],
        statistics=dict(statistics),
    )


def start(classes: list[str]) -> TrainingStart:
    return TrainingStart(
        run_id=1,
        experiment_name="many classes",
        max_epochs=4,
        training_mode="centralized",
        resumed_from_epoch=None,
        total_steps=40,
        dataset=DatasetSummary(name="many", classes=classes, sizes={"train": 10_000}),
        model=ModelSummary(name="cnn", parameters=10, trainable=10),
    )


def a_run_of_1000_classes() -> list[Event]:
    """Make the events of a run; three are large, two of them side by side: 5, 7 and 8."""
    names = [f"a class with a long name {number:09}" for number in range(40_000)]
    return [
        start(CLASSES),
        batch_event(1),
        start(names),
        epoch_event(0),
        final("val"),
        final("test"),
        batch_event(2),
    ]


async def test_a_run_of_1000_classes_is_followed_from_its_beginning(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store, run, a_run_of_1000_classes())
    listener = Listener(server, run.pk, token)
    await listener.listen_until(9)
    await _has_everything(listener, server, run, token, large=[5, 7, 8])


async def test_large_events_of_one_batch_come_live_and_in_order(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(server, run.pk, token)
    async with listener.connected("&ack=1") as opened:
        await listener.read_until(opened, 2, acknowledge=True)
        await in_thread(store, run, a_run_of_1000_classes())
        await listener.read_until(opened, 9, acknowledge=True)
        await in_thread(store, run, [batch_event(3)])
        await listener.read_until(opened, 10, acknowledge=True)
    await _has_everything(listener, server, run, token, large=[5, 7, 8])


@pytest.mark.parametrize("after", [4, 5, 6, 7, 8])
async def test_a_client_comes_back_between_large_events(server: WebServer, owner: User, token: str, after: int) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store, run, a_run_of_1000_classes())
    listener = Listener(server, run.pk, token, after=after)
    await listener.listen_until(9)
    assert [event["seq"] for event in listener.events] == list(range(after + 1, 10))


@pytest.mark.parametrize("classes", [150, 300, 480, 540, 640, 700])
async def test_events_around_the_limit(server: WebServer, owner: User, token: str, classes: int) -> None:
    """Several of them side by side must not make one message that is too large either."""
    run = await in_thread(running_run, owner)
    await in_thread(store, run, [batch_event(1), final("val", classes), final("test", classes), batch_event(2)])
    listener = Listener(server, run.pk, token)
    await listener.listen_until(6)
    await _has_everything(listener, server, run, token, large=[4, 5] if classes == 700 else [])


async def test_names_that_are_not_ascii_count_as_what_they_weigh(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    names = [f"猫{number:05}" * 10 for number in range(6_000)]
    event = start(names)
    await in_thread(store, run, [batch_event(1), event, event, batch_event(2)])
    listener = Listener(server, run.pk, token)
    await listener.listen_until(6)
    await _has_everything(listener, server, run, token, large=[])


async def test_a_reason_of_megabytes_is_cut_where_the_run_ends(server: WebServer, owner: User, token: str) -> None:
    """It goes to every page of the list, too."""
    run = await in_thread(running_run, owner)
    async with socket(server, "/ws/runs/", token) as opened:
        await next_frame(opened)
        await in_thread(lifecycle.end, run.pk, run.attempt, "failed", "ValueError: " + "猫" * 2_000_000)
        received: list[dict[str, Any]] = []
        while not any(one["type"] == "run_summary" and one["data"]["status"] == "failed" for one in received):
            received = await next_frame(opened)
    reason = (await in_thread(Run.objects.get, pk=run.pk)).reason
    assert reason is not None
    assert reason.startswith("ValueError: 猫")
    assert reason.endswith("… (cut; the whole message is in train.log)")
    assert len(reason) < 5_000


def test_a_frame_is_bounded_in_bytes() -> None:
    letters = [Item(number, number, "x" * 50_000) for number in range(1, 9)]
    signs = [Item(number, number, "猫" * 50_000) for number in range(1, 9)]
    assert frame(letters).events == 2
    assert frame(signs).events == 1
    assert len(frame(letters).text.encode()) <= FRAME_BYTES
    assert ITEM_BYTES + 2 <= CLIENT_LIMIT, "a frame of one item has brackets around it"


async def _has_everything(listener: Listener, server: WebServer, run: Run, token: str, *, large: list[int]) -> None:
    """Check that each event came once and in order, the large ones as links that lead to them."""
    assert [event["seq"] for event in listener.events] == list(range(1, listener.last + 1))
    assert [event["seq"] for event in listener.events if event["type"] == "large"] == large
    stored = await in_thread(_journal, run)
    for event, expected in zip(listener.events, stored, strict=True):
        if event["type"] == "large":
            assert (event["event"], event["attempt"]) == (expected["type"], expected["attempt"])
            assert event["timestamp"] == expected["timestamp"]
            answer = await asyncio.to_thread(_get, server, event["url"], token)
            assert answer["events"] == [expected]
            assert answer["last_seq"] == event["seq"]
        else:
            assert event == expected


def _get(server: WebServer, path: str, token: str) -> Any:
    request = urllib.request.Request(server.url + path, headers={"Authorization": f"Token {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _journal(run: Run) -> list[dict[str, Any]]:
    return [json.loads(event_envelope(event)) for event in RunEvent.objects.filter(run=run).order_by("seq")]


async def test_without_a_websocket_all_comes_in_pages(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    await in_thread(store, run, a_run_of_1000_classes())
    answer = await asyncio.to_thread(_get, server, f"/api/runs/{run.pk}/events/?after=0", token)
    assert answer["events"] == await in_thread(_journal, run)
