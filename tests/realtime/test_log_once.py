"""The database or Redis fails for a while under a running server: it says so once, and goes on afterwards."""

from __future__ import annotations

import asyncio

from django.contrib.auth.models import User
from django.db import connection

from tests.realtime.listening import Listener
from tests.realtime.writing import batch_event, in_thread, running_run, store
from tests.servers import WebServer
from tests.waiting import eventually


async def test_database_that_fails_for_a_while(own_server: WebServer, owner: User, token: str) -> None:
    run = await in_thread(running_run, owner)
    listener = Listener(own_server, run.pk, token)
    async with listener.connected() as opened:
        await listener.read_until(opened, 2)
        await in_thread(_rename, "runs_run", "runs_run_away")
        await asyncio.to_thread(eventually, lambda: "Looking for news of runs fails" in own_server.log.read_text())
        await in_thread(_rename, "runs_run_away", "runs_run")
        await in_thread(store, run, [batch_event(1)])
        await listener.read_until(opened, 3)
        works_again = "Looking for news of runs works again"  # over Redis the run's own reader is told earlier
        await asyncio.to_thread(eventually, lambda: works_again in own_server.log.read_text())
    log = own_server.log.read_text()
    assert log.count("Looking for news of runs fails") == 1
    assert log.count(works_again) == 1
    assert "Traceback" not in log


def _rename(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA legacy_alter_table=ON" if connection.vendor == "sqlite" else "SELECT 1")
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")
