"""The faults, and when they strike: a function of the seed and of what is there."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import psutil

from tests.chaos.site import LEASE_SECONDS, Site

PAUSE_SECONDS = (0.2, 1.8)  # between two faults
OUTAGE_SECONDS = (0.5, LEASE_SECONDS + 2)  # how long something stays frozen, away or full
Fault = Callable[[], None]


class Storm:
    """Injects faults, and repairs what does not repair itself: thaws, starts databases, makes room on the disk."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self.faults: Counter[str] = Counter()
        self._site, self._chance = site, chance
        self._repairs: list[tuple[float, str, Callable[[], None]]] = []  # when, of what, how

    def rage(self, seconds: float) -> None:
        """Cause each kind of fault once before any comes again; return when everything is repaired."""
        over, next_fault, deck = time.monotonic() + seconds, 0.0, list[Fault]()
        while (now := time.monotonic()) < over:
            self._repair(now)
            if now >= next_fault:
                deck = deck or self._shuffled()
                deck.pop()()
                next_fault = now + self._chance.uniform(*PAUSE_SECONDS)
            time.sleep(0.02)
        self._repair(float("inf"))

    def _shuffled(self) -> list[Fault]:
        faults: list[Fault] = [self._cut, self._cut_within_frames, self._half_open]
        faults += [self._killed(kind) for kind in ("training", "training", "forkserver", "worker", "web", "launcher")]
        faults += [self._frozen(kind) for kind in ("training", "worker", "web")]
        faults += [self._restarted(kind) for kind in ("worker", "web")]
        for name in self._site.stores:
            faults += [self._away(name), self._stopped(name)]
        if self._site.disk:
            faults.append(self._full)
        faults.append(self._reboot)
        self._chance.shuffle(faults)
        return faults

    def _cut(self) -> None:
        self.faults["client sockets reset"] += self._chance.choice(self._site.proxies).cut()

    def _cut_within_frames(self) -> None:
        self.faults["client sockets cut within a frame"] += self._chance.choice(self._site.proxies).cut_within_frames()

    def _half_open(self) -> None:
        self.faults["client sockets half open"] += self._chance.choice(self._site.proxies).half_open()

    def _killed(self, kind: str) -> Fault:
        return lambda: self._signal(kind, f"{kind} killed", signal.SIGKILL)

    def _restarted(self, kind: str) -> Fault:
        return lambda: self._signal(kind, f"{kind} told to stop", signal.SIGTERM)

    def _frozen(self, kind: str) -> Fault:
        def freeze() -> None:
            if process := self._signal(kind, f"{kind} frozen", signal.SIGSTOP):
                self._later(f"process {process.pid}", lambda: _thaw([process]))

        return freeze

    def _away(self, name: str) -> Fault:
        def kill() -> None:
            store = self._site.stores[name]
            self._repair_of(name)
            store.kill()
            self.faults[f"{name} killed"] += 1
            self._later(name, store.start)

        return kill

    def _stopped(self, name: str) -> Fault:
        def freeze() -> None:
            self._repair_of(name)
            processes = self._site.stores[name].processes()
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.suspend()
            self.faults[f"{name} frozen"] += 1
            self._later(name, lambda: _thaw(processes))

        return freeze

    def _full(self) -> None:
        disk = self._site.disk
        if disk:
            self._repair_of("disk")
            disk.fill()
            self.faults["disk full"] += 1
            self._later("disk", disk.clear)

    def _reboot(self) -> None:
        self._repair(float("inf"))
        self._site.reboot()
        self.faults["machine rebooted"] += 1

    def _signal(self, kind: str, what: str, number: signal.Signals) -> psutil.Process | None:
        candidates = self._site.processes(kind)
        if not candidates:
            return None
        process = self._chance.choice(sorted(candidates, key=lambda candidate: candidate.pid))
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
            self.faults[what] += 1
            return process
        return None

    def _later(self, what: str, repair: Callable[[], None]) -> None:
        self._repairs.append((time.monotonic() + self._chance.uniform(*OUTAGE_SECONDS), what, repair))

    def _repair(self, now: float) -> None:
        due = [repair for repair in self._repairs if repair[0] <= now]
        self._repairs = [repair for repair in self._repairs if repair[0] > now]
        for _, _, repair in due:
            repair()

    def _repair_of(self, what: str) -> None:
        """Repair at once what is outstanding: there is no second fault of one thing on top of the first."""
        due = [repair for repair in self._repairs if repair[1] == what]
        self._repairs = [repair for repair in self._repairs if repair[1] != what]
        for _, _, repair in due:
            repair()


def _thaw(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()
