"""Who there is to train: worker processes say that they are alive, and those that no longer do are forgotten."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from runs import clock
from runs.events import format_time
from runs.leases import lease_length, valid_ends
from runs.models import Run, Worker


class Load(NamedTuple):
    """Slots of all living workers, and how many of them train."""

    slots: int
    busy: int

    @property
    def free(self) -> int:
        return max(0, self.slots - self.busy)


def own_name() -> str:
    """Of this process, as runs that it trains name it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def sign_in(
    name: str, host: str, slots: int, gpus: Sequence[str], thread_failures: Mapping[str, int] | None = None
) -> None:
    """A worker is there, and what it has; called again it renews that."""
    now = clock.now()
    offered = {
        "host": host,
        "slots": slots,
        "gpus": list(gpus),
        "seen_at": now,
        "thread_failures": dict(thread_failures or {}),
    }
    Worker.objects.update_or_create(name=name, defaults=offered, create_defaults={**offered, "started_at": now})


def sign_out(name: str) -> None:
    """It has stopped, and takes nothing any more."""
    Worker.objects.filter(name=name).delete()


def alive(now: datetime | None = None) -> list[Worker]:
    """List those seen within the length of a lease, by name."""
    return list(Worker.objects.filter(_living(now)))


def forget_lost(now: datetime | None = None) -> int:
    """Delete those that are not alive, now or at that moment; returns how many."""
    return Worker.objects.filter(~_living(now)).delete()[0]


def busy(held: Iterable[str]) -> Counter[str]:
    """Slots in use by name of worker; `held` are the `worker` columns of running runs."""
    return Counter(name_in(worker) for worker in held)


def name_in(column: str) -> str:
    """The worker's name in `Run.worker`, which may name GPUs too."""
    return column.partition(" ")[0]


def gpus_in(column: str) -> list[str]:
    """The GPUs that are named there."""
    named = column.partition(" GPU ")[2]
    return named.split(",") if named else []


def load(living: Sequence[Worker] | None = None) -> Load:
    """As of now, in two queries; `living` are the workers where they are known."""
    workers = alive() if living is None else living
    used = busy(Run.objects.filter(status__in=Run.RUNNING).values_list("worker", flat=True))
    return Load(sum(one.slots for one in workers), sum(used[one.name] for one in workers))


def described(workers: Iterable[Worker], used: Counter[str]) -> list[dict[str, Any]]:
    """As JSON."""
    return [
        {
            "name": one.name,
            "host": one.host,
            "slots": one.slots,
            "busy": used[one.name],
            "gpus": one.gpus,
            "seen_at": format_time(one.seen_at),
        }
        for one in workers
    ]


def _living(now: datetime | None) -> Q:
    """Each sign of life counts as a lease does that was renewed then."""
    earliest, latest = valid_ends(now or clock.now())
    return Q(seen_at__gt=earliest - lease_length(), seen_at__lte=latest - lease_length())
