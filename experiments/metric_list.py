"""The list of metrics in the database: made by a worker once per version of the library, read by all who need it."""

from __future__ import annotations

import msgspec

from experiments.models import MetricList
from experiments.training.contract.metrics.metric_catalogue import REVISION, Catalogue, installed_version

_read: dict[str, Catalogue] = {}  # by key; a list never changes


def read() -> Catalogue | None:
    """Read the list of the version that is installed here, else the newest of another; None if there is none."""
    if is_up_to_date():
        return _read[_key()]
    others = (_decoded(row.metrics) for row in MetricList.objects.order_by("-id"))
    return next((found for found in others if found), None)


def is_up_to_date() -> bool:
    """Return whether a worker has listed the version that is installed here."""
    key = _key()
    if key not in _read:
        row = MetricList.objects.filter(key=key).first()
        if row is None or (found := _decoded(row.metrics)) is None:
            return False
        _read[key] = found
    return True


def store(encoded: bytes) -> None:
    """Store the list of the version that is installed here; raises ValueError for one that cannot be read."""
    text = encoded.decode()
    if _decoded(text) is None:
        raise ValueError("the list of metrics has another form than this server reads")
    MetricList.objects.update_or_create(key=_key(), defaults={"metrics": text})


def _decoded(text: str) -> Catalogue | None:
    """Return the list; None where another revision of the server wrote it in another form."""
    try:
        return msgspec.json.decode(text, type=Catalogue)
    except msgspec.DecodeError:
        return None


def _key() -> str:
    return f"{installed_version()}, revision {REVISION}"
