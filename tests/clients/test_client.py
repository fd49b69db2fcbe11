"""Both clients against a real server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from hatchling.build import build_wheel

from livetrain import AsyncClient, Client, Conflict, Misconfigured, NotFound, NotLoggedIn, RunFailed, WaitedTooLong
from livetrain.wire import Operation, Pause
from runs.models import Run
from tests.browser import story
from tests.clients.conftest import CLIENT
from tests.servers import WebServer


@pytest.fixture
def client(server: WebServer, token: str) -> Client:
    return Client(server.url, token)


def ended_run(owner: User, status: str = "completed", reason: str | None = None) -> Run:
    run = story.start(story.submit(owner))
    for number in range(3):
        story.train(run, number)
    story.end(run, status, reason)
    return run


def test_a_run_is_followed_to_its_end_while_it_is_written(client: Client, owner: User) -> None:
    run = story.start(story.submit(owner))

    def train() -> None:
        for number in range(4):
            story.train(run, number)
        story.end(run)

    writer = threading.Thread(target=train)
    writer.start()
    found = list(client.run(run.pk).events())
    writer.join()
    assert [event.seq for event in found] == list(range(1, story.last_seq(run) + 1))
    assert found[-1].type == "training_end"
    assert found[-1].timestamp.tzinfo is not None


def test_tables_hold_what_was_stored(client: Client, owner: User) -> None:
    run = client.run(ended_run(owner).pk)
    history = run.history()
    assert list(history.index) == [0, 1, 2]
    assert history["train_loss"].tolist() == [
        event.data["metrics"]["train_loss"]
        for event in run.events(types=["epoch_end"])
        if event.data["phase"] == "train"
    ]
    losses = run.curves("batch/loss")["batch/loss"]
    told = {event.data["step"]: event.data["loss"] for event in run.events(types=["batch_metrics"])}
    assert losses.dropna().to_dict() == {step: loss for step, loss in told.items() if loss is not None}
    assert str(run.curves("epoch/*", by="time").index.dtype).endswith("UTC]")
    assert run.curves("gradient/nothing/*").empty
    assert run.watch() is run
    assert run.sparkline is not None
    assert run.sparkline["values"] == history["val_auroc"].tolist()
    other = client.run(ended_run(owner).pk)
    assert set(client.compare(run, other.id)["splits"]) <= {"val", "test"}


def test_a_run_is_changed_and_refuses_in_words(client: Client, owner: User) -> None:
    run = client.run(ended_run(owner, "failed", "Out of memory.").pk)
    assert run.tag("night").details["tags"] == ["night"]
    assert run.rename("Other").name == "Other"
    assert run.describe("Why").details["description"] == "Why"
    with pytest.raises(Conflict, match="failed"):
        run.cancel()
    with pytest.raises(RunFailed, match=r"Out of memory\."):
        run.wait(check=True)
    assert "Out of memory." in run._repr_html_()
    other = run.clone(trainer={"max_epochs": 1})
    assert (other.status, other.details["config"]["trainer"]["max_epochs"]) == ("queued", 1)
    with pytest.raises(WaitedTooLong, match="still queued"):
        other.wait(0.1)
    assert [one.id for one in client.runs(status="queued")] == [other.id]
    assert other.cancel().status == "cancelled"
    with pytest.raises(NotFound, match="does not exist"):
        client.run(10**6)


def test_all_pages_of_the_list_come(client: Client, owner: User) -> None:
    made = [story.submit(owner, f"run {number}").pk for number in range(5)]
    assert [run.id for run in client.runs(page_size=2)] == made[::-1]


async def test_the_awaited_client_does_the_same(server: WebServer, token: str, owner: User) -> None:
    made = await sync_to_async(ended_run)(owner)
    async with AsyncClient(server.url, token) as client:
        run = await client.run(made.pk)
        both = await asyncio.gather(*(_numbers(run.id, client) for _ in range(3)))
        last = await sync_to_async(story.last_seq)(made)
        assert both == [list(range(1, last + 1))] * 3
        assert list((await run.history()).index) == [0, 1, 2]
        assert (await run.wait(5)).ended
        assert [one.id async for one in client.runs()] == [made.pk]


async def _numbers(run_id: int, client: AsyncClient) -> list[int]:
    return [event.seq async for event in (await client.run(run_id)).events()]


async def test_an_operation_is_closed_when_its_task_is_cancelled() -> None:
    closed = []

    def waiting() -> Operation[None]:
        try:
            yield Pause(60)
        finally:
            closed.append(True)

    async with AsyncClient("http://127.0.0.1:9", "token") as client:
        operation = waiting()
        task = asyncio.create_task(client._carry_out(operation))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed == [True]


def test_a_wrong_token_is_told(server: WebServer) -> None:
    with pytest.raises(NotLoggedIn):
        Client(server.url, "wrong").run(1)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://u:p@x", "https://x/?a=1"])
def test_a_wrong_address_is_told(url: str) -> None:
    with pytest.raises(Misconfigured):
        Client(url, "token")


def test_the_address_comes_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text('url = "https://one.example"\ntoken = "secret"\n')
    file.chmod(0o600)
    monkeypatch.setenv("LIVETRAIN_CONFIG", str(file))
    monkeypatch.delenv("LIVETRAIN_URL", raising=False)
    monkeypatch.delenv("LIVETRAIN_TOKEN", raising=False)
    assert Client().url == "https://one.example"
    with pytest.raises(Misconfigured, match="No token"):
        Client("https://other.example")  # the file's token is never sent to another server
    file.write_text("url =")
    with pytest.raises(Misconfigured, match="cannot be read"):
        Client()


def test_the_wheel_can_be_installed_and_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CLIENT)
    wheel = tmp_path / build_wheel(str(tmp_path))
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    script = (
        "import sys, livetrain; print(livetrain.__file__);"
        "print([name for name in ('django', 'torch', 'pandas', 'numpy', 'rich', 'asyncio') if name in sys.modules]);"
        "print(livetrain.AsyncClient.__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [str(installed / "livetrain" / "__init__.py"), "[]", "livetrain.async_client"], (
        done.stderr
    )
    assert (installed / "livetrain" / "py.typed").exists()


def test_the_blocking_client_was_written_from_the_awaited_one() -> None:
    command = [sys.executable, str(CLIENT / "make_sync.py"), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
