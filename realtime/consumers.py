"""WebSocket endpoints. Frames from the server are JSON arrays; the client may send `{"ack": seq}`.

It may also send `{"ping": true}`, answered with a frame of one `{"type": "pong"}`: no script of a browser hears of the
protocol's own pings, and a connection can die unnoticed. Of a run it carries `last_seq`, how far the journal goes.

Close codes: 4400 bad request (`?after=`, a malformed or oversized message), 4401 no login, 4403 wrong or missing
origin, 4404 no such run that the user may see (or no such path), or deleted meanwhile, 4410 a run that the user could
see until now, but no longer may. After any other end, 4500 (a fault of the server) included, a
client comes back with `?after=` its last number. A socket stays open after a run has ended: the run may be resumed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import User

from access.decisions import Access
from realtime.hubs import hub_registry
from realtime.hubs.client_queue import ClientQueue
from realtime.hubs.db_threads import logins
from realtime.hubs.hub import Gone, Hub
from realtime.hubs.socket_access import SocketAccess
from realtime.wire.close_codes import ACCESS_ENDED, BAD_REQUEST, FAILED, UNKNOWN_RUN, Refused
from realtime.wire.daphne_protocol import direct_writer
from realtime.wire.flow_control import FlowControl
from realtime.wire.frames import Frame
from runs.events import format_time
from runs.queries import visible_runs

logger = logging.getLogger(__name__)
MESSAGE_CHARACTERS = 1_024
PONG_SECONDS = 0.5
"""Pings that come faster are not answered: a client that reads nothing must not fill the server's memory."""
_NUMBER = re.compile(r"[0-9]{1,18}")


class ClientMessage(msgspec.Struct):
    """A message of a client; unknown fields are ignored."""

    ack: Annotated[int, msgspec.Meta(ge=0)] | None = None
    ping: bool = False


class Live(AsyncWebsocketConsumer, ABC):  # type: ignore[misc]  # channels has no types
    """Base of the endpoints: accepts, then streams in a task of its own until the socket ends."""

    access: SocketAccess
    """The user, with what they may see now; while that is doubtful, no stream sends anything."""
    channel_layer_alias = "none"  # hubs are members of groups; one member per browser breaks between 50 and 200

    def __init__(self) -> None:
        super().__init__()
        self._streaming: asyncio.Task[None] | None = None
        self._flow = FlowControl()
        self._answered = -PONG_SECONDS

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve the socket to its end, and then end its stream."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._streaming is not None:
                self._streaming.cancel()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle a message as the base class does, but without its thread switch: no database connection is open here.

        A fault closes the socket at once. Daphne would do so with a code of its own, at its next look after a second.
        """
        try:
            await getattr(self, message["type"].replace(".", "_"))(message)
        except StopConsumer:
            raise
        except Exception:
            await self._fail()

    async def connect(self) -> None:
        """Accept the socket and start its stream."""
        await self.accept()
        self.access = self.scope["access"]
        self.access.on_renewed = self.renewed
        self._streaming = asyncio.create_task(self._serve())

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Handle what the client sent: an acknowledgement, a ping, or both."""
        try:
            said = decode_message(message.get("text"))
        except Refused as refused:
            await self.close(refused.code, refused.reason)
            return
        if said.ack is not None:
            self.acknowledged(said.ack)
        if said.ping and time.monotonic() - self._answered >= PONG_SECONDS:
            self._answered = time.monotonic()
            await self.send(text_data=f"[{msgspec.json.encode(await self.pong()).decode()}]")

    def acknowledged(self, seq: int) -> None:
        """Note that the client has everything up to `seq`."""

    async def pong(self) -> dict[str, Any]:
        """Make the answer to a ping."""
        return {"type": "pong"}

    async def renewed(self, before: Access) -> None:
        """Follow what the user may see now, where it was `before`; raises `Refused` to end the socket."""

    @abstractmethod
    async def stream(self) -> None:
        """Send until cancelled; raises `Refused`."""

    async def deliver(self, frame: Frame) -> None:
        """Send a frame and count it; what a frame holds must be what the user may see when this is called."""
        self._flow.sent(frame)
        await self.send(text_data=frame.text)

    async def _serve(self) -> None:
        try:
            await self.stream()
        except Refused as refused:
            await self.close(refused.code, refused.reason)
        except Exception:
            await self._fail()

    async def _fail(self) -> None:
        """Log the exception that is being handled, and close the socket."""
        logger.exception("A WebSocket stream failed.")
        await self.close(FAILED, "A fault of the server; connect again.")


class RunConsumer(Live):
    """`ws/runs/<id>/?after=<seq>[&ack=1]`: every event after `seq`, then what comes, until the run is deleted."""

    def __init__(self) -> None:
        super().__init__()
        self._hub: Hub | None = None
        self._cursor = 0
        self._write: Callable[[str], bool] | None = None

    @property
    def run_id(self) -> int:
        """The number in the address."""
        return int(self.scope["url_route"]["kwargs"]["run_id"])

    async def stream(self) -> None:
        """Send every event after the client's number, until the run is deleted."""
        run_id, query = self.run_id, _query(self.scope)
        self._cursor = starting_number(query)
        self._write = direct_writer(self.base_send)
        if query.get("ack") == ["1"]:
            self._flow.acknowledged(self._cursor)
        if not await logins(_is_visible, self.access.user, run_id):
            raise Refused(UNKNOWN_RUN, f"There is no run {run_id}.")
        with hub_registry.current_registry().watching_run(run_id, self.access) as self._hub:
            if not self._may_follow():  # it was moved meanwhile
                self.access.doubt()
            while True:
                if self._write is not None:
                    await self._hub.follow(self._cursor, self.push)
                try:
                    frame = await self._hub.frame_after(self._cursor, await self._flow.wait_for_allowance())
                except Gone:
                    await self.access.settled()
                    if not await logins(_is_visible, self.access.user, run_id):
                        raise Refused(UNKNOWN_RUN, f"Run {run_id} is deleted.") from None
                    self._hub.restored()
                    continue
                await self.access.settled()
                await self.deliver(frame)
                self._cursor = frame.last

    def push(self, frame: Frame) -> bool:
        """Send a frame at once, if the client may have it, and so much, now."""
        if self.access.doubtful or self._flow.allowance() < frame.events:
            return False
        if self._write is None or not self._write(frame.text):
            return False
        self._flow.sent(frame)
        self._cursor = frame.last
        return True

    async def renewed(self, before: Access) -> None:  # noqa: ARG002
        """End the socket if the run is no longer among those that the user may see."""
        if not self._may_follow():
            reason = f"You may no longer see run {self.run_id}: it was moved, or your access to its project ended."
            raise Refused(ACCESS_ENDED, reason)

    def _may_follow(self) -> bool:
        """Tell whether the user may see the run where it is now; before the hub has looked, the stream asks."""
        project = None if self._hub is None else self._hub.project_id
        return project is None or self.access.access.sees(project)

    async def pong(self) -> dict[str, Any]:
        """Make an answer with the end of the journal, from the database if the hub does not know it yet.

        It says too when users last changed what no event tells: name, description, tags, operating point.
        """
        hub = self._hub
        if self.access.doubtful:
            return await super().pong() | {"last_seq": None}
        if hub is None or hub.head == -1:
            last, touched = await logins(_head, self.access.user, self.run_id)
        else:
            last, touched = hub.head, hub.touched
        answer = await super().pong() | {"last_seq": last}
        return answer if touched is None else answer | {"touched_at": format_time(touched)}

    def acknowledged(self, seq: int) -> None:
        """Let the client have more."""
        self._flow.acknowledged(seq)


class RunListConsumer(Live):
    """`ws/runs/`: the queue, summaries of up to 50 unfinished runs, then of each run that changes, with its statuses.

    `ws/runs/?only=queue`: the queue alone, for the page of a run that waits. Both have nothing but the runs that the
    user may see; when these change, that is told, and everything sent as to a new client.

    Nothing here has a number to acknowledge: a slow client gets the newest summary of each run when it comes to it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._client: ClientQueue | None = None

    async def stream(self) -> None:
        """Send what changes in the list, or in the queue alone."""
        only = _query(self.scope).get("only", [])
        if only not in ([], ["queue"]):
            raise Refused(BAD_REQUEST, "only must be queue, or left out.")
        with hub_registry.current_registry().watching_list(self.access, only_queue=bool(only)) as self._client:
            while True:
                await self._flow.wait_for_allowance()
                await self.deliver(await self._client.frame())

    async def renewed(self, before: Access) -> None:
        """Go on with what the user may see now."""
        now = self.access.access
        if self._client is not None and (before.everything, before.roles) != (now.everything, now.roles):
            hub_registry.current_registry().rejoin_list(self._client)


class NothingHere(Live):
    """Any other path: closed with 4404."""

    async def stream(self) -> None:
        """Refuse."""
        raise Refused(UNKNOWN_RUN, "There is nothing to listen to at this path.")


def starting_number(query: dict[str, list[str]]) -> int:
    """Return the number of `?after=`, 0 without it; raises `Refused`."""
    values = query.get("after", ["0"])
    if len(values) != 1 or not _NUMBER.fullmatch(values[0]):
        raise Refused(BAD_REQUEST, "after must be an integer of at least 0.")
    return int(values[0])


def decode_message(text: str | None) -> ClientMessage:
    """Decode a client's message; raises `Refused`."""
    if text is None or len(text) > MESSAGE_CHARACTERS:
        raise Refused(BAD_REQUEST, f"Messages are JSON texts of at most {MESSAGE_CHARACTERS} characters.")
    try:
        return msgspec.json.decode(text, type=ClientMessage)
    except msgspec.DecodeError as error:
        raise Refused(BAD_REQUEST, 'Expected {"ack": seq} or {"ping": true}.') from error


def _query(scope: dict[str, Any]) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin1"), keep_blank_values=True)


def _head(user: User, run_id: int) -> tuple[int | None, datetime | None]:
    found = visible_runs(user).filter(pk=run_id).values_list("last_seq", "touched_at").first()
    return found or (None, None)


def _is_visible(user: User, run_id: int) -> bool:
    return visible_runs(user).filter(pk=run_id).exists()
