"""What a client may ask and say."""

from __future__ import annotations

import asyncio

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from runs.events import format_time
from runs.models import Run
from runs.removal import deletion
from runs.tagging import tags
from tests.realtime.listening import Listener, close_code, code_of_close, frame, socket
from tests.realtime.writing import in_thread, queued_run, running_run, store, training_events
from tests.servers import WebServer


@pytest.mark.parametrize("after", ["", "-1", "1.5", "x", "1e3", "0x10", "%201", "٣", "9" * 19, "1&after=2", "%00"])
async def test_number_that_is_none(server: WebServer, owner: User, token: str, after: str) -> None:
    run = await in_thread(running_run, owner)
    headers = {"Authorization": f"Token {token}"}
    assert await close_code(server, f"/ws/runs/{run.pk}/?after={after}", additional_headers=headers) == 4400


@pytest.mark.parametrize("path", ["/ws/runs/4711/", "/ws/runs/999999999999999999/", "/ws/runs/x/", "/ws/", "/"])
async def test_nothing_to_listen_to(server: WebServer, token: str, path: str) -> None:
    assert await close_code(server, path, additional_headers={"Authorization": f"Token {token}"}) == 4404


@pytest.mark.parametrize(
    "message",
    ["", "hello", "[]", "{", '{"ack": -1}', '{"ack": "1"}', '{"ack": 1.5}', b"\x00", '{"x":"' + "y" * 2_000 + '"}'],
)
@pytest.mark.parametrize("path", ["/ws/runs/{}/", "/ws/runs/"])
async def test_malformed_message(server: WebServer, owner: User, token: str, path: str, message: str | bytes) -> None:
    run = await in_thread(running_run, owner)
    async with socket(server, path.format(run.pk), token) as opened:
        await frame(opened)
        await opened.send(message)
        assert await code_of_close(opened) == 4400


async def test_unknown_fields_and_old_acknowledgements_are_ignored(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(server, run.pk, token)
    async with listener.connected() as opened:
        for message in ("{}", '{"hello": "world"}', '{"ack": 2}', '{"ack": 1}', '{"ack": 999999999999}'):
            await opened.send(message)
        await in_thread(store, run, training_events(10))
        await listener.read_until(opened, 12)
    assert len(listener.events) == 12


async def test_a_ping_is_answered_and_says_how_far_the_journal_goes(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    async with socket(server, f"/ws/runs/{run.pk}/?after=2", token) as opened:
        await opened.send('{"ping": true}')
        assert await frame(opened) == [{"type": "pong", "last_seq": 2}]
        await in_thread(store, run, training_events(3))
        assert len(await frame(opened)) == 3
    async with socket(server, "/ws/runs/", token) as opened:
        await opened.send('{"ping": true}')
        while (items := await frame(opened)) != [{"type": "pong"}]:
            assert {item["type"] for item in items} <= {"run_summary", "queue"}


async def test_the_answer_to_a_ping_says_when_users_last_changed_what_no_event_tells(
    server: WebServer, owner: User, token: str
) -> None:
    run = await in_thread(running_run, owner)
    async with socket(server, f"/ws/runs/{run.pk}/?after=2", token) as opened:
        await opened.send('{"ping": true}')
        assert await frame(opened) == [{"type": "pong", "last_seq": 2}]
        before = format_time(timezone.now())
        await in_thread(tags.change, run.pk, ["night"], [])
        touched = ""
        while not touched:
            await asyncio.sleep(0.6)  # answers to faster pings are left out
            await opened.send('{"ping": true}')
            [answer] = await frame(opened)
            touched = answer.get("touched_at", "")
        assert touched >= before
    async with socket(server, f"/ws/runs/{run.pk}/?after=2", token) as opened:
        await opened.send('{"ping": true}')
        assert await frame(opened) == [{"type": "pong", "last_seq": 2, "touched_at": touched}]


async def test_pings_without_end_are_not_all_answered(server: WebServer, owner: User, token: str) -> None:
    """Else a client that never reads would fill the server's memory with answers."""
    run = await in_thread(running_run, owner)
    async with socket(server, f"/ws/runs/{run.pk}/?after=2", token) as opened:
        for _ in range(500):
            await opened.send('{"ping": true}')
        seen: list[str] = []
        for stored in (1, 2):
            await in_thread(store, run, training_events(1))
            while seen.count("batch_metrics") < stored or "pong" not in seen:
                seen += [item["type"] for item in await frame(opened)]
        assert seen.count("pong") < 100


async def test_whoever_follows_a_run_that_is_deleted_is_told_after_its_last_event(
    server: WebServer, owner: User, token: str
) -> None:
    run = await in_thread(queued_run, owner)
    listener = Listener(server, run.pk, token)
    async with listener.connected() as opened:
        await listener.read_until(opened, 1)
        await in_thread(deletion.delete, run.pk, owner)
        await listener.read_until(opened, 3)
        assert await code_of_close(opened) == 4404
    assert [event["type"] for event in listener.events] == ["run_status", "run_status", "training_end"]
    headers = {"Authorization": f"Token {token}"}
    assert await close_code(server, f"/ws/runs/{run.pk}/", additional_headers=headers) == 4404
    await in_thread(deletion.restore, run.pk)
    async with listener.connected() as opened:
        await opened.send('{"ping": true}')
        [answer] = await frame(opened)
        answer.pop("touched_at", None)
        assert answer == {"type": "pong", "last_seq": 3}


async def test_whoever_follows_a_run_that_is_removed_for_ever_is_told(
    server: WebServer, owner: User, token: str
) -> None:
    run = await in_thread(queued_run, owner)
    async with socket(server, f"/ws/runs/{run.pk}/?after=1", token) as opened:
        await opened.send('{"ping": true}')
        assert await frame(opened) == [{"type": "pong", "last_seq": 1}]
        await in_thread(lambda: [run.events.all().delete(), Run.objects.filter(pk=run.pk).delete()])
        assert await code_of_close(opened) == 4404


async def test_path_without_slash(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    async with socket(server, f"/ws/runs/{run.pk}", token) as opened:
        assert [event["seq"] for event in await frame(opened)] == [1, 2]
