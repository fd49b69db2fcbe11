"""Reads the GPUs that a run may use through NVIDIA's library; without GPU, driver or answer, reads nothing.

That makes no CUDA context: it takes no memory of the GPU, and no time of the training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import pynvml

from runs.events import GpuUsage

T = TypeVar("T")


class Devices:
    """The GPUs named, by UUID or number; None means all of the machine. Use it from one thread, and `close` it."""

    def __init__(self, ids: Sequence[str] | None) -> None:
        self._handles: list[Any] = []
        self._opened = False
        if ids is not None and not ids:
            return
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:  # no driver here
            return
        self._opened = True
        wanted = [str(n) for n in range(_asked(pynvml.nvmlDeviceGetCount) or 0)] if ids is None else ids
        found = [_asked(partial(_handle, one)) for one in wanted]
        self._handles = [handle for handle in found if handle is not None]

    def sample(self) -> list[GpuUsage]:
        """Return the present usage of each."""
        return [_usage(handle) for handle in self._handles]

    def close(self) -> None:
        """Release the driver; nothing is sampled any more."""
        self._handles = []
        if self._opened:
            self._opened = False
            _asked(pynvml.nvmlShutdown)


def _handle(one: str) -> Any:
    """Return the handle of a GPU; a number counts in the order of the bus, which may differ from CUDA's."""
    return pynvml.nvmlDeviceGetHandleByIndex(int(one)) if one.isdecimal() else pynvml.nvmlDeviceGetHandleByUUID(one)


def _usage(handle: Any) -> GpuUsage:
    rates = _asked(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle))
    memory = _asked(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle))
    temperature = _asked(lambda: pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))
    return GpuUsage(
        id=_asked(lambda: str(pynvml.nvmlDeviceGetUUID(handle))) or "",
        name=_asked(lambda: str(pynvml.nvmlDeviceGetName(handle))) or "",
        utilisation=None if rates is None else rates.gpu / 100,
        memory_used=None if memory is None else int(memory.used),
        memory_total=None if memory is None else int(memory.total),
        temperature=None if temperature is None else float(temperature),
    )


def _asked(question: Callable[[], T]) -> T | None:
    """Return the answer; None where this GPU or driver has none (a part of a GPU has no utilisation of its own)."""
    try:
        return question()
    except pynvml.NVMLError:
        return None
