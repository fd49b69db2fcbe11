"""The worker of `benchmarks.live`, as `benchmarks.load_worker`; where asked to, it stamps what passes."""

from __future__ import annotations

import threading
from typing import Any

from benchmarks import load_worker
from benchmarks.live_stations import Stamps, after, watched
from experiments.processes import rank_process
from realtime.hubs import broadcast
from runs import recorder


def _watch() -> None:
    stamps, stored = Stamps(), threading.local()

    def now_stored(_run_id: int, _attempt: int, batch: Any, **_more: Any) -> None:
        stored.encoded = "".join(stamped.data for stamped in batch).encode()
        stamps.of_encoded("stored", stored.encoded)

    def hinted(_run_id: int) -> None:
        stamps.of_encoded("hint sent", getattr(stored, "encoded", b""))

    rank_process.decode_batch = after(
        rank_process.decode_batch, lambda raw: stamps.of_encoded("read by the supervisor", raw)
    )
    recorder.record = after(recorder.record, now_stored)
    broadcast.hint = after(broadcast.hint, hinted)


if __name__ == "__main__":
    if watched():
        _watch()
    load_worker.main()
