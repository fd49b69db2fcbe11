"""What clients do with data sets, and the checks that a worker would make."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from experiments.datasets import check_thread
from experiments.models import Dataset
from experiments.preflights import initial_preflight

API = "/api/datasets/"
UPLOADS = "/api/datasets/uploads/"


def answer(response: Any, status: int) -> Any:
    """Return the JSON of an answer that must have this status."""
    assert response.status_code == status, response.content
    return json.loads(response.content) if response.content else None


def post(client: Client, url: str, body: Any) -> HttpResponse:
    return client.post(url, json.dumps(body), content_type="application/json")  # type: ignore[return-value]


def errors(response: Any) -> dict[str, str]:
    """Return field and message of each error of a 400."""
    return {error["field"]: error["message"] for error in answer(response, 400)["errors"]}


def opened(client: Client, filename: str, size: int, **more: Any) -> Any:
    return answer(post(client, UPLOADS, {"filename": filename, "size": size, **more}), 201)


def patch(client: Client, upload: Any, offset: int | str, piece: bytes) -> HttpResponse:
    url = upload["links"]["self"]
    headers = {"Upload-Offset": str(offset)}
    return client.patch(url, piece, content_type="application/offset+octet-stream", headers=headers)  # type: ignore[return-value]


def uploaded(client: Client, path: Path, **more: Any) -> Any:
    """Upload the whole file in one piece; it is not yet checked."""
    content = path.read_bytes()
    return answer(patch(client, opened(client, path.name, len(content), **more), 0, content), 201)


def registered(client: Client, path: Path | str, **more: Any) -> Any:
    return answer(post(client, API, {"path": str(path), **more}), 201)


def check_all() -> None:
    """Check everything that waits, as a worker's check thread does."""
    while check_thread.check_next(threading.Event(), initial_preflight.request):
        pass


def state_of(name: str) -> tuple[str, str | None]:
    dataset = Dataset.objects.get(name=name)
    return dataset.state, dataset.problem
