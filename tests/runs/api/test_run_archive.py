"""All files of a run in one zip: what is in it, who may have it, and what it costs the server."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Awaitable, Callable

import pytest
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient, Client
from django.utils import timezone

from runs.api import run_archive
from runs.api.run_archive import ZipStream
from runs.files import run_files
from runs.files.local_files import CHUNK, Content, list_files
from runs.models import Run
from tests.runs.conftest import MakeRun
from tests.tokens import new_token

Ask = Callable[..., Awaitable[HttpResponseBase]]


@pytest.fixture
def run(transactional_db: None, make_run: MakeRun) -> Run:
    """Make a run with two files, a link out of its folder, and a file that is being written."""
    run = make_run()
    (run.folder / "checkpoints").mkdir(parents=True)
    (run.folder / "metrics.csv").write_text("epoch\n0\n")
    (run.folder / "checkpoints" / "é best.ckpt").write_bytes(b"weights")
    (run.folder / ".1234.tmp").write_text("half a file")
    (run.folder.parent / "secret").write_text("secret")
    (run.folder / "link").symlink_to(run.folder.parent / "secret")
    return run


@pytest.fixture
def ask(run: Run) -> Ask:
    """Return a function that asks for the archive on the event loop, as the run's owner."""
    client, headers = AsyncClient(), {"authorization": f"Token {new_token(run.owner)}"}

    async def get(method: str = "get", number: int = run.pk) -> HttpResponseBase:
        answer: HttpResponseBase = await getattr(client, method)(f"/api/runs/{number}/archive/", headers=headers)
        return answer

    return get


async def content_of(stream: StreamingHttpResponse | ZipStream) -> dict[str, bytes]:
    """Open the zip as a client does, which checks each file, and return its files."""
    with zipfile.ZipFile(io.BytesIO(b"".join([part async for part in stream]))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_it_holds_what_is_listed_and_nothing_else(ask: Ask, run: Run) -> None:
    response = await ask()
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == f'attachment; filename="run-{run.pk}.zip"'
    assert isinstance(response, StreamingHttpResponse)
    folder = f"run-{run.pk}"
    assert await content_of(response) == {
        f"{folder}/checkpoints/é best.ckpt": b"weights",
        f"{folder}/metrics.csv": b"epoch\n0\n",
    }


async def test_it_holds_the_times_of_the_files_and_compresses_texts_alone(run: Run) -> None:
    (run.folder / "train.log").write_text("line\n" * 10_000)
    os.utime(run.folder / "metrics.csv", (1_700_000_000, 1_700_000_000))
    os.utime(run.folder / "train.log", (0, 0))
    stream = ZipStream(run, list_files(run.folder))
    archive = zipfile.ZipFile(io.BytesIO(b"".join([part async for part in stream])))
    found = {info.filename.rpartition("/")[2]: info for info in archive.infolist()}
    assert found["metrics.csv"].date_time == (2023, 11, 14, 22, 13, 20)
    assert found["train.log"].date_time == (1980, 1, 1, 0, 0, 0)
    assert found["train.log"].compress_size < 1_000
    assert found["é best.ckpt"].compress_size == found["é best.ckpt"].file_size == 7


async def test_large_files_come_in_pieces(run: Run) -> None:
    content = os.urandom(20 * CHUNK + 1)
    (run.folder / "large.ckpt").write_bytes(content)
    parts = [part async for part in ZipStream(run, list_files(run.folder))]
    assert max(map(len, parts)) < 2 * CHUNK
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.read(f"run-{run.pk}/large.ckpt") == content


async def test_a_file_that_grows_or_goes_meanwhile_breaks_nothing(run: Run) -> None:
    (run.folder / "a.log").write_text("first\n")
    (run.folder / "b.ckpt").write_bytes(b"replaced by a better one")
    stream = ZipStream(run, list_files(run.folder))
    (run.folder / "b.ckpt").unlink()
    with (run.folder / "a.log").open("a") as log:
        log.write("second\n")
    found = await content_of(stream)
    assert found[f"run-{run.pk}/a.log"] == b"first\nsecond\n"
    assert f"run-{run.pk}/b.ckpt" not in found
    assert f"run-{run.pk}/metrics.csv" in found


async def test_a_link_that_took_a_files_place_is_left_out(run: Run) -> None:
    stream = ZipStream(run, list_files(run.folder))
    (run.folder / "metrics.csv").unlink()
    (run.folder / "metrics.csv").symlink_to(run.folder.parent / "secret")
    assert list(await content_of(stream)) == [f"run-{run.pk}/checkpoints/é best.ckpt"]


async def test_no_name_leads_out_where_a_backslash_parts_folders(run: Run) -> None:
    (run.folder / "a\\..\\..\\evil.txt").write_text("x")
    found = await content_of(ZipStream(run, list_files(run.folder)))
    assert not [name for name in found if "\\" in name]
    assert len(found) == 3


async def test_a_reader_who_leaves_closes_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Content] = []

    def noted(run: Run, name: str) -> Content:
        opened.append(original(run, name))
        return opened[-1]

    original = run_files.opened
    monkeypatch.setattr(run_files, "opened", noted)
    (run.folder / "large.ckpt").write_bytes(bytes(10 * CHUNK))
    stream = ZipStream(run, [file for file in list_files(run.folder) if file.name == "large.ckpt"])
    async for _ in stream:
        break
    assert not opened[0].file.closed
    stream.close()
    assert opened[0].file.closed


async def test_it_needs_the_rights_of_the_files(ask: Ask, run: Run) -> None:
    assert (await AsyncClient().get(f"/api/runs/{run.pk}/archive/")).status_code == 401
    assert (await ask(number=run.pk + 1)).status_code == 404
    assert (await ask("post")).status_code == 405


async def test_head_reads_no_file(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_archive, "ZipStream", None)
    response = await ask("head")
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")


def test_a_run_without_files_has_none(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    response = api.get(f"/api/runs/{run.pk}/archive/")
    assert (response.status_code, response.json()["detail"]) == (404, f"Run {run.pk} has no files.")


def test_a_deleted_run_has_none(api: Client, make_run: MakeRun) -> None:
    run = make_run(deleted_at=timezone.now())
    run.folder.mkdir(parents=True)
    (run.folder / "metrics.csv").write_text("epoch\n")
    assert api.get(f"/api/runs/{run.pk}/archive/").status_code == 404
