"""The worker of `benchmarks.load`: the product's own, whose trainings are another recipe.

`python -m benchmarks.load_worker SLOTS REPORT [RECIPE]`, by default with the recipe `benchmarks.load_training`. At its
end it writes how long storing each batch took to REPORT.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import django

django.setup()

from benchmarks.percentiles import Histogram  # noqa: E402
from experiments.processes import training_process  # noqa: E402
from experiments.supervision import run_start  # noqa: E402
from experiments.worker.worker_process import work  # noqa: E402
from runs import recorder  # noqa: E402


class Timed:
    """Stores as `recorder.record` does, and keeps how long it took, the wait for other writers included."""

    def __init__(self) -> None:
        self.took = Histogram()
        self.events = 0
        self._lock = threading.Lock()
        self._store = recorder.record

    def __call__(self, run_id: int, attempt: int, batch: Any, **more: Any) -> None:
        start = time.perf_counter()
        self._store(run_id, attempt, batch, **more)
        took = time.perf_counter() - start
        with self._lock:
            self.took.add(took)
            self.events += len(batch)


def main() -> None:
    slots, report, *recipe = int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
    timed = Timed()
    recorder.record = timed
    run_start.TrainingProcess = partial(  # type: ignore[assignment,attr-defined]
        training_process.TrainingProcess, recipe=(recipe or ["benchmarks.load_training"])[0]
    )
    work(slots)
    report.write_text(json.dumps({"ms": timed.took.summary(), "batches": timed.took.count, "events": timed.events}))


if __name__ == "__main__":
    main()
