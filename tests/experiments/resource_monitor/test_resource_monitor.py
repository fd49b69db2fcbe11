"""What is sampled of a training's machine: of real processes, and of what a kernel or a driver may say."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pynvml
import pytest

from experiments.resource_monitor import machine, monitor, processes
from experiments.resource_monitor.devices import Devices
from experiments.resource_monitor.machine import Processors, Space
from experiments.resource_monitor.monitor import ResourceMonitor, Sampler
from experiments.resource_monitor.processes import Reading
from runs.events import GpuUsage, ResourceUsage
from runs.failures import thread_failures
from tests.waiting import eventually

BUSY = "import os, time\nblock = bytearray(50_000_000)\nif os.fork(): print('x', flush=True)\nwhile True: pass\n"
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")


@contextmanager
def session(code: str) -> Iterator[int]:
    """Start a process that leads a session and has printed something; kill all of it in the end."""
    started = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert started.stdout
        started.stdout.readline()
        yield started.pid
    finally:
        os.killpg(started.pid, 9)
        started.communicate()


@needs_proc
def test_a_training_is_all_processes_of_its_session() -> None:
    """Against psutil, which reads the same numbers in its own way."""
    with session(BUSY) as leader:
        members = [leader, *(child.pid for child in psutil.Process(leader).children())]
        eventually(lambda: all(psutil.Process(pid).cpu_times().user > 0.2 for pid in members))
        found = processes.of_sessions([leader])
        assert found is not None
        assert sorted(found) == sorted(members)
        for pid, reading in found.items():
            times, memory = psutil.Process(pid).cpu_times(), psutil.Process(pid).memory_info()
            assert reading.cpu_seconds <= times.user + times.system + 1e-9  # sums of hundredths
            assert reading.cpu_seconds > 0.15
            assert reading.rss == pytest.approx(memory.rss, rel=0.2)
        whole = processes.pss(found)
        assert whole is not None
        assert 50e6 < whole < sum(reading.rss for reading in found.values())  # the block is shared


@needs_proc
def test_a_sample_tells_what_the_processes_took_since_the_one_before(tmp_path: Path) -> None:
    with session(BUSY) as leader:
        before = psutil.Process(leader).cpu_times().user
        sampler, started = Sampler([leader], tmp_path, Devices([])), time.monotonic()
        eventually(lambda: psutil.Process(leader).cpu_times().user > before + 0.3)
        now = time.monotonic()
        usage = sampler.sample(now)
    assert usage.processes == 2
    assert usage.cpu_cores is not None
    assert 0.25 / (now - started) < usage.cpu_cores <= (os.cpu_count() or 1) * 1.2
    assert usage.machine_cpu_cores is not None
    assert usage.machine_cores == os.cpu_count()
    assert 0 < usage.machine_cpu_cores <= (os.cpu_count() or 1)
    assert usage.machine_memory_total is not None
    assert usage.machine_memory_total <= psutil.virtual_memory().total
    assert usage.disk_total == pytest.approx(psutil.disk_usage(str(tmp_path)).total, rel=0.01)
    assert usage.gpus == []


def test_processes_that_come_go_and_take_the_number_of_another_one() -> None:
    before = {1: Reading(10, 5.0, 0), 2: Reading(10, 100.0, 0), 3: Reading(10, 7.0, 0)}
    now = {1: Reading(10, 6.5, 0), 2: Reading(99, 0.25, 0), 4: Reading(50, 2.0, 0)}
    assert processes.cpu_seconds(before, now) == 1.5 + 0.25 + 2.0


def test_without_proc_nothing_is_known(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    assert processes.of_sessions([1], nowhere) is None
    assert processes.pss([1], nowhere) is None
    assert machine.processors(nowhere) is None
    assert machine.memory(nowhere, nowhere) is None
    assert machine.disk(nowhere) is None


def test_busy_cores_are_those_that_neither_idle_nor_wait_for_a_disk(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  100 10 50 800 40 0 0 0 7 7\ncpu0 1\ncpu1 2\nintr 5\n")
    first = machine.processors(tmp_path)
    assert first == Processors(busy=160, total=1000, cores=2)
    assert machine.busy_cores(first, Processors(busy=210, total=1200, cores=2)) == 0.5
    assert machine.busy_cores(first, first) is None


def a_machine(folder: Path, limit: str, current: int) -> tuple[Path, Path]:
    proc, cgroups = folder / "proc", folder / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text("4:memory:/old\n0::/box/run\n")
    (proc / "meminfo").write_text("MemTotal: 8000 kB\nMemFree: 100 kB\nMemAvailable: 6000 kB\nHugePages_Total: 0\n")
    (cgroups / "box" / "run").mkdir(parents=True)
    (cgroups / "box" / "memory.max").write_text(f"{limit}\n")
    (cgroups / "box" / "memory.current").write_text(f"{current}\n")
    (cgroups / "box" / "memory.stat").write_text("anon 5\ninactive_file 1024\n")
    return proc, cgroups


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max", Space(2000 * 1024, 8000 * 1024)),
        (str(3000 * 1024), Space(1023 * 1024, 3000 * 1024)),
        (str(9000 * 1024), Space(2000 * 1024, 8000 * 1024)),
    ],
)
def test_a_control_group_s_limit_counts_where_it_is_the_lower_one(tmp_path: Path, limit: str, expected: Space) -> None:
    assert machine.memory(*a_machine(tmp_path, limit, 1024 * 1024)) == expected


def unsupported(*_: Any) -> Any:
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Install a driver with two GPUs, the second of which answers little; return what was asked of it."""
    calls: list[str] = []
    answers: dict[str, Any] = {
        "nvmlInit": lambda: calls.append("init"),
        "nvmlShutdown": lambda: calls.append("shutdown"),
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: index if index < 2 else unsupported(),
        "nvmlDeviceGetHandleByUUID": lambda uuid: {"GPU-a": 0, "GPU-b": 1}[uuid],
        "nvmlDeviceGetUUID": lambda handle: f"GPU-{'ab'[handle]}",
        "nvmlDeviceGetName": lambda handle: "Card",
        "nvmlDeviceGetUtilizationRates": lambda handle: unsupported() if handle else SimpleNamespace(gpu=37, memory=1),
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(used=3, total=9, free=6),
        "nvmlDeviceGetTemperature": lambda handle, sensor: unsupported() if handle else 61,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, answer)
    return calls


A = GpuUsage(id="GPU-a", name="Card", utilisation=0.37, memory_used=3, memory_total=9, temperature=61.0)
B = GpuUsage(id="GPU-b", name="Card", utilisation=None, memory_used=3, memory_total=9, temperature=None)


@pytest.mark.parametrize(
    ("ids", "found"), [(None, [A, B]), (["GPU-b"], [B]), (["1", "0"], [B, A]), (["0", "7"], [A]), ([], [])]
)
def test_the_gpus_of_a_run(driver: list[str], ids: list[str] | None, found: list[GpuUsage]) -> None:
    devices = Devices(ids)
    assert devices.sample() == found
    devices.close()
    assert devices.sample() == []
    assert driver == (["init", "shutdown"] if ids != [] else [])


def test_a_machine_without_a_driver_has_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", missing)
    devices = Devices(None)
    assert devices.sample() == []
    devices.close()


def test_a_driver_that_does_not_answer_holds_up_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked, answers, answered = threading.Event(), threading.Event(), threading.Event()

    def hangs() -> None:
        asked.set()
        answers.wait(60)
        answered.set()

    monkeypatch.setattr(pynvml, "nvmlInit", hangs)
    with ResourceMonitor([os.getpid()], gpus=None, folder=tmp_path, interval=0.01) as sampling:
        assert asked.wait(20)
        assert sampling.updates() == []
        left = time.monotonic()
    assert not answered.is_set()
    assert time.monotonic() - left < 20, f"whoever leaves waits {monitor.CLOSING_SECONDS} seconds"
    assert monitor.CLOSING_SECONDS <= 2
    answers.set()


@needs_proc
def test_a_gauge_gives_each_sample_once(tmp_path: Path) -> None:
    with ResourceMonitor([os.getsid(0)], gpus=[], folder=tmp_path, interval=0.01) as sampling:
        [(usage, moment, data), *_] = eventually(sampling.updates)
    assert f'"processes":{usage.processes}' in data
    assert moment.endswith("Z")
    sampling.updates()
    assert sampling.updates() == []


@needs_proc
@pytest.mark.parametrize("fault", [TypeError, KeyError, OSError])
def test_a_gauge_goes_on_after_whatever_a_sample_fails_of(
    fault: type[Exception], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    real, tries = Sampler.sample, list[int]()

    def sometimes(self: Sampler, now: float) -> ResourceUsage:
        tries.append(1)
        if len(tries) <= 3:
            raise fault("injected")
        return real(self, now)

    monkeypatch.setattr(Sampler, "sample", sometimes)
    monkeypatch.setattr(monitor, "AGAIN_SECONDS", 0.05)
    before = thread_failures.counts().get("resource-monitor", 0)
    with ResourceMonitor([os.getsid(0)], gpus=[], folder=tmp_path, interval=0.01) as sampling:
        eventually(sampling.updates)
    assert thread_failures.counts()["resource-monitor"] == before + 3
    [record] = caplog.records
    assert (record.levelname, record.exc_info is not None) == ("ERROR", True)
