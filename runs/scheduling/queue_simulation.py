"""Predict when queued runs will start: simulate the queue on the available slots and GPUs. Pure; seconds from now.

The simulation follows the rules of `queue.startable` and of `claim_next`: in order, none of an owner or of a project at
its limit, and a run whose GPUs are not free blocks those behind it.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

Kind: TypeAlias = tuple[int, int]
"""Owner and project of a run: what its limits depend on."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """The capacity of one worker. A worker without GPUs of its own gives each run only a slot."""

    slots: int
    gpus: int = 0


@dataclass(frozen=True, slots=True)
class Training:
    """A run that trains. `worker` may no longer exist; `seconds` it still takes, None: unknown."""

    worker: str
    owner: int
    gpus: int
    seconds: float | None
    project: int = 0

    @property
    def kind(self) -> Kind:
        """Its owner and project."""
        return self.owner, self.project


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued run: the GPUs it asks for, and how long it will train, None: unknown."""

    run_id: int
    owner: int
    gpus: int
    seconds: float | None
    project: int = 0

    @property
    def kind(self) -> Kind:
        """Its owner and project."""
        return self.owner, self.project


NO_LIMITS: Mapping[int, int] = MappingProxyType({})


def starts(
    capacities: Mapping[str, Capacity],
    trainings: Iterable[Training],
    queue: Iterable[Waiting],
    per_owner: int | None = None,
    per_project: Mapping[int, int] = NO_LIMITS,
) -> dict[int, float | None]:
    """Return the seconds until each run of `queue` (the next one first) starts; None where that is unknown.

    At most `per_owner` runs of an owner train at once, and of a project as many as `per_project` has for it. A slot
    whose end is unknown is treated as if it never ended: a run may start sooner than predicted.
    """
    simulation = _Simulation(capacities, per_owner, per_project)
    for training in trainings:
        simulation.begin(training.worker, training)
    lines = _Lines(queue)
    found: dict[int, float | None] = dict.fromkeys(lines.run_ids)
    while (run := lines.first(simulation.may_start)) or lines:
        worker = simulation.worker_for(run) if run else None
        if run is None or worker is None:
            if not simulation.advance():
                break
            continue
        found[run.run_id] = simulation.now
        simulation.begin(worker, run)
        lines.drop(run)
    return found


class _Simulation:
    """The simulated slots and GPUs at one moment, `now`."""

    def __init__(
        self, capacities: Mapping[str, Capacity], per_owner: int | None, per_project: Mapping[int, int]
    ) -> None:
        self.now = 0.0
        self._capacities, self._per_owner, self._per_project = capacities, per_owner, per_project
        self._slots = {name: capacity.slots for name, capacity in capacities.items()}
        self._gpus = {name: capacity.gpus for name, capacity in capacities.items()}
        self._of_owner: Counter[int] = Counter()
        self._of_project: Counter[int] = Counter()
        self._ends: list[tuple[float, int, str, Kind, int]] = []
        self._begun = 0

    def may_start(self, kind: Kind) -> bool:
        """Return whether owner and project are below their limits."""
        owner, project = kind
        if self._per_owner is not None and self._of_owner[owner] >= self._per_owner:
            return False
        limit = self._per_project.get(project)
        return limit is None or self._of_project[project] < limit

    def worker_for(self, run: Waiting) -> str | None:
        """Return the first worker with room; a run that asks for more GPUs than a worker has gets all of them."""
        fits = (name for name, free in self._slots.items() if free > 0 and self._gpus[name] >= self._given(name, run))
        return next(fits, None)

    def begin(self, worker: str, run: Training | Waiting) -> None:
        """Occupy a slot and GPUs of the worker, if it exists."""
        gpus = run.gpus
        if worker in self._capacities:
            gpus = min(gpus, self._capacities[worker].gpus)
            self._slots[worker] -= 1
            self._gpus[worker] -= gpus
        self._of_owner[run.owner] += 1
        self._of_project[run.project] += 1
        self._begun += 1
        end = math.inf if run.seconds is None else self.now + max(0.0, run.seconds)
        heapq.heappush(self._ends, (end, self._begun, worker, run.kind, gpus))

    def advance(self) -> bool:
        """Advance to the next end of a training. False: no end is known."""
        if not self._ends or math.isinf(self._ends[0][0]):
            return False
        self.now, _, worker, (owner, project), gpus = heapq.heappop(self._ends)
        if worker in self._capacities:
            self._slots[worker] += 1
            self._gpus[worker] += gpus
        self._of_owner[owner] -= 1
        self._of_project[project] -= 1
        return True

    def _given(self, worker: str, run: Waiting) -> int:
        return min(run.gpus, self._capacities[worker].gpus)


class _Lines:
    """The queue, one line for each owner in each project, so that those at a limit are skipped at once."""

    def __init__(self, queue: Iterable[Waiting]) -> None:
        self._lines: dict[Kind, deque[tuple[int, Waiting]]] = defaultdict(deque)
        self.run_ids: list[int] = []
        for number, run in enumerate(queue):
            self._lines[run.kind].append((number, run))
            self.run_ids.append(run.run_id)

    def __bool__(self) -> bool:
        """Return whether any run is left."""
        return bool(self._lines)

    def first(self, may_start: Callable[[Kind], bool]) -> Waiting | None:
        """Return the first run of those that may start."""
        heads = [line[0] for kind, line in self._lines.items() if may_start(kind)]
        return min(heads, key=lambda head: head[0])[1] if heads else None

    def drop(self, run: Waiting) -> None:
        """Remove a run that has started; it was the first of its line."""
        line = self._lines[run.kind]
        line.popleft()
        if not line:
            del self._lines[run.kind]
