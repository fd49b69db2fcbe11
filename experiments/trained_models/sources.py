"""From a run to what it takes to use its model: the best checkpoint on this machine, and how it is fed and read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from experiments.trained_models import fetched_files
from experiments.training.contract.inference import CHECKPOINT_METADATA, FEATURES_FILE, IMAGES_METADATA
from experiments.training.contract.inference import FILE as INFERENCE
from experiments.training.contract.networks.builtin_networks import BUILTINS
from experiments.training.contract.reading import READING_FILE
from experiments.training.contract.splits import FILE as SPLIT_FILE
from experiments.training.model_source import ModelSource
from runs.errors import Conflict
from runs.files import decision_part, store, stored_files, training_files
from runs.models import Run
from runs.statistics.recalibration.probability import preferred

KEPT_DIGESTS = 256


class _Preprocessing(msgspec.Struct):
    kind: str


class _Network(msgspec.Struct):
    name: str


class _Output(msgspec.Struct):
    classes: list[str]
    positive: str | None = None
    threshold: float | None = None


class _Inference(msgspec.Struct):
    preprocessing: _Preprocessing
    network: _Network
    output: _Output


def source_of(run: Run) -> ModelSource:
    """Return all that using the run's model takes; its files are fetched first where they lie in an object store.

    Raises Conflict, which says what is in the way and its cure, and StoreError of an object store that fails.
    """
    _require_ended(run)
    inference = _inference(run)
    is_table = inference.preprocessing.kind == "table"
    names = [run.best_checkpoint, INFERENCE, *_optional(run, inference, is_table=is_table)]
    folder = _folder(run, names)
    checkpoint = folder / run.best_checkpoint
    noted, digest = _noted(run), _digest(run, checkpoint)
    _require_evaluated(run, digest, noted)
    own = inference.output.threshold
    parameters = preferred(run.recalibration)
    return ModelSource(
        run_id=run.pk,
        attempt=run.attempt,
        config=run.config,
        checkpoint=str(checkpoint),
        folder=str(folder),
        sha256=digest,
        classes=inference.output.classes,
        positive=inference.output.positive,
        own_threshold=own,
        decision=None if own is None else decision_part.decision(run, own),
        recalibration=None if parameters is None else dict(parameters),
        rendering=None if is_table else _rendering(run, noted),
        networks=list(settings.LIVETRAIN_MODELS),
        models_dir=str(settings.MODELS_ROOT),
    )


def _require_ended(run: Run) -> None:
    if run.status not in Run.ENDED:
        raise Conflict(f"Run {run.pk} has not ended: its best model is not known yet. Wait for its end, or finish it.")
    if not run.best_checkpoint:
        raise Conflict(
            f"Run {run.pk} has no checkpoint: it ended before its first epoch was complete, or its checkpoints were "
            "removed to make room. Train it again."
        )


def _inference(run: Run) -> _Inference:
    stored = training_files.read_object(run, INFERENCE)
    try:
        return msgspec.convert(stored, _Inference)
    except msgspec.ValidationError as error:
        raise Conflict(
            f"Run {run.pk} has no {INFERENCE}, which says how its network is fed: it was trained by an older version, "
            "or the file was removed. Train it again to use its model here."
        ) from error


def _optional(run: Run, inference: _Inference, *, is_table: bool) -> list[str]:
    """Name the further files: of a table its constants; of a team's network the split, by which it may be built."""
    wanted = [READING_FILE, FEATURES_FILE] if is_table else [READING_FILE]
    if inference.network.name not in BUILTINS:
        wanted.append(SPLIT_FILE)
    return training_files.present(run, wanted)


def _folder(run: Run, names: list[str]) -> Path:
    """Return the folder that has these files: the run's own where this machine wrote its newest attempt."""
    own = not store.in_use() or stored_files.read_attempt_marker(run.folder) == run.attempt
    found = Path(run.folder) if own else fetched_files.fetched(run, names)
    missing = [name for name in names if not (found / name).is_file()]
    if missing:
        raise Conflict(
            f"Run {run.pk} no longer has {missing[0]}, which its model needs: restore it, or train the run again."
        )
    return found.resolve()


def _digest(run: Run, path: Path) -> str:
    """Hash the checkpoint, once as long as it stays the same. Raises Conflict where it cannot be read."""
    try:
        status = path.stat()
        return _hashed(str(path), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except OSError as error:
        raise Conflict(f"The checkpoint of run {run.pk} cannot be read: {error.strerror}.") from error


@lru_cache(KEPT_DIGESTS)
def _hashed(path: str, *_state: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _noted(run: Run) -> Mapping[bytes, bytes] | None:
    """Read what the predictions note of the training; None where there are none. Raises Conflict, StoreError."""
    from runs.files import predictions_file  # noqa: PLC0415  (Arrow, which the web process loads when it is needed)

    try:
        with predictions_file.opened(run) as file:
            found: Mapping[bytes, bytes] = file.schema_arrow.metadata or {}
    except FileNotFoundError:
        return None
    except predictions_file.UnreadablePredictions as error:
        raise Conflict(f"The predictions of run {run.pk} are damaged: {error}. Restore them from a backup.") from error
    return found


def _rendering(run: Run, noted: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """Return how images were read, which predictions note. Raises Conflict."""
    if noted is None:
        problem = "has no predictions, which note how its images were read: its evaluation did not end"
    elif IMAGES_METADATA not in noted:
        problem = "did not note how its images were read: it was trained by an older version"
    else:
        found: dict[str, Any] = msgspec.json.decode(noted[IMAGES_METADATA])
        return found
    raise Conflict(f"Run {run.pk} {problem}. Train it again to use its model here.")


def _require_evaluated(run: Run, digest: str, noted: Mapping[bytes, bytes] | None) -> None:
    """Raise Conflict for another checkpoint than the run evaluated; runs of older versions did not note theirs."""
    evaluated = (noted or {}).get(CHECKPOINT_METADATA, b"").decode()
    if evaluated and digest != evaluated:
        raise Conflict(
            f"The checkpoint {run.best_checkpoint} of run {run.pk} is not the one that its results are of: the file "
            "was changed since (restore it from a backup), or a later attempt ended without an evaluation (resume the "
            "run)."
        )
