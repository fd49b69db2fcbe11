"""The public names with which a team describes a network of its own. Imports no torch."""

from __future__ import annotations

from experiments.training.models.blueprint import Blueprint
from experiments.training.models.network_spec import NetworkSpec, Options

__all__ = ["Blueprint", "NetworkSpec", "Options"]
