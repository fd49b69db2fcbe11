"""A right that is lost in mid stream: the socket closes at once and says why, and nothing is sent after that."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User

from access.decisions import access_of
from access.models import Membership, Project
from access.roles import Role
from accounts.models import APIToken
from realtime import auth
from realtime.consumers import RunConsumer
from realtime.hubs import broadcast, hub_registry
from realtime.hubs.db_threads import logins
from realtime.hubs.hub import Hub
from realtime.hubs.socket_access import SocketAccess
from realtime.wire.close_codes import ACCESS_ENDED, NO_LOGIN, UNKNOWN_RUN, Refused
from realtime.wire.frames import Frame
from runs.models import Run
from tests.realtime.in_process import Socket, socket
from tests.realtime.projects import member, move, project, run_in, stranger
from tests.realtime.writing import batch_event, in_thread, store
from tests.tokens import new_token
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("within_process")
NEVER = 3_600.0


class Seen(NamedTuple):
    """A run of a project, who sees it, their token, and a project that they do not see."""

    run: Run
    shown: Project
    user: User
    token: str
    other: Project


def remove_member(seen: Seen) -> None:
    Membership.objects.get(user=seen.user, project=seen.shown).delete()


def deactivate(seen: Seen) -> None:
    seen.user.is_active = False
    seen.user.save()


def revoke_token(seen: Seen) -> None:
    APIToken.objects.get(user=seen.user).delete()


def limit_token(seen: Seen) -> None:
    token = APIToken.objects.get(user=seen.user)
    token.project = seen.other
    token.save()


def delete_user(seen: Seen) -> None:
    User.objects.get(pk=seen.user.pk).delete()


def dismiss(seen: Seen) -> None:
    """Take the rights of staff, which see everything, from somebody who belongs to no project."""
    Membership.objects.filter(user=seen.user).delete()
    seen.user.is_staff = False
    seen.user.save()


def move_run(seen: Seen) -> None:
    move(seen.run, seen.other)


LOSSES: dict[Callable[[Seen], None], int] = {
    remove_member: ACCESS_ENDED,
    limit_token: ACCESS_ENDED,
    dismiss: ACCESS_ENDED,
    move_run: ACCESS_ENDED,
    deactivate: NO_LOGIN,
    revoke_token: NO_LOGIN,
    delete_user: NO_LOGIN,
}


@pytest.fixture
def seen(transactional_db: None) -> Seen:
    shown, other = project("shown"), project("other")
    run = run_in(shown, member("ada", shown, role=Role.TRAINER))
    user = member("grace", shown)
    return Seen(run, shown, user, new_token(user), other)


def own_hub(run: Run) -> Hub:
    return hub_registry.current_registry().runs[run.pk]


async def until_read(hub: Hub, last: int) -> None:
    """Wait until the hub has read the journal so far; it sends what it read to all who may have it."""
    hub.wake()
    await asyncio.to_thread(eventually, lambda: hub.head >= last)


async def nothing_follows(opened: Socket, seen: Seen) -> None:
    """Check that what is stored now is read, and not sent."""
    hub = own_hub(seen.run)
    last = hub.head
    await in_thread(store, seen.run, [batch_event(9)])
    await until_read(hub, last + 1)
    assert opened.is_silent


async def look_by(identify: Callable[[auth.Scope], User], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have later looks made by `identify`; return when none that began before is under way: it might find the loss.

    A process looks at all its sockets when it begins to hear of rights. One thread makes one look after the other.
    """
    monkeypatch.setattr(auth, "identify", identify)
    await logins(lambda: None)


async def until_doubtful(run: Run) -> None:
    """Wait until the process has heard that the rights of who watches the run may have changed."""
    [access] = own_hub(run).watchers
    await asyncio.to_thread(eventually, lambda: access.doubtful)


async def prepare(loss: Callable[[Seen], None], seen: Seen) -> None:
    """Make somebody staff who is to be dismissed."""
    if loss is dismiss:
        await in_thread(User.objects.filter(pk=seen.user.pk).update, is_staff=True)
        await in_thread(seen.user.refresh_from_db)


async def lose(loss: Callable[[Seen], None], seen: Seen) -> None:
    await in_thread(loss, seen)
    if loss is move_run:
        broadcast.hint(seen.run.pk)  # as the poller does a moment later


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_lost_right_closes_the_socket_at_once(
    seen: Seen, loss: Callable[[Seen], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "RECHECK_SECONDS", NEVER)
    await prepare(loss, seen)
    async with socket(f"/ws/runs/{seen.run.pk}/", seen.token) as opened:
        assert [event["seq"] for event in await opened.frame()] == [1, 2]
        await lose(loss, seen)
        code, reason = await opened.closed()
        assert code == LOSSES[loss]
        assert len(reason.encode()) <= 123
        if code == ACCESS_ENDED:
            assert reason.startswith(f"You may no longer see run {seen.run.pk}: ")
        await nothing_follows(opened, seen)
    async with socket(f"/ws/runs/{seen.run.pk}/", seen.token) as again:
        assert (await again.closed())[0] == (UNKNOWN_RUN if code == ACCESS_ENDED else code)


@pytest.mark.parametrize("loss", [one for one in LOSSES if one is not move_run])
async def test_a_right_whose_loss_nobody_announced_is_found_by_looking_again(
    seen: Seen, loss: Callable[[Seen], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(broadcast, "hint_access", lambda _user_id: None)
    await prepare(loss, seen)
    async with socket(f"/ws/runs/{seen.run.pk}/", seen.token) as opened:
        await opened.frame()
        await lose(loss, seen)
        assert (await opened.closed())[0] == LOSSES[loss]
        await nothing_follows(opened, seen)


@pytest.mark.parametrize("keeps", [True, False])
async def test_nothing_is_sent_while_rights_are_read_again(
    seen: Seen, keeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the database takes for it; who keeps the right then gets all that came meanwhile."""
    answer = threading.Event()
    identify = auth.identify

    def slowly(scope: auth.Scope) -> User:
        assert answer.wait(20)
        return identify(scope)

    monkeypatch.setattr(auth, "RECHECK_SECONDS", NEVER)
    async with socket(f"/ws/runs/{seen.run.pk}/", seen.token) as opened:
        await opened.frame()
        await look_by(slowly, monkeypatch)
        await in_thread(lower_and_raise if keeps else remove_member, seen)
        await until_doubtful(seen.run)
        await in_thread(store, seen.run, [batch_event(1)])
        await until_read(own_hub(seen.run), 3)
        assert opened.is_silent
        answer.set()
        if keeps:
            assert [event["seq"] for event in await opened.frame()] == [3]
        else:
            assert (await opened.closed())[0] == ACCESS_ENDED


def lower_and_raise(seen: Seen) -> None:
    membership = Membership.objects.get(user=seen.user)
    membership.role = Role.TRAINER
    membership.save()


async def test_a_look_that_fails_is_repeated_and_lets_nothing_through(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "RECHECK_SECONDS", NEVER)
    monkeypatch.setattr(auth, "RETRY_SECONDS", 0.01)
    identify, failures = auth.identify, iter(range(3))

    def failing(scope: auth.Scope) -> User:
        if next(failures, None) is not None:
            raise RuntimeError("the database is away")
        return identify(scope)

    async with socket(f"/ws/runs/{seen.run.pk}/", seen.token) as opened:
        await opened.frame()
        await look_by(failing, monkeypatch)
        await in_thread(remove_member, seen)
        assert (await opened.closed())[0] == ACCESS_ENDED
    assert next(failures, None) is None


async def test_a_lower_role_that_still_sees_goes_on(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "RECHECK_SECONDS", NEVER)
    async with socket(f"/ws/runs/{seen.run.pk}/", seen.token) as opened:
        await opened.frame()
        await in_thread(lower_and_raise, seen)
        await in_thread(store, seen.run, [batch_event(1)])
        assert [event["seq"] for event in await opened.frame()] == [3]


async def test_the_event_that_follows_a_move_is_sent_to_none_who_lost_the_run(seen: Seen) -> None:
    """Even if nobody looked in between: the hub reads with the events to which project the run belongs."""
    both = await in_thread(member, "linus", seen.shown, seen.other)
    stays = await in_thread(new_token, both)
    path = f"/ws/runs/{seen.run.pk}/"
    async with socket(path, seen.token) as opened, socket(path, stays) as other:
        await opened.frame()
        await other.frame()
        await in_thread(move_run, seen)
        await in_thread(store, seen.run, [batch_event(1)])
        broadcast.hint(seen.run.pk)
        assert [event["seq"] for event in await other.frame()] == [3]
        assert (await opened.closed())[0] == ACCESS_ENDED


async def test_who_lost_the_run_and_gained_its_new_project_goes_on(seen: Seen) -> None:
    async with socket(f"/ws/runs/{seen.run.pk}/", seen.token) as opened:
        await opened.frame()
        await in_thread(Membership.objects.create, user=seen.user, project=seen.other, role=Role.VIEWER)
        await in_thread(move_run, seen)
        await in_thread(store, seen.run, [batch_event(1)])
        assert [event["seq"] for event in await opened.frame()] == [3]


async def test_what_is_written_to_the_socket_at_once_is_held_back_too(seen: Seen) -> None:
    """As Daphne lets a hub do it for many clients in one loop."""
    written: list[str] = []
    consumer = RunConsumer()
    await in_thread(access_of, seen.user)
    access = consumer.access = SocketAccess(seen.user)
    consumer._write = lambda text: not written.append(text)  # type: ignore[func-returns-value]
    frames = [Frame(f"[{number}]", number, 1) for number in (1, 2, 3)]
    assert consumer.push(frames[0])
    access.doubt()
    assert not consumer.push(frames[1])
    await access.wait_for_look(0)
    await access.renew(seen.user)
    assert consumer.push(frames[2])
    assert written == ["[1]", "[3]"]


async def test_a_ping_says_nothing_of_a_run_while_rights_are_read_again(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    def waiting(_scope: auth.Scope) -> User:
        assert answer.wait(20)
        raise Refused(NO_LOGIN, "No longer.")

    async with socket(f"/ws/runs/{seen.run.pk}/?after=2", seen.token) as opened:
        await opened.communicator.send_to('{"ping": true}')
        assert (await opened.frame())[0]["last_seq"] == 2
        await look_by(waiting, monkeypatch)
        await in_thread(remove_member, seen)
        await until_doubtful(seen.run)
        monkeypatch.setattr("realtime.consumers.PONG_SECONDS", 0)
        await opened.communicator.send_to('{"ping": true}')
        assert await opened.frame() == [{"type": "pong", "last_seq": None}]
        answer.set()
        assert (await opened.closed())[0] == NO_LOGIN


async def test_a_token_of_one_project_opens_no_other_by_ticket_either(seen: Seen) -> None:
    await in_thread(limit_token, seen)
    ticket = await in_thread(_ticket, seen.token)
    async with socket(f"/ws/runs/{seen.run.pk}/?ticket={ticket}") as opened:
        assert (await opened.closed())[0] == UNKNOWN_RUN


async def test_a_ticket_follows_the_token_that_it_stands_for(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "RECHECK_SECONDS", NEVER)
    ticket = await in_thread(_ticket, seen.token)
    async with socket(f"/ws/runs/{seen.run.pk}/?ticket={ticket}") as opened:
        await opened.frame()
        await in_thread(limit_token, seen)
        assert (await opened.closed())[0] == ACCESS_ENDED


def _ticket(token: str) -> str:
    from django.test import Client  # noqa: PLC0415

    answer = Client(headers={"authorization": f"Token {token}"}).post("/api/tickets/", {}, "application/json")
    return str(answer.json()["ticket"])


async def test_harmless_changes_make_nobody_look(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login is written into the user's row, a use of a token into the token's."""
    announced: list[int] = []
    monkeypatch.setattr(broadcast, "hint_access", announced.append)

    def login_and_use() -> None:
        seen.user.save(update_fields=["last_login"])
        APIToken.objects.filter(user=seen.user).update(last_used=None)
        stranger("new")

    await in_thread(login_and_use)
    assert seen.user.pk not in announced
    await in_thread(remove_member, seen)
    assert announced[-1] == seen.user.pk
