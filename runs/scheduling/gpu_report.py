"""The GPUs of the living workers as JSON: which run has each, and its memory as a run measured it last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from runs.events import ResourceUsage
from runs.models import Run, RunEvent
from runs.scheduling import workers
from runs.scheduling.workers import Held

MEASURED_RUNS = 100
"""How many training runs are asked for what they measured."""
LOOKED_AT = 2_000
"""How many of a run's last events may hold its last measurement: one comes about every 2 seconds."""
MEASURED = ("name", "utilisation", "memory_used", "memory_total", "temperature")
UNKNOWN: dict[str, Any] = dict.fromkeys((*MEASURED, "measured_at"))


def described(visible: Collection[int] | None = None) -> list[dict[str, Any]]:
    """List the GPUs by host and id; those that no run has measured have nothing but nulls beside id and worker.

    A GPU that no worker assigns is there too where a run sees it: it is shared by all runs that name it.
    Of the runs, those not in `visible` (None: all are) are not named: what they measured is there, and that GPUs are
    in use.
    """
    present = workers.alive()
    training = list(_training())
    held = [Held.of(pk, column) for pk, column, *_ in training]
    heads = {pk: (last, attempt) for pk, _, last, attempt in training}
    hosts = {one.name: one.host for one in present}
    found = {(one.host, gpu): _gpu_of(one.name, one.host, gpu) for one in present for gpu in one.gpus}
    for one in held:
        host = _host(one, hosts)
        for gpu in one.gpus:
            row = found.setdefault((host, gpu), _gpu_of(one.worker, host, gpu))
            row["runs"].append(one.run_id)
    for one, row in _measured(held, heads, found, hosts):
        if one.run_id not in row["runs"]:
            row["runs"].append(one.run_id)
    for row in found.values():
        row["busy"] = bool(row["runs"])
        row["runs"] = [run_id for run_id in row["runs"] if visible is None or run_id in visible]
    return [found[key] for key in sorted(found)]


def _training() -> Iterable[tuple[int, str, int, int]]:
    running = Run.objects.filter(status__in=Run.RUNNING).order_by("-pk")
    return running.values_list("pk", "worker", "last_seq", "attempt")


def _host(one: Held, hosts: Mapping[str, str]) -> str:
    return hosts.get(one.worker, one.worker.partition(":")[0])


def _gpu_of(worker: str, host: str, gpu: str) -> dict[str, Any]:
    return {"id": gpu, "host": host, "worker": worker, **UNKNOWN, "runs": []}


def _measured(
    held: Sequence[Held],
    heads: Mapping[int, tuple[int, int]],
    found: dict[tuple[str, str], dict[str, Any]],
    hosts: Mapping[str, str],
) -> Iterator[tuple[Held, dict[str, Any]]]:
    """Write into the GPUs what runs measured; yield each run with each GPU that it sees."""
    for one in held[:MEASURED_RUNS]:
        usage = _last_usage(one.run_id, *heads[one.run_id])
        if usage is None:
            continue
        timestamp, seen = usage
        host = _host(one, hosts)
        # A worker may name its GPUs by number, a measurement names them by UUID: both are in the same order.
        names = one.gpus if len(one.gpus) == len(seen) else [gpu.id for gpu in seen]
        for name, gpu in zip(names, seen, strict=True):
            row = found.setdefault((host, name), _gpu_of(one.worker, host, name))
            if row["measured_at"] is None or row["measured_at"] < timestamp:
                row |= {part: getattr(gpu, part) for part in MEASURED} | {"measured_at": timestamp}
            yield one, row


def _last_usage(run_id: int, last: int, attempt: int) -> tuple[str, list[Any]] | None:
    """Read when a run's present attempt measured last, and the GPUs that it saw; `last` is its last event's seq."""
    near = RunEvent.objects.filter(run_id=run_id, seq__gt=last - LOOKED_AT, type=ResourceUsage.type, attempt=attempt)
    newest = near.order_by("-seq").values_list("timestamp", "data").first()
    if newest is None:
        return None
    return newest[0], msgspec.json.decode(newest[1], type=ResourceUsage).gpus
