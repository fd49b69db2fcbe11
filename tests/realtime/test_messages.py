"""What a client may ask and say."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.realtime.listening import Listener, close_code, code_of_close, frame, socket
from tests.realtime.writing import in_thread, running_run, store, training_events
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


async def test_path_without_slash(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    async with socket(server, f"/ws/runs/{run.pk}", token) as opened:
        assert [event["seq"] for event in await frame(opened)] == [1, 2]
