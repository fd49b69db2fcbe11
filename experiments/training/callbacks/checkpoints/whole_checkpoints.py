"""Write checkpoints to disk completely, or keep them in memory as they would be there."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO

from runs import atomic_files


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint to disk completely, flushed, or not at all; Lightning's own way flushes nothing.

    With a file open for writing as `storage_options` of `Trainer.save_checkpoint` it is written there instead.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write the checkpoint atomically; raises TypeError for other storage options."""
        checkpoint = _with_plain_states(checkpoint)
        if storage_options is not None:
            _save(checkpoint, storage_options)
            return
        # Through a Python file: given a path, torch reports a full disk as an "enforce fail" of its own.
        with atomic_files.replacing(Path(path)) as temporary, temporary.open("wb") as file:
            _save(checkpoint, file)


def _save(checkpoint: dict[str, Any], file: IO[bytes]) -> None:
    if not hasattr(file, "write"):
        raise TypeError("Checkpoints are plain files: storage_options can only be a file to write to.")
    torch.save(checkpoint, file)


def _with_plain_states(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Arrange the optimizers' states in memory as every device and version expects them, changing nothing in place."""
    if "optimizer_states" not in checkpoint:
        return checkpoint
    states = [
        optimizer | {"state": {number: _plain(state) for number, state in optimizer["state"].items()}}
        for optimizer in checkpoint["optimizer_states"]
    ]
    return checkpoint | {"optimizer_states": states}


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value.contiguous() if torch.is_tensor(value) else value for name, value in state.items()}
