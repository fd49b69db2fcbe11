"""A run's network as onnxruntime computes it: of one image several times sooner than PyTorch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.model_source import ModelSource

logger = logging.getLogger(__name__)

CLOSE = 1e-5
"""By which a logit may differ from PyTorch's, absolutely and as a share of it."""
ERRORS_ONLY = 3


class OnnxNetwork:
    """The network in the model file that was written of a run: pixels in, logits out. Threads may share it."""

    def __init__(self, session: Any, batch_size: int) -> None:
        self._session, self._batch_size = session, batch_size
        self._input = session.get_inputs()[0].name
        self._outputs = [next(one.name for one in session.get_outputs() if one.name in ("logit", "logits"))]

    def logits(self, images: Tensor) -> NDArray[np.float64]:
        """Compute logits, (B,) of two classes and (B, C) of more, of images (B, C, S, S) uint8."""
        if len(images) > self._batch_size:
            return np.concatenate([self.logits(part) for part in torch.split(images, self._batch_size)])
        [found] = self._session.run(self._outputs, {self._input: images.numpy()})
        return np.asarray(found, dtype=np.float64)


def opened(
    source: ModelSource, shape: tuple[int, ...], batch_size: int, by_torch: Callable[[Tensor], NDArray[np.float64]]
) -> OnnxNetwork | None:
    """Open the run's ONNX file; None where there is none that has these weights and computes what PyTorch does.

    `shape` is that of one image, and `by_torch` computes the logits of several. The extra `onnx` may be missing.
    """
    if source.onnx_file is None:
        return None
    try:
        import onnxruntime  # noqa: PLC0415  # an extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = ERRORS_ONLY
        session = onnxruntime.InferenceSession(source.onnx_file, options, providers=["CPUExecutionProvider"])
        if session.get_modelmeta().custom_metadata_map.get("checkpoint_sha256") != source.sha256:
            return None  # written before the run was resumed
        found, images = OnnxNetwork(session, batch_size), _images(shape)
        same = np.allclose(found.logits(images), by_torch(images), rtol=CLOSE, atol=CLOSE)
    except Exception as error:  # a file that was removed or damaged since; onnxruntime's errors have no common base
        logger.warning("run %s: its ONNX file is not used for predictions: %s", source.run_id, error)
        return None
    if not same:
        logger.warning("run %s: its ONNX file computes otherwise than PyTorch, and is not used", source.run_id)
    return found if same else None


def _images(shape: tuple[int, ...]) -> Tensor:
    """Make three images: noise, a ramp, and an even one."""
    noise = np.random.default_rng(0).integers(0, 256, shape)
    ramp = np.broadcast_to(np.linspace(0, 255, shape[-1]), shape)
    return torch.from_numpy(np.stack([noise, ramp, np.full(shape, 128)]).astype(np.uint8))
