"""A run's log over HTTP: pages, attempts, search, waiting, and nothing outside the run's folder."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient, Client

from runs.api import insight_views
from runs.models import Run
from tests.runs.conftest import MakeRun
from tests.tokens import new_token


def write(run: Run, content: bytes, name: str = "train.log") -> Path:
    path = run.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(api: Client, run: Run, **parameters: Any) -> dict[str, Any]:
    response = api.get(f"/api/runs/{run.pk}/log/", parameters)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def texts(body: dict[str, Any]) -> list[str]:
    return [line["text"] for line in body["lines"]]


def test_a_run_without_a_log_has_an_empty_one(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    assert read(api, run) == {
        "run_id": run.pk, "status": "queued", "name": "train.log", "attempt": None, "size": 0, "start": 0, "end": 0,
        "more_before": False, "more_after": False, "lines": [], "next": None, "reset": False,
    }  # fmt: skip


def test_pages_lead_to_older_and_newer_ones(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1)
    path = write(run, b"".join(b"line %d\n" % n for n in range(10)) + b"unfin")
    last = read(api, run, limit=3)
    assert texts(last) == ["line 7", "line 8", "line 9"]
    assert (last["more_before"], last["size"], last["end"]) == (True, 75, 70)
    older = read(api, run, limit=100, before=last["start"])
    assert texts(older) == [f"line {n}" for n in range(7)]
    assert older["more_before"] is False
    with path.open("ab") as log:
        log.write(b"ished\nmore\n")
    newer = read(api, run, after=last["end"], limit=1)
    assert texts(newer) == ["unfinished"]
    assert newer["more_after"] is True
    assert texts(read(api, run, after=newer["end"])) == ["more"]


def test_the_last_words_of_an_ended_run_need_no_newline(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="failed", attempt=1)
    write(run, b"one\nkilled in mid-sen")
    assert texts(read(api, run)) == ["one", "killed in mid-sen"]


def test_an_attempt_is_a_part_of_the_log(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=3)
    write(run, b"first\nhalf a lin" + b"third\nagain\n")
    write(run, b"0", "attempts/1/train.log.start")
    write(run, b"16", "attempts/3/train.log.start")  # attempt 2 never came to write
    assert texts(read(api, run, attempt=1)) == ["first", "half a lin"]
    third = read(api, run, attempt=3)
    assert texts(third) == ["third", "again"]
    assert third["more_before"] is False
    assert texts(read(api, run, attempt=3, before=3)) == []
    assert texts(read(api, run, attempt=1, search="a", after=0)) == ["half a lin"]
    assert api.get(f"/api/runs/{run.pk}/log/?attempt=2").status_code == 404


@pytest.mark.parametrize("start", [b"-1", b"10000", b"x", b""])
def test_a_wrong_start_is_none(api: Client, make_run: MakeRun, start: bytes) -> None:
    run = make_run(status="in_progress", attempt=1)
    write(run, b"first\n")
    write(run, start, "attempts/1/train.log.start")
    assert api.get(f"/api/runs/{run.pk}/log/?attempt=1").status_code == 404


def test_every_rank_has_its_log(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1)
    write(run, b"of rank 1\n", "train.rank1.log")
    body = read(api, run, rank=1)
    assert (body["name"], texts(body)) == ("train.rank1.log", ["of rank 1"])


def test_searching_gives_matching_lines(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="completed", attempt=1)
    write(run, b"Loading\nWARNING: a\nepoch\nwarning: b\n")
    body = read(api, run, search="warning", limit=1)
    assert (texts(body), body["lines"][0]["offset"], body["next"]) == (["WARNING: a"], 8, 19)
    body = read(api, run, search="warning", after=body["next"])
    assert (texts(body), body["next"]) == (["warning: b"], None)
    assert texts(read(api, run, search="warning", before=19)) == ["WARNING: a"]


def test_a_log_that_became_shorter_starts_again(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1)
    write(run, b"new\n")
    body = read(api, run, after=1_000)
    assert (body["reset"], texts(body)) == (True, ["new"])


def test_a_link_is_no_log(api: Client, make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(status="in_progress", attempt=1)
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    run.folder.mkdir(parents=True)
    (run.folder / "train.log").symlink_to(secret)
    assert read(api, run)["lines"] == []


def test_nobody_reads_without_a_login(client: Client, make_run: MakeRun) -> None:
    run = make_run()
    assert client.get(f"/api/runs/{run.pk}/log/").status_code == 401
    assert client.get(f"/api/runs/{run.pk}/hints/").status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("before=-1", "before"), ("after=x", "after"), ("attempt=0", "attempt"),
        ("rank=-1", "rank"), ("wait=31&after=0", "wait"), ("wait=nan&after=0", "wait"), ("wait=1", "wait"),
        ("wait=1&after=0&search=x", "wait"), ("name=/etc/passwd", "name"), ("search=" + "x" * 201, "search"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(api: Client, make_run: MakeRun, query: str, field: str) -> None:
    response = api.get(f"/api/runs/{make_run().pk}/log/?{query}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.django_db
def test_a_thread_that_reads_a_page_keeps_no_connection() -> None:
    def asking(**_options: bool) -> dict[str, Any]:
        return {"users": User.objects.count(), "open": connections["default"].connection is not None}

    def page() -> dict[str, Any]:
        return insight_views._page(partial(asking), ended=False) | {"left": connections["default"].connection}

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(page).result()
    assert (found["open"], found["left"]) == (True, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("happens", ["a line", "the end"])
async def test_waiting_ends_with_a_line_or_with_the_run(make_run: MakeRun, happens: str) -> None:
    run = await sync_to_async(make_run)(status="in_progress", attempt=1)
    path = write(run, b"old\nhalf")
    token = await sync_to_async(new_token)(run.owner)
    headers = {"authorization": f"Token {token}"}
    asked = asyncio.ensure_future(AsyncClient().get(f"/api/runs/{run.pk}/log/?after=4&wait=30", headers=headers))
    done, _ = await asyncio.wait([asked], timeout=0.6)
    assert not done
    if happens == "a line":
        with path.open("ab") as log:
            log.write(b" and whole\n")
    else:
        await Run.objects.filter(pk=run.pk).aupdate(status="completed")
    response = await asyncio.wait_for(asked, 25)
    body = response.json()
    assert texts(body) == ["half and whole" if happens == "a line" else "half"], body
    assert body["status"] == ("in_progress" if happens == "a line" else "completed")
