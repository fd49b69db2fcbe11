"""Identify a test split: runs that were evaluated on the same samples of the same data have the same identity."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import msgspec

from experiments.training.contract.reports import Job
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import paths


def source_of(job: Job) -> str:
    """Return what tells a job's data from other data: the version of a data set, else the path, links resolved.

    Of built-in data it is the name.
    """
    source_path = str(job.config["source_path"])
    try:
        return job.content_hash or str(paths.resolve(source_path, [Path(root) for root in job.data_roots])[0])
    except SourceError:
        return source_path


def split_identity(source: str, samples: Iterable[tuple[str, str]]) -> str:
    """Compute the SHA-256, as 64 hexadecimal digits, of the source and of each sample's id and class.

    It is that of lines of JSON: the source, then `["<id>","<class>"]` of each sample in the order of the lines' bytes,
    so the order of the samples does not count.
    """
    digest = sha256(msgspec.json.encode(source) + b"\n")
    for line in sorted(msgspec.json.encode(sample) for sample in samples):
        digest.update(line + b"\n")
    return digest.hexdigest()
