"""Monitors what a training takes of its machine, from outside of it.

The supervisor's process does this, not the training's: reading /proc there costs the training nothing, not even its
interpreter's lock, all ranks and loader workers are seen, and a training that is stuck is sampled too. It has a thread
of its own, because a driver or a file system in trouble may not answer for minutes, and the supervisor must not wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from experiments.resource_monitor import machine, processes
from experiments.resource_monitor.devices import Devices
from runs.events import ResourceUsage, Stamped, encode, utc_now
from runs.failures.thread_failures import Account

SPARING = 100
"""Of so many seconds, at most one goes into sampling: where a sample takes long, the next one comes later."""
CLOSING_SECONDS = 1.0
AGAIN_SECONDS = 5.0  # after a failure


class ResourceMonitor:
    """A context that samples every `interval` seconds while it is open.

    `leaders` are the processes that lead the training's sessions, `gpus` what `Devices` takes, `folder` the run's.
    """

    def __init__(self, leaders: Collection[int], *, gpus: Sequence[str] | None, folder: Path, interval: float) -> None:
        self._leaders, self._gpus, self._folder, self._interval = set(leaders), gpus, folder, interval
        self._samples: SimpleQueue[Stamped[ResourceUsage]] = SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"resource-monitor-{min(leaders)}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self._thread.join(CLOSING_SECONDS)  # a thread that hangs is left running

    def updates(self) -> list[Stamped[ResourceUsage]]:
        """Return the samples since the last call, each with its time and its data as JSON; never waits."""
        found = []
        while True:
            try:
                found.append(self._samples.get_nowait())
            except Empty:
                return found

    def _run(self) -> None:
        """Sample until closed, and start again after any failure: the training's later hours count too."""
        account = Account("resource-monitor")
        while not self._closed.is_set():
            try:
                self._sample_on()
            except Exception as error:
                account.failed("sampling a training's use of its machine", error, AGAIN_SECONDS)
                self._closed.wait(AGAIN_SECONDS)

    def _sample_on(self) -> None:
        devices = Devices(self._gpus)
        sampler = Sampler(self._leaders, self._folder, devices)
        cost = 0.0
        try:
            while not self._closed.wait(max(self._interval, SPARING * cost)):
                start = time.thread_time()
                usage = sampler.sample(time.monotonic())
                cost = time.thread_time() - start
                self._samples.put(Stamped(usage, utc_now(), encode(usage).decode()))
        finally:
            devices.close()


class Sampler:
    """Takes samples; CPU time is counted from the sample before, at first from when the sampler was made."""

    def __init__(self, leaders: Collection[int], folder: Path, devices: Devices) -> None:
        self._leaders, self._folder, self._devices = leaders, folder, devices
        self._at = time.monotonic()
        self._processes = processes.of_sessions(leaders)
        self._processors = machine.processors()
        self._pss: int | None = None
        self._pss_again = 0.0  # monotonic time

    def sample(self, now: float) -> ResourceUsage:
        """Return the usage at `now`, a monotonic time."""
        found, processors = processes.of_sessions(self._leaders), machine.processors()
        memory, disk = machine.memory(), machine.disk(self._folder)
        usage = ResourceUsage(
            cpu_cores=self._cores(found, now),
            machine_cpu_cores=machine.busy_cores(self._processors, processors),
            machine_cores=processors.cores if processors else None,
            processes=None if found is None else len(found),
            memory_rss=None if found is None else sum(reading.rss for reading in found.values()),
            memory_pss=self._measured_pss(found or {}, now),
            machine_memory_used=memory.used if memory else None,
            machine_memory_total=memory.total if memory else None,
            disk_free=disk.total - disk.used if disk else None,
            disk_total=disk.total if disk else None,
            gpus=self._devices.sample(),
        )
        self._at, self._processes, self._processors = now, found, processors
        return usage

    def _cores(self, found: dict[int, processes.Reading] | None, now: float) -> float | None:
        if found is None or self._processes is None or now <= self._at:
            return None
        return processes.cpu_seconds(self._processes, found) / (now - self._at)

    def _measured_pss(self, pids: Collection[int], now: float) -> int | None:
        """Measure the memory again when that has become cheap enough; until then return the earlier value."""
        if now >= self._pss_again:
            start = time.thread_time()
            self._pss = processes.pss(pids)
            self._pss_again = now + SPARING * (time.thread_time() - start)
        return self._pss
