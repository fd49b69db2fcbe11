"""Diagnoses what the server talks to: the database and its clock, the broker, the channel layer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from experiments.doctor import sign_on, storage
from experiments.doctor.finding import Finding, Level
from experiments.doctor.logins import try_login
from runs import queue, schema
from runs.models import RunEvent
from runs.scheduling import workers
from runs.summaries import listed_runs

CONNECT_SECONDS = 5.0
CLOCK_SECONDS = 2.0
LISTED_CURE = "Stop the server and its workers, then run: manage.py migrate (it copies all runs for lists again)"


def diagnose() -> Iterator[Finding]:
    """Yield the findings; what is in a database is only looked at if its version is this server's."""
    try:
        database = _database()
        yield database
        if database.level != "fail":
            yield _clock()
            yield _listed_runs()
            yield storage.diagnose_run_folders()
            yield _workers()
            yield from sign_on.diagnose_projects()
    except DatabaseError as error:
        yield _silent(error)
    broker = "" if settings.BROKER_EMBEDDED else settings.BROKER_URL
    yield _login("broker", broker, "BROKER_URL on all machines", "the database is the queue")
    yield _login(
        "channel layer", settings.REDIS_URL, "REDIS_URL on all machines", "in memory; web processes read the journal"
    )


def _database() -> Finding:
    """Compare the database with what this version needs; raises DatabaseError."""
    missing = schema.unapplied_migrations()
    if missing:
        text = f"{len(missing)} migrations are not applied, first {missing[0]}"
        return Finding("fail", "database", text, "Back up, then run: manage.py migrate")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            cure = "Put it on a local disk that all processes may write; its folder must be writable too."
            return Finding("fail", "database", f"SQLite in mode {mode}: readers and writers block each other", cure)
    return Finding("ok", "database", f"{connection.vendor}, all migrations applied")


def _listed_runs() -> Finding:
    """Compare what lists read of runs with the runs: triggers of the database keep it."""
    differing = listed_runs.differing()
    if differing:
        text = f"runs that are listed otherwise than they are: {differing:,}"
        return Finding("fail", "lists", text, LISTED_CURE)
    if not listed_runs.are_kept():
        return Finding("fail", "lists", "triggers of the database that keep them up to date are missing", LISTED_CURE)
    return Finding("ok", "lists", "show all runs as they are")


def _clock() -> Finding:
    """Compare the clock with the database server's and the newest event, which another machine may have written."""
    database, event = _seconds_ahead(_database_time()), _seconds_ahead(_newest_event())
    off = max(abs(database), event)  # an event may be as old as it likes
    if off <= CLOCK_SECONDS:
        return Finding("ok", "clock", "agrees with the database and the newest event")
    level: Level = "fail" if off > settings.LEASE_SECONDS / 2 else "warn"
    text = f"{off:.0f} s off from the database or the newest event: leases end too early or too late"
    return Finding(level, "clock", text, "Keep the time of all machines by NTP: timedatectl set-ntp true")


def _workers() -> Finding:
    """Report whether a worker is alive to start what waits."""
    present, waiting = workers.alive(), queue.waiting().count()
    queued = f"{waiting} run{'' if waiting == 1 else 's'}"
    if present or not waiting:
        slots = sum(one.slots for one in present)
        return Finding("ok", "workers", f"{len(present)} alive with {slots} slots, {queued} queued")
    cure = "Start one on a machine with GPUs: manage.py worker (manage.py serve starts one too)."
    return Finding("warn", "workers", f"{queued} {'is' if waiting == 1 else 'are'} queued and no worker is alive", cure)


def _seconds_ahead(moment: datetime | None) -> float:
    return (moment - timezone.now()).total_seconds() if moment else 0.0


def _database_time() -> datetime | None:
    """Return the database server's time; None for SQLite, whose clock is ours."""
    if connection.vendor == "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        moment: datetime = cursor.fetchone()[0]
        return moment


def _newest_event() -> datetime | None:
    newest = RunEvent.objects.order_by("-pk").values_list("timestamp", flat=True).first()
    return datetime.fromisoformat(newest) if newest else None


def _login(subject: str, address: str, setting: str, unset: str) -> Finding:
    return try_login(subject, address, setting) if address else Finding("ok", subject, unset)


def _silent(error: DatabaseError) -> Finding:
    """Report a database that does not answer; the driver's own words may hold the address.

    Whether its port is open shows what is wrong.
    """
    given = connection.settings_dict
    if connection.vendor == "sqlite" or not isinstance(error, OperationalError):
        cure = "Start the database server, or correct DATABASE_URL."
        return Finding("fail", "database", f"does not answer: {type(error).__name__}", cure)
    host, port = given["HOST"] or "127.0.0.1", int(given["PORT"] or 5432)
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as refused:
        text = f"does not answer: {host}:{port} does not accept connections: {refused.strerror or refused}"
        return Finding("fail", "database", text, "Start the database server, open its port, or correct DATABASE_URL.")
    text = f"does not answer: {host}:{port} accepts connections, but not this login"
    return Finding("fail", "database", text, "Correct user, password and the database's name in DATABASE_URL.")
