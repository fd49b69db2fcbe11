"""The worker processes that exist: each registers and renews its registration; lost ones are removed."""

from __future__ import annotations

import os
import socket
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from runs import clock
from runs.events import format_time
from runs.leases import lease_length, valid_ends
from runs.models import Run, Worker
from runs.statements.prepared_query import PreparedQuery

_FIELDS = tuple(field.attname for field in Worker._meta.concrete_fields)
# All of them: they are few, as maintenance removes those that are lost.
_REGISTERED = PreparedQuery(lambda: Worker.objects.order_by("name").values_list(*_FIELDS))


class Load(NamedTuple):
    """The slots of all living workers, and how many of them train."""

    slots: int
    busy: int

    @property
    def free(self) -> int:
        """The number of free slots."""
        return max(0, self.slots - self.busy)


class Held(NamedTuple):
    """A run that trains: the worker that holds it, and the GPUs that it has to itself."""

    run_id: int
    worker: str
    gpus: list[str]

    @classmethod
    def of(cls, run_id: int, column: str) -> Held:
        """Read both from `Run.worker`."""
        return cls(run_id, name_in(column), gpus_in(column))


def own_name() -> str:
    """Return this process's name as a worker, as the runs that it trains store it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def register(
    name: str, host: str, slots: int, gpus: Sequence[str], thread_failures: Mapping[str, int] | None = None
) -> None:
    """Register a worker with what it offers, or renew its registration."""
    now = clock.now()
    offered = {
        "host": host,
        "slots": slots,
        "gpus": list(gpus),
        "seen_at": now,
        "thread_failures": dict(thread_failures or {}),
    }
    Worker.objects.update_or_create(name=name, defaults=offered, create_defaults={**offered, "started_at": now})


def deregister(name: str) -> None:
    """Remove a worker that has stopped; it is offered no more runs."""
    Worker.objects.filter(name=name).delete()


def alive(now: datetime | None = None) -> list[Worker]:
    """List the workers seen within the length of a lease, by name."""
    after, until = _seen(now)
    seen = (Worker.from_db(connection.alias, _FIELDS, row) for row in _REGISTERED.rows())
    return [one for one in seen if after < one.seen_at <= until]


def remove_lost(now: datetime | None = None) -> int:
    """Delete the workers that are not alive, now or at that moment; return how many."""
    return Worker.objects.filter(~_living(now)).delete()[0]


def busy(held: Iterable[str]) -> Counter[str]:
    """Count the slots in use by worker name; `held` are the `worker` columns of running runs."""
    return Counter(name_in(worker) for worker in held)


def name_in(column: str) -> str:
    """Extract the worker's name from `Run.worker`, which may name GPUs too."""
    return column.partition(" ")[0]


def gpus_in(column: str) -> list[str]:
    """Extract the GPUs named in `Run.worker`."""
    named = column.partition(" GPU ")[2]
    return named.split(",") if named else []


def load(living: Sequence[Worker] | None = None) -> Load:
    """Count slots as of now, in two queries; in one if the `living` workers are given."""
    workers = alive() if living is None else living
    # Unordered: of the order of all runs SQLite would make the way to the few that train, past all others.
    used = busy(Run.objects.filter(status__in=Run.RUNNING).order_by().values_list("worker", flat=True))
    return Load(sum(one.slots for one in workers), sum(used[one.name] for one in workers))


def described(
    workers: Iterable[Worker], held: Iterable[Held], visible: Collection[int] | None = None
) -> list[dict[str, Any]]:
    """Describe the workers as JSON, with the runs of `held` that each trains; those not `visible` only count."""
    of_worker = _by_worker(held)
    return [
        {
            "name": one.name,
            "host": one.host,
            "slots": one.slots,
            "busy": len(of_worker[one.name]),
            "gpus": one.gpus,
            "started_at": format_time(one.started_at),
            "seen_at": format_time(one.seen_at),
            "runs": _trained(of_worker[one.name], visible),
        }
        for one in workers
    ]


def described_absent(
    workers: Iterable[Worker], held: Iterable[Held], visible: Collection[int] | None = None
) -> list[dict[str, Any]]:
    """Describe those that runs of `held` name, but that are not among the workers that are present.

    One that trains no `visible` run is left out.
    """
    present = {one.name for one in workers}
    absent = {name: trained for name, trained in _by_worker(held).items() if name and name not in present}
    described = ({"name": name, "runs": _trained(trained, visible)} for name, trained in sorted(absent.items()))
    return [one for one in described if one["runs"]]


def _by_worker(held: Iterable[Held]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        found[one.worker].append(one)
    return found


def _trained(held: Iterable[Held], visible: Collection[int] | None) -> list[dict[str, Any]]:
    return [{"run_id": one.run_id, "gpus": one.gpus} for one in held if visible is None or one.run_id in visible]


def _living(now: datetime | None) -> Q:
    """Build the condition of being alive."""
    after, until = _seen(now)
    return Q(seen_at__gt=after, seen_at__lte=until)


def _seen(now: datetime | None) -> tuple[datetime, datetime]:
    """Return after and until when a living worker was seen: it counts as a lease that was renewed then."""
    earliest, latest = valid_ends(now or clock.now())
    return earliest - lease_length(), latest - lease_length()
