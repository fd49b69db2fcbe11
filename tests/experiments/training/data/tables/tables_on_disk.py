"""Tables as files, and how they are read: whole, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.contract.preflight_report import Preflight
from experiments.training.contract.reading import Reading
from experiments.training.data.loading import Samples, load
from experiments.training.data.sources import SourceError, inspect
from experiments.training.preflight.report_builder import PreflightBuilder
from tests.experiments.training.datasets import config_of, job_of


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a text as it is, line ends included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def lines(header: str, rows: Sequence[str]) -> str:
    return "\n".join([header, *rows, ""])


def loaded(path: Path, **data: Any) -> Samples:
    """Read a table as a training does."""
    config = config_of(path.name, data=data)
    return load(config, job_of(config, path.parent))


def reading(path: Path, **data: Any) -> Reading:
    return loaded(path, **data).reading


def facts(samples: Samples) -> dict[str, ColumnFacts]:
    return {column.name: column for column in samples.columns}


def kinds(path: Path, **data: Any) -> Mapping[str, str]:
    """Return the kind of each column that was read."""
    return {column.name: column.kind for column in loaded(path, **data).columns}


def column(path: Path, name: str, **data: Any) -> list[float]:
    """Return the numbers of a feature, as they were read."""
    samples = loaded(path, **data)
    found: list[float] = samples.inputs[:, names(samples).index(name)].tolist()
    return found


def findings(path: Path, **data: Any) -> dict[str, str]:
    """Return the texts of the findings by code."""
    return {finding.code: finding.text for finding in reading(path, **data).findings}


def refusal(path: Path, **data: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        inspect(config_of(path.name, data=data), [path.parent])
    return caught.value


def report(path: Path, **data: Any) -> Preflight:
    """Make the report of a dry run, up to the trial of batches."""
    config = config_of(path.name, data=data)
    inspect(config, [path.parent], answered=False)
    builder = PreflightBuilder(config, lambda _text: None)
    builder.add_samples(load(config, job_of(config, path.parent)))
    return builder.report()


def names(samples: Samples) -> list[str]:
    """Name the features as users see them."""
    return [feature.name for feature in samples.features]
