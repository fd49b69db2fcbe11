"""The public names with which a team describes a network of its own. Imports no torch."""

from __future__ import annotations

from experiments.training.contract.blueprint import Blueprint
from experiments.training.contract.networks.network_spec import NetworkSpec, Options

__all__ = ["Blueprint", "NetworkSpec", "Options"]
