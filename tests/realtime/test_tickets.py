"""Tickets: each opens one socket within seconds, and stands for the session or token that asked for it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from websockets.asyncio.client import connect

from accounts.models import APIToken
from realtime import auth, tickets
from realtime.models import SocketTicket
from realtime.tickets import Credentials
from realtime.wire.close_codes import NO_LOGIN, WRONG_ORIGIN, Refused
from runs.models import Run
from tests.realtime.listening import close_code, frame
from tests.realtime.writing import in_thread, queued_run, running_run
from tests.servers import WebServer
from tests.tokens import new_token

HOST = (b"host", b"localhost:8000")


def asked(client: Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/tickets/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def scope(ticket: str, path: str = "/ws/runs/", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"path": path, "query_string": f"ticket={ticket}".encode(), "headers": [HOST, *headers]}


def refusal(of: dict[str, Any]) -> int:
    with pytest.raises(Refused) as refused:
        auth.identify(of)
    assert len(refused.value.reason.encode()) <= 123
    return refused.value.code


async def test_a_ticket_opens_one_socket_of_a_real_server(server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    client = Client(headers={"authorization": f"Token {token}"})
    ticket = (await in_thread(asked, client, run=run.pk))["ticket"]
    path = f"/ws/runs/{run.pk}/?after=1&ticket={ticket}"
    async with connect(server.websocket_url + path, proxy=None) as opened:
        assert (await frame(opened))[0]["seq"] == 2
    assert await close_code(server, path) == NO_LOGIN


@pytest.mark.parametrize("kind", ["token", "session"])
def test_who_asks_for_a_ticket_is_its_user(api: Client, browser_session: Client, user: User, kind: str) -> None:
    answer = asked(api if kind == "token" else browser_session)
    assert (answer["run"], answer["expires_in"]) == (None, tickets.LIFETIME_SECONDS)
    assert answer["expires_in"] <= 60
    assert auth.identify(scope(answer["ticket"])) == user
    assert refusal(scope(answer["ticket"])) == NO_LOGIN


@pytest.mark.django_db
def test_strangers_and_foreign_pages_get_no_ticket(user: User) -> None:
    assert Client().post("/api/tickets/").status_code == 401
    foreign = Client(enforce_csrf_checks=True)
    foreign.force_login(user)
    assert foreign.post("/api/tickets/").status_code == 403
    assert not SocketTicket.objects.exists()


def test_the_database_holds_no_ticket(api: Client) -> None:
    ticket = asked(api)["ticket"]
    kept = SocketTicket.objects.values_list().get()
    assert ticket not in str(kept)


def test_a_ticket_of_a_run_opens_no_other_address(api: Client, user: User) -> None:
    run, other = queued_run(user), queued_run(user)
    for path in (f"/ws/runs/{other.pk}/", "/ws/runs/", f"/ws/runs/{run.pk}/x"):
        assert refusal(scope(asked(api, run=run.pk)["ticket"], path)) == NO_LOGIN
    assert auth.identify(scope(asked(api, run=run.pk)["ticket"], f"/ws/runs/{run.pk}/")) == user
    assert auth.identify(scope(asked(api, run=run.pk)["ticket"], f"/ws/runs/{run.pk}")) == user
    assert auth.identify(scope(asked(api, run=None)["ticket"], f"/ws/runs/{run.pk}")) == user


def test_a_wrong_request_is_told_which_field(api: Client, user: User) -> None:
    run = queued_run(user)
    for body, status, words in (
        ({"run": run.pk + 1}, 404, f"Run {run.pk + 1} does not exist."),
        ({"run": "x"}, 400, "run"),
        ({"run": 0}, 400, "run"),
        ({"ruin": 1}, 400, "ruin"),
    ):
        answer = api.post("/api/tickets/", json.dumps(body), content_type="application/json")
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.content
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
    assert api.post("/api/tickets/", json.dumps({"run": run.pk}), content_type="application/json").status_code == 404


@pytest.mark.parametrize("ticket", ["", "x", "x" * 43, "x" * 5000, "%00", "\u00e4" * 43, "a&ticket=b"])
@pytest.mark.django_db
def test_no_ticket_at_all(ticket: str) -> None:
    found = scope("") | {"query_string": f"ticket={ticket}".encode()}
    assert refusal(found) == NO_LOGIN


def test_a_ticket_expires_and_is_forgotten(api: Client) -> None:
    ticket = asked(api)["ticket"]
    SocketTicket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    asked(api)
    assert SocketTicket.objects.count() == 1
    assert refusal(scope(ticket)) == NO_LOGIN
    late = asked(api)["ticket"]
    SocketTicket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refusal(scope(late)) == NO_LOGIN


@pytest.mark.django_db(transaction=True)
def test_of_many_sockets_that_bring_one_ticket_at_once_one_is_opened(api: Client) -> None:
    ticket, together = asked(api)["ticket"], threading.Barrier(8)

    def spend(_number: int) -> bool:
        try:
            together.wait(20)
            return bool(tickets.spend(ticket, None))
        except Refused:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(together.parties) as clients:
        assert sum(clients.map(spend, range(together.parties))) == 1


def test_a_ticket_is_spent_by_one_statement(api: Client) -> None:
    """So no two can have found it before either has removed it."""
    ticket = asked(api)["ticket"]
    with CaptureQueriesContext(connection) as asked_for:
        tickets.spend(ticket, None)
    assert len(asked_for) == 1


def test_a_foreign_page_does_not_open_one_nor_spend_the_ticket(api: Client, user: User) -> None:
    ticket = asked(api)["ticket"]
    assert refusal(scope(ticket, "/ws/runs/", (b"origin", b"http://evil.example"))) == WRONG_ORIGIN
    assert refusal(scope(ticket) | {"headers": [(b"host", b"evil.example")]}) == WRONG_ORIGIN
    assert auth.identify(scope(ticket)) == user


def test_a_ticket_says_nothing_beside_the_login_of_somebody_else(api: Client, user: User) -> None:
    """The address counts: its ticket was asked for this socket."""
    grace = new_token(User.objects.create_user("grace"))
    header = (b"authorization", f"Token {grace}".encode())
    assert auth.identify(scope(asked(api)["ticket"], "/ws/runs/", header)) == user
    assert refusal(scope("x" * 43, "/ws/runs/", header)) == NO_LOGIN


def test_a_socket_ends_with_what_its_ticket_stands_for(api: Client, browser_session: Client, user: User) -> None:
    opened = [scope(asked(client)["ticket"]) for client in (api, browser_session)]
    for _ in range(2):  # at the opening, and at a later look
        assert [auth.identify(one) for one in opened] == [user, user]
    unused = [scope(asked(client)["ticket"]) for client in (api, browser_session)]
    APIToken.objects.all().delete()
    browser_session.logout()
    assert [refusal(one) for one in (*opened, *unused)] == [NO_LOGIN] * 4


def test_an_inactive_user_opens_nothing(api: Client, user: User) -> None:
    ticket = asked(api)["ticket"]
    User.objects.update(is_active=False)
    assert refusal(scope(ticket)) == NO_LOGIN


def test_a_deleted_user_leaves_no_tickets(api: Client, user: User) -> None:
    asked(api)
    user.delete()
    assert not SocketTicket.objects.exists()


def test_the_application_sees_neither_ticket_nor_what_it_stands_for(api: Client) -> None:
    one = scope(asked(api)["ticket"])
    one["query_string"] += b"&after=7"
    auth.identify(one)
    seen = auth._without_credentials(one)
    assert seen["query_string"] == b"after=7"
    assert not [value for value in seen.values() if isinstance(value, Credentials)]
