"""Builds the job of a training process, as far as it is the same for every one of this installation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from experiments.datasets.lookup import Place
from experiments.training.contract.reports import Job


def job(place: Place, *, config: Mapping[str, Any], folder: Path, **own: Any) -> Job:
    """Build a job for data that lie at `place`; `own` are further fields of the Job."""
    return Job(
        config={**config, "source_path": place.source_path},
        run_dir=str(folder),
        datasets_dir=str(settings.DATASETS_ROOT),
        data_roots=[str(root) for root in place.roots],
        models_dir=str(settings.MODELS_ROOT),
        networks=settings.LIVETRAIN_MODELS,
        cache_bytes=settings.CACHE_BYTES,
        keep_pictures=settings.KEEP_PICTURES,
        stamp=place.stamp,
        content_hash=place.content_hash,
        **own,
    )
