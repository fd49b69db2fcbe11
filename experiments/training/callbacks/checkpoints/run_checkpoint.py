"""Keep the best epochs and the last complete one, and report when they are safe on disk."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from experiments.training import ranks
from experiments.training.callbacks.checkpoints.cadence import Cadence
from experiments.training.callbacks.ranking import Mode, Score, logged, ranked
from experiments.training.contract.reports import CheckpointSaved, Reporter
from experiments.training.contract.stop import Registered
from runs import atomic_files

REGISTRATION_SECONDS = 5.0  # how long a training at its end waits for its last checkpoint to be registered
HELD_BYTES = 64 * 1024 * 1024  # of checkpoints in memory; larger ones are written in every epoch


class Held(NamedTuple):
    """A checkpoint that is in memory as it would be on disk; only rank 0 has its content."""

    step: int
    content: memoryview


class RunCheckpoint(ModelCheckpoint):
    """One file per epoch, `checkpoints/a<attempt>/epoch<NNNN>.ckpt`; those no longer needed are removed.

    Epochs that take less time than writing them wait in memory until one is due (`Cadence`), or until `flush`: then the
    last one is written, and those of the best that are not on disk yet. A training that stops or fails calls `flush`,
    so it is only a process that is killed which loses complete epochs, and only the last seconds of them.

    The best are chosen by `monitor`, equal values by the lower `val_loss` (see `ranking`). Kept are the `save_top_k`
    best and the last; those of the epoch written before stay until the next is, and those of the last epoch
    *registered* with the server stay until it registers a newer one: an attempt that resumes from it needs them all.

    State and messages carry paths relative to the run's folder: an attempt resumes into its own folder, the server's
    home may move, and best-so-far survives both (Lightning drops it when `dirpath` changes). Lightning moves every
    ModelCheckpoint to the end of the callback list, after all that report on the same epoch.
    """

    def __init__(
        self,
        *,
        run_dir: Path,
        attempt: int,
        monitor: str,
        mode: Mode,
        save_top_k: int,
        report: Reporter,
        registered: Registered,
    ) -> None:
        self._run_dir = run_dir.resolve()
        self._folder = f"checkpoints/a{attempt}"
        super().__init__(dirpath=self._run_dir / self._folder, monitor=monitor, mode=mode, save_top_k=save_top_k)
        self._metric, self._mode, self._report, self._registered = monitor, mode, report, registered
        self._best: list[Score] = []
        self._paths: dict[int, str] = {}  # of every epoch that may still be on disk
        self._last: int | None = None
        self._needed: dict[int, set[int]] = {}  # by epoch: the epochs that an attempt resuming from it needs
        self._needed_by_newest: set[int] = set()  # of the epoch that was reported last
        self._held: dict[int, Held] = {}
        self._size = 0  # bytes of a checkpoint
        self._cadence = Cadence()

    @property
    def best(self) -> Score | None:
        """The best epoch up to now, even one whose monitored value is unknown when there is no other."""
        return self._best[0] if self._best else None

    def on_train_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Save the epoch, to disk and with a report, or in memory.

        The hook runs for complete epochs only, so the file is a state that can be resumed exactly.
        """
        epoch, metrics = trainer.current_epoch, trainer.callback_metrics
        self._paths[epoch] = f"{self._folder}/epoch{epoch:04d}.ckpt"
        self._last = epoch
        score = Score(epoch, logged(metrics, self._metric), logged(metrics, "val_loss"))
        self._best = ranked([*self._best, score], self._mode)[: self.save_top_k]
        self._update_lightning()
        self._forget_held()
        if ranks.decided(lambda: self._cadence.due() or not self._has_room()):
            self._write(trainer)
        else:
            self._hold(trainer)

    def flush(self) -> None:
        """Write and report the last complete epoch, if it waits in memory."""
        if self._last is None or self._last not in self._held:
            return
        step = self._held[self._last].step
        self._write_held()
        self._report_saved(self._last, step)

    def tidy(self) -> None:
        """Remove what only a resume from an epoch before the last would need, if the server knows the last."""
        if self._last is not None:
            self._registered.wait_for(self._last, REGISTRATION_SECONDS)
        self._remove_all_but(self._kept() | self._still_needed())

    def on_train_batch_end(self, *_: Any) -> None:
        """Save nothing in mid-epoch: it could not be resumed exactly."""

    def on_validation_end(self, *_: Any) -> None:
        """Save nothing: the epoch is not complete yet."""

    def on_train_end(self, *_: Any) -> None:
        """Save nothing: the last complete epoch is saved already."""

    def state_dict(self) -> dict[str, Any]:
        """Return the best and last epochs and their relative paths for the checkpoint."""
        return {"best": [list(score) for score in self._best], "paths": dict(self._paths), "last": self._last}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the best and last epochs from a checkpoint."""
        self._best = [Score(*values) for values in state_dict["best"]]
        self._paths = dict(state_dict["paths"])
        self._last = state_dict["last"]
        if self._last is not None:
            self._needed[self._last] = self._needed_by_newest = self._kept()
        self._update_lightning()

    def _write(self, trainer: pl.Trainer) -> None:
        with self._cadence.writing():
            self._write_held()
            trainer.save_checkpoint(self.last_model_path, weights_only=False)
        if ranks.first():
            self._size = Path(self.last_model_path).stat().st_size
        self._report_saved(trainer.current_epoch, trainer.global_step)

    def _hold(self, trainer: pl.Trainer) -> None:
        content = io.BytesIO()
        trainer.save_checkpoint(self.last_model_path, weights_only=False, storage_options=content)
        self._held[trainer.current_epoch] = Held(trainer.global_step, content.getbuffer())

    def _has_room(self) -> bool:
        return self._size + sum(len(held.content) for held in self._held.values()) <= HELD_BYTES

    def _forget_held(self) -> None:
        """Drop what waits in memory and is neither best nor last any more: it is never written."""
        for epoch in self._held.keys() - self._kept():
            del self._held[epoch], self._paths[epoch]

    def _write_held(self) -> None:
        for epoch, held in self._held.items():
            if ranks.first():
                atomic_files.write(self._absolute(epoch), held.content)
        self._held.clear()

    def _report_saved(self, epoch: int, step: int) -> None:
        """Report the epoch, which is on disk, and remove what is no longer needed."""
        best = self._paths[self._best[0].epoch]
        self._report(CheckpointSaved(epoch=epoch, step=step, last=self._paths[epoch], best=best))
        kept = self._needed[epoch] = self._kept()
        self._remove_all_but(kept | self._needed_by_newest | self._still_needed())
        self._needed_by_newest = kept

    def _kept(self) -> set[int]:
        return {score.epoch for score in self._best} | (set() if self._last is None else {self._last})

    def _still_needed(self) -> set[int]:
        """Return the epochs that a resume from the registered one needs; earlier ones are not resumed from."""
        registered = self._registered.epoch
        if registered is None:
            return set()
        self._needed = {epoch: needed for epoch, needed in self._needed.items() if epoch >= registered}
        return self._needed.get(registered, set())

    def _remove_all_but(self, kept: set[int]) -> None:
        for epoch in self._paths.keys() - kept:
            if ranks.first():
                self._absolute(epoch).unlink(missing_ok=True)
            del self._paths[epoch]

    def _absolute(self, epoch: int) -> Path:
        return self._run_dir / self._paths[epoch]

    def _update_lightning(self) -> None:
        """Fill the attributes that Lightning's own ModelCheckpoint has."""
        if self._last is None:
            return
        self.best_k_models = {str(self._absolute(score.epoch)): _tensor(score.value) for score in self._best}
        paths = list(self.best_k_models)
        self.best_model_path, self.kth_best_model_path = paths[0], paths[-1]
        self.best_model_score, self.kth_value = self.best_k_models[paths[0]], self.best_k_models[paths[-1]]
        self.last_model_path = str(self._absolute(self._last))


def _tensor(value: float | None) -> torch.Tensor:
    return torch.tensor(float("nan") if value is None else value, dtype=torch.float64)
