"""The process that looks at data, whose looks go wrong in the way that the training's name says."""

import os
import signal
import sys
import time
from collections.abc import Callable

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data import sources
from experiments.training.data.inspection import inspection_server


def spin() -> None:
    while True:
        pass


def fill_the_memory() -> None:
    kept = [bytes(2**20) for _ in range(8 * 1024)]
    assert kept


def stop_the_server() -> None:
    os.kill(os.getppid(), signal.SIGSTOP)


def kill_the_server() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def stumble() -> None:
    raise KeyError("a fault of ours")


def wait_for_a_file(path: str) -> None:
    while not os.path.exists(path):  # noqa: PTH110  (as light as can be)
        time.sleep(0.01)


WAYS: dict[str, Callable[[], None]] = {
    "spin": spin,
    "sleep": lambda: time.sleep(60),
    "fill the memory": fill_the_memory,
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "be killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "stop the server": stop_the_server,
    "kill the server": kill_the_server,
    "stumble": stumble,
}


def inspect(config: TrainingConfig, *_roots: object, **_options: object) -> None:
    name = config.experiment_name
    if name in WAYS:
        WAYS[name]()
    elif name == "wait":
        wait_for_a_file(config.source_path)
    elif name == "tell":
        raise SourceError("told", f"{os.getppid()} {os.nice(0)}")


if __name__ == "__main__":
    sources.inspect = inspect  # type: ignore[assignment]
    inspection_server.IDLE_SECONDS = float(sys.argv.pop()) if len(sys.argv) > 1 else inspection_server.IDLE_SECONDS
    inspection_server.main()
