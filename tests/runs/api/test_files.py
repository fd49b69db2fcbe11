"""The files of a run: what is listed, what can be fetched, and that nothing outside the run's folder can."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient, Client

from runs.files.local_files import CHUNK, Content, open_file
from runs.models import Run
from tests.runs.conftest import MakeRun
from tests.tokens import new_token

Fetch = Callable[[str], Awaitable[HttpResponseBase]]


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run with files of each sort, and another user's secret beside its folder."""
    run = make_run()
    (run.folder / "checkpoints" / "a1").mkdir(parents=True)
    (run.folder / "metrics.csv").write_text("epoch\n0\n")
    (run.folder / "checkpoints" / "a1" / "best #1.ckpt").write_bytes(b"weights")
    (run.folder / ".1234.tmp").write_text("half a file")
    (run.folder / "checkpoints" / ".hidden").mkdir()
    (run.folder / "checkpoints" / ".hidden" / "file").write_text("x")
    secret = run.folder.parent / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret")
    (run.folder / "link-to-file").symlink_to(secret / "key")
    (run.folder / "link-to-folder").symlink_to(secret)
    os.mkfifo(run.folder / "pipe")
    return run


@pytest.fixture
def fetch(transactional_db: None, run: Run) -> Fetch:
    """Return a function that sends a GET below /files/ on the event loop; the path is sent as it is written here."""
    client, headers = AsyncClient(), {"authorization": f"Token {new_token(run.owner)}"}

    async def get(name: str) -> HttpResponseBase:
        return await client.get(f"/api/runs/{run.pk}/files/{name}", headers=headers)

    return get


async def body_of(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([part async for part in response])


def test_every_regular_file_is_listed_and_nothing_else(api: Client, run: Run) -> None:
    body = api.get(f"/api/runs/{run.pk}/files/").json()
    assert body["run_id"] == run.pk
    checkpoint, metrics = body["files"]
    assert checkpoint["name"] == "checkpoints/a1/best #1.ckpt"
    assert checkpoint["media_type"] == "application/octet-stream"
    assert checkpoint["url"] == f"/api/runs/{run.pk}/files/checkpoints/a1/best%20%231.ckpt"
    assert metrics["name"] == "metrics.csv"
    assert (metrics["size"], metrics["media_type"]) == (8, "text/csv")
    assert metrics["modified"].endswith("Z")


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # the synchronous test client
def test_a_name_may_hold_any_letter(api: Client, run: Run) -> None:
    (run.folder / "é 肺.log").write_text("log")
    [url] = [file["url"] for file in api.get(f"/api/runs/{run.pk}/files/").json()["files"] if ".log" in file["name"]]
    assert url.endswith("/%C3%A9%20%E8%82%BA.log")
    response = api.get(url)
    assert b"".join(response) == b"log"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%C3%A9%20%E8%82%BA.log"


def test_a_run_without_a_folder_has_no_files(api: Client, make_run: MakeRun) -> None:
    assert api.get(f"/api/runs/{make_run().pk}/files/").json()["files"] == []


async def test_a_file_comes_as_an_attachment(fetch: Fetch) -> None:
    response = await fetch("metrics.csv")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv"
    assert response["Content-Length"] == "8"
    assert response["Content-Disposition"] == 'attachment; filename="metrics.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert await body_of(response) == b"epoch\n0\n"


async def test_listed_addresses_work(fetch: Fetch) -> None:
    response = await fetch("checkpoints/a1/best%20%231.ckpt")
    assert await body_of(response) == b"weights"
    assert response["Content-Disposition"] == 'attachment; filename="best #1.ckpt"'


async def test_a_large_file_is_streamed_in_pieces(fetch: Fetch, run: Run) -> None:
    content = os.urandom(2 * CHUNK + 1)
    (run.folder / "large.ckpt").write_bytes(content)
    response = await fetch("large.ckpt")
    assert isinstance(response, StreamingHttpResponse)
    parts = [part async for part in response]
    assert [len(part) for part in parts] == [CHUNK, CHUNK, 1]
    assert b"".join(parts) == content


async def test_a_log_that_grows_meanwhile_keeps_its_announced_length(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"12345")
    content = Content(open_file(tmp_path, "train.log"))
    with log.open("ab") as file:
        file.write(b"678")
    assert b"".join([part async for part in content]) == b"12345"
    content.close()
    assert content.file.closed


ESCAPES = [
    "../secret/key",
    "..%2fsecret%2fkey",
    "%2e%2e/secret/key",
    "%2e%2e%2fsecret%2fkey",
    "checkpoints/../../secret/key",
    "checkpoints/%2e%2e/%2e%2e/secret/key",
    "%252e%252e/secret/key",
    "..%5csecret%5ckey",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "link-to-file",
    "link-to-folder/key",
    "link-to-folder",
    "metrics.csv%00",
    "%00",
    "metrics.csv/",
    "metrics.csv/x",
    "checkpoints",
    "checkpoints/",
    "checkpoints//a1/best%20%231.ckpt",
    "./metrics.csv",
    ".1234.tmp",
    "checkpoints/.hidden/file",
    "pipe",
    "missing",
    "%ff",
    "%ED%A0%80",
    "a" * 300,
]


@pytest.mark.parametrize("name", ESCAPES)
async def test_nothing_else_can_be_fetched(fetch: Fetch, name: str) -> None:
    response = await fetch(name)
    assert response.status_code == 404
    assert not response.streaming


@pytest.mark.parametrize("name", ["../secret/key", "/etc/passwd", "..", ".", "", "a\0b", "link-to-file", "\udcff"])
def test_the_rule_holds_below_the_view_too(run: Run, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        open_file(run.folder, name)


async def test_no_anonymous_download(fetch: Fetch, run: Run) -> None:
    response = await AsyncClient().get(f"/api/runs/{run.pk}/files/metrics.csv")
    assert response.status_code == 401


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_the_file_is_closed_with_the_response(fetch: Fetch) -> None:
    await sync_to_async((await fetch("metrics.csv")).close)()
    before = open_files()
    for _ in range(5):
        await sync_to_async((await fetch("metrics.csv")).close)()
    assert open_files() <= before
