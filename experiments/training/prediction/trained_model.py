"""Load a run's best checkpoint and compute its outputs exactly as the run's own evaluation did."""

from __future__ import annotations

import hashlib
import pickle
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from pytorch_lightning import LightningModule
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from experiments.training.callbacks.step_contract import StepContract
from experiments.training.callbacks.steps import Steps
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.networks.builtin_networks import BUILTINS
from experiments.training.contract.networks.model_errors import ModelError as NetworkError
from experiments.training.data.batches import BatchIndices, TensorBatches, loader, scaled
from experiments.training.data.files import catalogue
from experiments.training.model_source import ModelSource
from experiments.training.models import exact_evaluation, registry
from experiments.training.models.classifier import Classifier
from experiments.training.prediction import onnx_network, scores, stored_inputs
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.onnx_network import OnnxNetwork
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.scores import Score
from experiments.training.prediction.stored_inputs import StoredInputs

_turn = threading.Lock()  # the precision of products is one of the whole process
CHANGED = (
    "The checkpoint is not the file that it was when its model was asked for: it was written or damaged since. Ask "
    "again; if that repeats itself, restore the run's folder from a backup."
)


class TrainedModel:
    """A run's network with its best weights, on one device, in evaluation mode and single precision.

    `kind` says what it takes: "image" or "table". `inputs` says how these were made. It may be used by several threads.
    """

    def __init__(
        self, source: ModelSource, config: TrainingConfig, inputs: StoredInputs, module: LightningModule, device: str
    ) -> None:
        self.source = source
        self.config = config
        self.inputs = inputs
        self.module = module
        self.device = torch.device(device)
        self.classes = source.classes
        self.binary = len(source.classes) == 2
        self.kind = "image" if inputs.image else "table"
        self.input_shape = tuple(inputs.network.input_shape)
        """The shape of one input: (C, S, S), or (F,) of a table."""
        self._onnx: OnnxNetwork | None = None

    def prefer_onnx(self) -> None:
        """Compute by the run's ONNX file from now on, if it has one that gives the same.

        Those of tables take columns, not features; a GPU is quicker than either.
        """
        if self.kind == "image" and self.device.type == "cpu":
            batch_size = self.config.data.batch_size
            self._onnx = onnx_network.opened(self.source, self.input_shape, batch_size, self.logits)

    def logits(self, inputs: Tensor) -> NDArray[np.float64]:
        """Compute the network's outputs, (B,) for two classes and (B, C) for more, in the run's batch size.

        `inputs` are uint8 (B, C, S, S), or float32 (B, F) as the data module holds them. Raises ModelError for inputs
        of another shape or type, and for a network of a team that no longer gives what a run needs.
        """
        wanted = torch.uint8 if self.kind == "image" else torch.float32
        if tuple(inputs.shape[1:]) != self.input_shape or inputs.dtype != wanted:
            raise ModelError(
                "inputs",
                f"The network takes {wanted} of shape {('B', *self.input_shape)}, not {inputs.dtype} of shape "
                f"{tuple(inputs.shape)}.",
            )
        if not len(inputs):
            return np.empty(0 if self.binary else (0, len(self.classes)))
        if self._onnx is not None:
            return self._onnx.logits(inputs)
        with _turn, exact_evaluation.without_tf32():
            if isinstance(self.module, Classifier):
                return self._direct(inputs)
            return self._by_trainer(inputs)

    def scored(self, logits: NDArray[Any]) -> list[Score]:
        """Turn outputs into scores, probabilities and decisions, one for each sample."""
        return scores.scored(logits, self.source)

    def scored_inputs(self, read: Sequence[ReadInput]) -> list[Score | None]:
        """Score what was read, in its order; None of what could not be read. Raises ModelError as `logits` does."""
        values = [one.value for one in read if one.value is not None]
        batch = values[0][None] if len(values) == 1 else torch.stack(values) if values else None
        found = iter([] if batch is None else self.scored(self.logits(batch)))
        return [None if one.value is None else next(found) for one in read]

    def _direct(self, inputs: Tensor) -> NDArray[np.float64]:
        with torch.inference_mode():
            found = [self.module(x).float().double().cpu() for x in self._batches(inputs)]
        return np.asarray(torch.cat(found).numpy(), dtype=np.float64)

    def _batches(self, inputs: Tensor) -> Iterator[Tensor]:
        for part in torch.split(inputs, self.config.data.batch_size):
            yield scaled(part.to(self.device))

    def _by_trainer(self, inputs: Tensor) -> NDArray[np.float64]:
        """Let Lightning ask a module of a team, whose steps and hooks may do anything; labels are all 0."""
        labels = torch.zeros(len(inputs), dtype=torch.int64)
        batches = loader(
            TensorBatches(inputs, labels), BatchIndices(range(len(inputs)), self.config.data.batch_size), 0
        )
        outputs = _Outputs()
        try:
            with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
                warnings.simplefilter("ignore")
                trainer = self._trainer([StepContract(len(self.classes)), outputs], folder)
                trainer.validate(self.module, batches, verbose=False)
        except NetworkError as error:
            raise ModelError("networks", str(error)) from error
        return outputs.steps.logits()

    def _trainer(self, callbacks: list[Callback], folder: str) -> pl.Trainer:
        on_gpu = self.device.type == "cuda"
        return pl.Trainer(
            accelerator="gpu" if on_gpu else "cpu",
            devices=[self.device.index or 0] if on_gpu else 1,
            precision=exact_evaluation.PRECISION,
            callbacks=callbacks,
            default_root_dir=folder,
            logger=False,
            use_distributed_sampler=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )


class _Outputs(Callback):
    """Keeps the outputs of the steps."""

    def __init__(self) -> None:
        self.steps = Steps()

    def on_validation_batch_end(self, _trainer: Any, _module: Any, outputs: Any, *_: Any) -> None:
        """Keep a step's outputs."""
        self.steps.add(outputs)


def load(source: ModelSource, *, device: str = "cpu") -> TrainedModel:
    """Build the run's network and load its best weights, reading no training data; raises ModelError.

    `device` is torch's name of one, such as `cpu` or `cuda:0`.
    """
    _require_device(device)
    config = _config(source)
    builtin = catalogue.find(config.source_path) is not None
    inputs = stored_inputs.read(source, builtin=builtin)
    classes, outputs = len(source.classes), inputs.network.outputs
    if outputs != (1 if classes == 2 else classes):
        raise ModelError("classes", f"The network has {outputs} outputs, which {classes} classes cannot have.")
    module = _built(source, config, inputs)
    _require_unchanged(source)
    _restore(module, source)
    module.eval().requires_grad_(False)
    return TrainedModel(source, config, inputs, module.to(device), device)


def _require_device(device: str) -> None:
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ModelError("device", f"{device!r} is no device; give cpu, or cuda:0 for the first GPU.") from error
    if kind not in ("cpu", "cuda") or (kind == "cuda" and not torch.cuda.is_available()):
        raise ModelError("device", f"This machine has no {device} that PyTorch can use; give cpu.")


def _config(source: ModelSource) -> TrainingConfig:
    try:
        network_catalogue.install(source.networks)
        return TrainingConfig.model_validate(source.config)
    except network_catalogue.CatalogueError as error:
        raise ModelError("networks", f"{error} The run needs it; install it where predictions are made.") from error
    except ValidationError as error:
        [first, *_] = error.errors()
        option = ".".join(map(str, first["loc"]))
        raise ModelError(
            f"config.{option}",
            f"This version does not read the run's configuration ({first['msg']}). Use the version that trained it, or "
            "train it again.",
        ) from error


def _built(source: ModelSource, config: TrainingConfig, inputs: StoredInputs) -> LightningModule:
    """Build the network with random weights, which leave the process's own random numbers as they are."""
    own = inputs.network.name not in BUILTINS
    classes = len(source.classes)
    model = config.model.model_copy(update={"name": inputs.network.name, "options": inputs.network.options})
    try:
        with torch.random.fork_rng(devices=[]):
            module = registry.build(
                config.model_copy(update={"model": model}),
                input_shape=tuple(inputs.network.input_shape),
                num_classes=classes,
                counts=stored_inputs.train_counts(source, classes) if own else None,
            )
            if not isinstance(module, Classifier):
                module.configure_model()
    except Exception as error:  # a team's factory may raise anything
        raise ModelError("networks", f"The network {inputs.network.name} cannot be built: {_told(error)}.") from error
    exact_evaluation.arrange_for_cpu(module)
    return module


def _restore(module: LightningModule, source: ModelSource) -> None:
    path = Path(source.checkpoint)
    try:
        exact_evaluation.restore(module, path)
    except OSError as error:
        raise ModelError("checkpoint", f"{path.name} cannot be read ({error.strerror or error}).") from error
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(
            "checkpoint",
            f"{path.name} does not hold the weights of this run's network ({_told(error)}). If the network's code was "
            "changed since the training, go back to what it was; else restore the file from a backup.",
        ) from error


def _require_unchanged(source: ModelSource) -> None:
    """Raise ModelError unless the checkpoint is there, with the content that the source names."""
    try:
        with Path(source.checkpoint).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        name = Path(source.checkpoint).name
        raise ModelError("checkpoint", f"{name} cannot be read ({error.strerror}). {stored_inputs.CURE}") from error
    if source.sha256 and found != source.sha256:
        raise ModelError("checkpoint", CHANGED)


def _told(error: Exception) -> str:
    """Return the first line of an error's words, which may be hundreds, without its full stop."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300].rstrip('.:')}"
