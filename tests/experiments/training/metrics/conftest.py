"""Requests of these tests are checked against the installed library itself."""

from __future__ import annotations

import pytest

from experiments.training.contract.metrics import metric_catalogue
from experiments.training.metrics import inspection


@pytest.fixture(autouse=True)
def _listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_catalogue, "_source", [inspection.catalogue])
