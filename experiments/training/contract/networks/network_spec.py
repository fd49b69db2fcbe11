"""Describe a network without loading it; custom networks are described in the same way. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal

from experiments.training.contract.config_base import Section

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
FACTORY = re.compile(r"[\w.]+:\w+")
AUTO = "auto"
EXTRAS = {"monai": "monai", "einops": "monai"}  # which of Livetrain's extras installs a package


class Options(Section):
    """The base of a network's own options; each field has a default, bounds and a description."""

    def problem(self, image_size: int) -> str | None:  # noqa: ARG002  (for subclasses)
        """Say what does not fit images of this size (pixels, square), and the cure; None if all fits."""
        return None


@dataclass(frozen=True)
class NetworkSpec:
    """A network by its name in `model.name`.

    `factory` is `package.module:function`, imported in the training process alone; it takes a Blueprint and returns, as
    `builds` says, a "network" (nn.Module: inputs -> (N, outputs) raw scores) or a whole "module" (LightningModule).
    `blocks` are the network's parts from the input to the head, each with the prefixes of its modules' and parameters'
    names; by default each child is one. `aliases` rewrite the network's names of weights into those of published files:
    each is one such naming, regular expressions with their replacements.
    """

    name: str
    title: str
    description: str
    factory: str
    options: type[Options] = Options
    inputs: Literal["image", "table", "any"] = "image"
    channels: tuple[int, ...] = (1, 3)
    min_image_size: int = 8
    builds: Literal["network", "module"] = "network"
    blocks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    aliases: Sequence[Mapping[str, str]] = ()
    requires: tuple[str, ...] = ()  # packages that the factory imports and an installation may lack

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.name == AUTO:
            raise ValueError(f"name {self.name!r}: use lower-case letters, digits and _ . - (at most 80), not 'auto'")
        if not FACTORY.fullmatch(self.factory):
            raise ValueError(f"factory {self.factory!r} of {self.name}: write it as 'package.module:function'")

    @property
    def missing(self) -> list[str]:
        """The packages that the network needs and this installation lacks, found without importing them."""
        return [name for name in self.requires if find_spec(name) is None]

    @property
    def install(self) -> str | None:
        """The command that installs what is missing; None if nothing is."""
        missing = self.missing
        if not missing:
            return None
        extras = dict.fromkeys(EXTRAS[name] for name in missing if name in EXTRAS)
        others = [name for name in missing if name not in EXTRAS]
        commands = [f"make setup EXTRAS={extra}" for extra in extras]
        return " && ".join([*commands, *([f"pip install {' '.join(others)}"] if others else [])])
