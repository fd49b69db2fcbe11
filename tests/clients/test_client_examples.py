"""The examples of the client's reference run: against the server's own views, called without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import httpx2
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client as Caller

import livetrain
from livetrain import Client, Run, transport
from livetrain.address import Address
from runs.models import Run as StoredRun
from tests.browser import story
from tests.tokens import new_token

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "python-client.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.split("## Examples")[1], re.MULTILINE | re.DOTALL)
BY_A_WORKER = {
    "predict": {"items": [], "status": "done"},
    "evaluate": {"status": "done"},
    "export": Path("models/run-1.onnx"),
    "download_result": [],
    "checked": {"state": "ready"},
}
"""What takes a worker: only their calls are looked at here."""


def test_every_public_method_has_an_example() -> None:
    code = "\n".join(BLOCKS)
    for kind in (Client, Run):
        for name in dir(kind):
            if not name.startswith("_"):
                assert re.search(rf"\w\.{name}\b|\b{name}\(\)", code), f"{kind.__name__}.{name}"


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_the_examples_run(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for status in ("completed", "failed", "completed"):
        run = story.start(story.submit(user, max_epochs=1))
        story.train(run, 0)
        story.end(run, status, None if status == "completed" else "It broke.")
        run.folder.mkdir(parents=True, exist_ok=True)
        (run.folder / "metrics.csv").write_text("epoch\n0\n")
        (run.folder / "train.log").write_text("begun\n")
    StoredRun.objects.filter(status="failed").update(last_checkpoint="checkpoints/last.ckpt")  # so it can be resumed
    caller = Caller()
    address = Address("https://trainings.example.org", new_token(user))

    def answered(request: httpx2.Request) -> httpx2.Response:
        found = caller.generic(
            request.method,
            request.url.raw_path.decode(),
            request.read(),
            content_type=request.headers.get("content-type", ""),
            headers={name: text for name, text in request.headers.items() if name != "host"},
        )
        content = async_to_sync(_joined)(found) if getattr(found, "is_async", False) else found.getvalue()
        return httpx2.Response(found.status_code, headers=dict(found.items()), content=content)

    class Local(Client):
        """The client, with what a worker would have to do left out."""

        def __init__(self, _url: str, token: str, *, patience: float = 60.0) -> None:
            assert token == "…"
            super().__init__(address.url, address.token, patience=patience)
            self._http = httpx2.Client(transport=httpx2.MockTransport(answered), **transport.options(address))
            for name, returned in BY_A_WORKER.items():
                setattr(self, name, create_autospec(getattr(self, name), return_value=returned))

    monkeypatch.setattr(livetrain, "Client", Local)
    monkeypatch.setattr(Run, "predictions", lambda _run: None)  # the stories have none
    names: dict[str, Any] = {}
    for block in BLOCKS:
        exec(block, names)
    assert list((tmp_path / "results").iterdir()) == [tmp_path / "results" / "metrics.csv"]
    assert names["tested"] == BY_A_WORKER["evaluate"]


async def _joined(answer: Any) -> bytes:
    return b"".join([part async for part in answer])


def test_the_package_points_to_the_documentation() -> None:
    project = (ROOT / "clients" / "python" / "pyproject.toml").read_text("utf-8")
    readme = (ROOT / "clients" / "python" / "README.md").read_text("utf-8")
    [url] = re.findall(r'^Documentation = "http://localhost:8000(/help/.+)\.html"$', project, re.MULTILINE)
    for path in [url, *(link.removesuffix(".html") for link in re.findall(r"`(/help/[\w/-]+\.html)`", readme))]:
        assert (ROOT / "docs" / f"{path.removeprefix('/help/')}.md").exists(), path
