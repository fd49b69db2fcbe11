"""Files and rows go to the server in as many requests as its limits take; data are waited for."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from livetrain import errors
from livetrain.cli.predicting import _files
from livetrain.operations import predicting
from livetrain.wire import Answer, Request
from tests.clients.scripted import Scripted, answer

MODEL: dict[str, Any] = {"run_id": 7, "positive": "b", "classes": ["a", "b"], "decision": None}
LIMITS = {"files": 2, "bytes": 10_000, "rows": 2}


class Server:
    """Predicts as the real one answers: an item for each file or row."""

    def __init__(self) -> None:
        self.sent: list[list[tuple[str, bytes]]] = []
        self.rows: list[list[dict[str, Any]]] = []

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET":
            return answer(MODEL | {"limits": LIMITS, "kind": "image", "columns": None})
        if request.body is not None:
            self.rows.append(request.body["rows"])
            return self._answer([f"row {number}" for number in range(1, len(self.rows[-1]) + 1)])
        assert request.content is not None
        assert len(request.content) <= LIMITS["bytes"]
        self.sent.append(parts(request.headers["Content-Type"], request.content))
        return self._answer([name for name, _ in self.sent[-1]])

    def _answer(self, names: list[str]) -> Answer:
        return answer(MODEL | {"items": [{"name": name, "problem": None} for name in names]})


def parts(kind: str, content: bytes) -> list[tuple[str, bytes]]:
    """Read a form with the standard library's reader of messages."""
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + content, policy=HTTP)
    found = []
    for part in message.iter_parts():
        assert part.get_param("name", header="content-disposition") == "files"
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found.append((str(part.get_filename()), payload))
    return found


def test_files_go_in_requests_of_the_limits_and_come_in_their_order(tmp_path: Path) -> None:
    files: list[Any] = [("a.png", b"1" * 3000), ("b.png", b"2\r\n--3"), ("c.png", b"4" * 8500), ("d.png", b"5" * 9500)]
    (tmp_path / "e.png").write_bytes(b"6")
    server, told = Server(), list[tuple[int, int]]()
    found = Scripted(server).returned(
        predicting.files(7, [*files, tmp_path / "e.png"], 9, lambda *numbers: told.append(numbers))
    )
    path = str(tmp_path / "e.png")
    assert server.sent == [[files[0], files[1]], [files[2]], [(path, b"6")]]
    assert [item["name"] for item in found["items"]] == ["a.png", "b.png", "c.png", "d.png", path]
    assert "9,500 bytes" in found["items"][3]["problem"]
    assert found["items"][3]["score"] is None
    assert told[-1] == (5, 5)
    assert "limits" not in found


def test_rows_are_counted_on_and_missing_numbers_are_null() -> None:
    server = Server()
    frame = pd.DataFrame({"age": [41, float("nan"), 3], "site": ["A", None, "B"]})
    found = Scripted(server).returned(predicting.rows(7, frame, 9, None))
    assert server.rows == [[{"age": 41.0, "site": "A"}, {"age": None, "site": None}], [{"age": 3.0, "site": "B"}]]
    assert [item["name"] for item in found["items"]] == ["row 1", "row 2", "row 3"]


def test_a_data_set_is_waited_for_and_its_files_are_downloaded(tmp_path: Path) -> None:
    link = "http://server/api/model-jobs/3/files/predictions.csv"
    states = [("queued", 0), ("running", 4), ("done", 9)]
    jobs = [
        answer({"status": status, "done": done, "total": 9, "files": [{"name": "../predictions.csv", "link": link}]})
        for status, done in states
    ]
    queued = answer({"links": {"job": "http://server/api/model-jobs/3/"}}, 202)
    script, told = Scripted([queued, *jobs]), list[tuple[int, int]]()
    job = script.returned(predicting.data(7, "dataset:x", 9, None, lambda *numbers: told.append(numbers)))
    assert (job["status"], told) == ("done", [(0, 9), (4, 9), (9, 9)])
    assert [request.path for request in script.asked[1:]] == ["/api/model-jobs/3/"] * 3

    def written(request: Request) -> Answer:
        assert request.into is not None
        request.into.write_bytes(b"name\n")
        return answer()

    assert Scripted(written).returned(predicting.download(job, tmp_path / "out", 9)) == [
        tmp_path / "out" / "predictions.csv"
    ]
    assert (tmp_path / "out" / "predictions.csv").read_bytes() == b"name\n"
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_process_that_ended_is_not_asked_again() -> None:
    script = Scripted([answer(MODEL | {"limits": LIMITS}), answer({"detail": "It was killed."}, 503)])
    with pytest.raises(errors.ServerFault, match="killed"):
        script.returned(predicting.files(7, [("a.png", b"1")], 60, None))


@pytest.mark.parametrize("ways", [{}, {"files": ["a"], "rows": [{}]}])
def test_exactly_one_way_is_given(ways: dict[str, Any]) -> None:
    with pytest.raises(errors.LivetrainError, match="Give one of files, rows, source"):
        predicting.given(**{"files": None, "rows": None, "source": None} | ways)


def test_the_files_of_a_folder_are_taken_by_name_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", ".hidden.png", "more/c.png", ".git/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in _files([tmp_path, tmp_path / ".hidden.png"])] == [
        "a.png",
        "b.png",
        "c.png",
        ".hidden.png",
    ]
