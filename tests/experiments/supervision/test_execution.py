"""What really carries out a run is kept with it: once for all attempts that use the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.test import Client

from experiments.files.uploader import Uploader
from experiments.supervision.batch_writer import MOST_EXECUTIONS, BatchWriter
from experiments.training.contract.reports import Execution
from runs import lifecycle
from runs.events import Stamped, utc_now
from runs.files.exports import export
from runs.models import Run

USED = Execution(
    accelerator="cpu",
    device="CPU",
    processes=1,
    nodes=1,
    precision="bf16-mixed",
    compute_type="bfloat16",
    evaluation_precision="32-true",
    tf32_convolutions=False,
    tf32_products=False,
    threads=4,
    loader_processes=0,
    batch_size=32,
    samples_per_step=32,
    deterministic=False,
    sync_batchnorm=False,
    loss_weights=[1.0, 2.5],
    versions={"python": "3.11.7", "torch": "2.13.0"},
)
ON_A_GPU = msgspec.structs.replace(USED, accelerator="cuda", device="NVIDIA H200", precision="16-mixed")


def attempt(run: Run, used: Execution, *, times: int = 1) -> None:
    """Begin an attempt that reports what it uses, and return the run to the queue."""
    claimed = lifecycle.claim_next("a worker")
    assert claimed is not None
    writer = BatchWriter(claimed, Uploader(claimed), None)
    for number in range(times):  # a batch is stored again when a connection broke
        writer.store_batch([Stamped(used, utc_now(), msgspec.json.encode(used).decode())], number > 0)
    lifecycle.release(claimed.pk, claimed.attempt, "drained", seconds=1.0)
    run.refresh_from_db()


def facts(run: Run) -> list[tuple[int, str, str]]:
    return [(entry["attempt"], entry["device"], entry["precision"]) for entry in run.execution]


def test_attempts_that_use_the_same_are_one_entry(queued: Run) -> None:
    assert queued.execution == []
    for used in (USED, USED, ON_A_GPU, ON_A_GPU, USED):
        attempt(queued, used, times=2)
    assert facts(queued) == [
        (1, "CPU", "bf16-mixed"),
        (3, "NVIDIA H200", "16-mixed"),
        (5, "CPU", "bf16-mixed"),
    ]
    assert queued.execution[0] == {"attempt": 1, **msgspec.structs.asdict(USED)}


def test_a_run_that_moves_again_and_again_keeps_the_last_ones(queued: Run) -> None:
    queued.execution = [{"attempt": -number, "device": str(number)} for number in range(MOST_EXECUTIONS, 0, -1)]
    queued.save(update_fields=["execution"])
    attempt(queued, USED)
    assert len(queued.execution) == MOST_EXECUTIONS
    assert queued.execution[-1]["attempt"] == 1


def test_files_and_api_have_it(queued: Run, api: Client) -> None:
    attempt(queued, USED)
    export(queued)
    metadata: dict[str, Any] = msgspec.json.decode((queued.folder / "metadata.json").read_bytes())
    results: dict[str, Any] = msgspec.json.decode((queued.folder / "results.json").read_bytes())
    shown = api.get(f"/api/runs/{queued.pk}/").json()
    for found in (metadata, results["metadata"], shown):
        assert found["execution"] == queued.execution
        assert [entry["threads"] for entry in found["execution"]] == [4]


@pytest.mark.parametrize("written", [b"", b"[]", b'{"preprocessing": ', b'"' + b"x" * 5_000_000 + b'"'])
def test_a_file_that_is_none_of_ours_costs_nothing_but_its_facts(queued: Run, written: bytes) -> None:
    """Code of a team's own network may write into the folder."""
    queued.folder.mkdir(parents=True)
    (queued.folder / "inference.json").write_bytes(written)
    export(queued)
    metadata: dict[str, Any] = msgspec.json.decode((queued.folder / "metadata.json").read_bytes())
    assert metadata["preprocessing"] is metadata["network"] is metadata["output"] is None


def test_metadata_repeat_what_the_training_wrote_and_name_its_records(queued: Run) -> None:
    queued.folder.mkdir(parents=True)
    written = {
        "preprocessing": {"kind": "image"},
        "network": {"name": "cnn"},
        "output": {"positive": "8"},
        "run_id": 99,
    }
    (queued.folder / "inference.json").write_bytes(msgspec.json.encode(written))
    (queued.folder / "reading.json").write_text("{}")
    export(queued)
    metadata: dict[str, Any] = msgspec.json.decode((queued.folder / "metadata.json").read_bytes())
    assert {name: metadata[name] for name in written} == written | {"run_id": queued.pk}
    assert metadata["files"] == ["reading.json", "inference.json"]
