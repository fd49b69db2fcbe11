"""Curves as binary numbers, which programs ask for: the same as in JSON, all of them, and refused in JSON."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from runs.curves import binary_answer
from runs.models import Run
from tests.runs.conftest import MakeRun
from tests.runs.curves.conftest import epochs, journal, start, status
from tests.runs.curves.test_series import ask

BINARY = {"accept": "application/vnd.livetrain.curves"}


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run with three epochs of 40 steps."""
    run = make_run(status="in_progress")
    journal(run, [status("queued", None), start(None), *epochs(0, 2, 7)])
    return run


def binary(api: Client, run: Run, headers: Mapping[str, str] = BINARY, **parameters: Any) -> Any:
    return api.get(f"/api/runs/{run.pk}/series/", parameters, headers=dict(headers))


def read(content: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a binary answer as the reference describes it: the first line, and of each curve its line, x and y."""
    lines, curves, place = [], [], 0
    while place < len(content):
        end = content.index(b"\n", place) + 1
        lines.append(json.loads(content[place:end]))
        assert end % 8 == 0
        if len(lines) == 1:
            place = end
            continue
        kinds, count = {"int64": "q", "float64": "d"}, lines[-1]["count"]
        place = end + 16 * count
        (*x,) = struct.unpack(f"<{count}{kinds[lines[-1]['x']]}", content[end : end + 8 * count])
        (*y,) = struct.unpack(f"<{count}d", content[end + 8 * count : place])
        curves.append({**lines[-1], "x": x, "y": [None if math.isnan(value) else value for value in y]})
    assert lines[0]["curves"] == len(curves)
    return lines[0], curves


@pytest.mark.parametrize("asked", [{"by": "step"}, {"by": "time"}, {"by": "epoch", "from": "1", "to": "2.5"}])
def test_programs_get_the_same_numbers_as_words(api: Client, run: Run, asked: dict[str, str]) -> None:
    journal(run, [start(0), *epochs(1, 3, 9, group="other")])
    response = binary(api, run, BINARY | {"accept-encoding": "gzip"}, name="*", **asked)
    assert response["Content-Type"] == "application/vnd.livetrain.curves"
    assert response["Vary"] == "Accept"
    assert "Content-Encoding" not in response
    head, curves = read(response.content)
    expected = ask(api, run, name="*", **asked)
    assert head == {
        **{key: expected[key] for key in ("run_id", "status", "last_seq", "by", "started")},
        "curves": len(expected["series"]),
    }
    shared = ("name", "x", "y", "exact", "total", "nonfinite")
    assert [{key: curve[key] for key in shared} for curve in curves] == expected["series"]
    assert all((curve["first"], curve["last"]) == (curve["x"][0], curve["x"][-1]) for curve in curves)


def test_programs_get_all_samples_or_how_many_there_are(api: Client, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _, [whole] = read(binary(api, run, name="batch/loss", points=10).content)
    assert (whole["exact"], whole["count"]) == (True, 120)
    monkeypatch.setattr(binary_answer, "MOST_SAMPLES", 130)
    _, curves = read(binary(api, run, name="batch/loss,batch/f1,rate/learning_rate,batch/recall").content)
    assert [(curve["count"], curve["exact"], curve["total"]) for curve in curves] == [
        (120, True, 120), (0, False, 120), (3, True, 3), (0, False, 120),
    ]  # fmt: skip
    assert [(curve["first"], curve["last"]) for curve in curves][1] == (1, 120)
    _, [empty] = read(binary(api, run, name="gradient/layer/none").content)
    assert (empty["count"], empty["exact"], empty["first"]) == (0, True, None)


def test_the_python_client_gets_words_and_browsers_json(api: Client, run: Run) -> None:
    accepted = {"accept": "application/vnd.livetrain.curves, */*;q=0.5"}
    assert binary(api, run, accepted, name="batch/loss")["Content-Type"] == BINARY["accept"]
    for other in ("*/*", "application/json, */*;q=0.5", "text/html,application/xml;q=0.9,*/*;q=0.8"):
        assert binary(api, run, {"accept": other}, name="batch/loss")["Content-Type"] == "application/json"


def test_refusals_of_binary_answers_are_problems(api: Client, run: Run) -> None:
    for answer, field in (
        (binary(api, run), "name"),
        (binary(api, run, name="loss"), "name"),
        (binary(api, run, name="usage/cpu_cores"), "by"),
    ):
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Client().get(f"/api/runs/{run.pk}/series/", {"name": "batch/loss"}, headers=BINARY).status_code == 401
    assert api.get("/api/runs/999999/series/", {"name": "batch/loss"}, headers=BINARY).status_code == 404


def test_what_a_program_has_as_words_is_not_sent_again_and_is_no_json(api: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(status="completed")
    tag = binary(api, run, name="batch/loss")["ETag"]
    assert binary(api, run, BINARY | {"if-none-match": tag}, name="batch/loss").status_code == 304
    assert binary(api, run, {"if-none-match": tag}, name="batch/loss").status_code == 200
