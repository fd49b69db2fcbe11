"""Copy weights from a file into a network, as far as names and shapes agree, and report what did not."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from experiments.training.contract.networks import weight_files
from experiments.training.contract.networks.model_errors import ModelError
from experiments.training.contract.source_errors import SourceError, some

CONTAINERS = ("state_dict", "model")
PREFIXES = ("network.", "module.", "model.", "backbone.")

Shape = tuple[int, ...]


@dataclass
class Match:
    """The result of copying weights: names of the network's weights and, in `unexpected`, of the file's."""

    matched: list[str] = field(default_factory=list)
    adapted: list[str] = field(default_factory=list)  # matched, the first convolution made for other channels
    missing: list[str] = field(default_factory=list)
    mismatched: dict[str, tuple[Shape, Shape]] = field(default_factory=dict)  # shape in the file, and in the network
    unexpected: list[str] = field(default_factory=list)

    @property
    def new(self) -> list[str]:
        """The weights that keep their random initial values."""
        return [*self.missing, *self.mismatched]

    def summary(self, name: str) -> str:
        """Summarise the match for the user in a few sentences; `name` is the file's."""
        total = len(self.matched) + len(self.new)
        parts = [f"{len(self.matched)} of the network's {total} tensors come from {name}."]
        if self.adapted:
            parts.append(f"Adapted to the number of channels: {some(self.adapted)}.")
        if self.mismatched:
            parts.append(f"Left new, of another shape in the file: {some(list(_shapes(self.mismatched)))}.")
        if self.missing:
            parts.append(f"Left new, not in the file: {some(self.missing)}.")
        if self.unexpected:
            parts.append(f"Unused, in the file alone: {some(self.unexpected)}.")
        return " ".join(parts)

    def lines(self) -> Iterator[str]:
        """Yield every name that did not match, for the log."""
        for title, names in (
            ("adapted to the number of channels", self.adapted),
            ("left new, of another shape in the file", list(_shapes(self.mismatched))),
            ("left new, not in the file", self.missing),
            ("unused, in the file alone", self.unexpected),
        ):
            yield from (f"  {title}: {name}" for name in names)


def load(network: nn.Module, path: Path, aliases: Sequence[Mapping[str, str]] = ()) -> Match:
    """Copy what fits from the file; raises ModelError or SourceError if it is refused or nothing fits."""
    weights = read(path)
    match = _copied(network.state_dict(), weights, aliases)
    if not match.matched:
        raise ModelError(
            f"Nothing in {path.name} fits the network: the file has {some(list(weights))}, the network "
            f"{some(match.new)}. Choose the network that the weights are of, or another model.weights_file."
        )
    return match


def read(path: Path) -> dict[str, Tensor]:
    """Read the file's tensors by name, accepting tensors and plain values, never code.

    Raises ModelError and SourceError.
    """
    try:
        weight_files.check_unpacked(path)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path.name} was refused: it holds more than tensors and plain values, or is not a torch file. "
            "Save the network's state_dict() alone with torch.save."
        ) from error
    except (MemoryError, SourceError):
        raise
    except Exception as error:  # a broken file can break the reader anywhere
        words = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path.name} cannot be read as a torch file: {words}") from error
    for name in CONTAINERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
            break
    tensors = _tensors(content)
    if not tensors:
        raise ModelError(
            f"{path.name} holds no weights: no dictionary of tensors was found at its top or under "
            f"{' and '.join(map(repr, CONTAINERS))}. Save the network's state_dict() with torch.save."
        )
    return tensors


def _tensors(content: Any) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        return {}
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor) and not value.is_sparse}


def _copied(own: Mapping[str, Tensor], weights: Mapping[str, Tensor], aliases: Sequence[Mapping[str, str]]) -> Match:
    match = Match()
    sources = _sources(weights)
    used = set()
    for name, target in own.items():
        source = next((sources[known] for known in _names(name, aliases) if known in sources), None)
        if source is None:
            match.missing.append(name)
            continue
        used.add(source)
        _copy(name, target, weights[source], match)
    match.unexpected = [name for name in weights if name not in used]
    return match


@torch.no_grad()
def _copy(name: str, target: Tensor, value: Tensor, match: Match) -> None:
    fitting = value if value.shape == target.shape else _with_channels_of(target, value)
    if fitting is None:
        match.mismatched[name] = (tuple(value.shape), tuple(target.shape))
        return
    target.copy_(fitting)
    match.matched.append(name)
    if fitting is not value:
        match.adapted.append(name)


def _with_channels_of(target: Tensor, value: Tensor) -> Tensor | None:
    """Convert a first convolution (out, in, H, W) between 3 input channels and 1; None for other shapes.

    The sum over the input channels responds to a grey image as the original does to the same image in three channels.
    """
    if value.ndim != 4 or target.ndim != 4 or value[:, :1].shape != target[:, :1].shape:
        return None
    channels = (value.shape[1], target.shape[1])
    if channels == (3, 1):
        return value.sum(dim=1, keepdim=True)
    return value.expand_as(target) / 3 if channels == (1, 3) else None


def _sources(weights: Iterable[str]) -> dict[str, str]:
    """Map every possible short form of the file's names, without wrappers' prefixes, to the name itself."""
    sources: dict[str, str] = {}
    for name in weights:
        for short in _shortened(name):
            sources.setdefault(short, name)
    return sources | {name: name for name in weights}  # a full name takes precedence over a shortened one


def _names(name: str, aliases: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield what a file may call this weight, the likeliest name first."""
    yield from _shortened(name)
    for naming in aliases:
        other = name
        for pattern, replacement in naming.items():
            other = re.sub(pattern, replacement, other)
        yield from _shortened(other)


def _shortened(name: str) -> Iterator[str]:
    """Yield the name, and what remains as its prefixes are removed one by one."""
    yield name
    while prefix := next((prefix for prefix in PREFIXES if name.startswith(prefix)), None):
        name = name.removeprefix(prefix)
        yield name


def _shapes(mismatched: Mapping[str, tuple[Shape, Shape]]) -> Iterator[str]:
    return (f"{name} ({list(there)} there, {list(here)} here)" for name, (there, here) in mismatched.items())
