"""An upload arrives whole, whatever breaks on its way."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from livetrain import errors
from livetrain.operations import uploading
from livetrain.wire import Answer, Failure, Request
from tests.clients.scripted import LOST, Scripted, answer

CONTENT = bytes(range(256)) * 400


class Server:
    """Takes pieces as the real one does; the named requests are answered, but the answer is lost."""

    def __init__(self, lost: set[int], opened: bool = False) -> None:
        self._lost, self._count = lost, 0
        self.received, self.opened = b"", opened
        self.digest = hashlib.sha256(CONTENT).hexdigest()

    def __call__(self, request: Request) -> Answer | Failure:
        said = self._said(request)
        if request.method != "PATCH":
            return said
        self._count += 1
        return LOST if self._count in self._lost else said

    def _said(self, request: Request) -> Answer:
        if request.method == "PATCH":
            return self._taken(request)
        if request.method == "POST":
            self.opened = True
            return answer(self._state(), 201)
        if request.path == uploading.UPLOADS:
            return answer({"results": [self._state()] if self.opened else []})
        if len(self.received) == len(CONTENT):
            is_upload = request.path.startswith(uploading.UPLOADS)
            return answer({"detail": "Dropped."}, 404) if is_upload else answer({"state": "waiting"})
        return answer(self._state())

    def _taken(self, request: Request) -> Answer:
        assert request.content is not None
        if int(request.headers["Upload-Offset"]) != len(self.received):
            return answer({"detail": "Send what follows.", "received": len(self.received)}, 409)
        self.received += request.content
        if len(self.received) == len(CONTENT):
            return answer({"name": "points", "state": "waiting"}, 201)
        return answer(self._state())

    def _state(self) -> dict[str, Any]:
        size = {"size": len(CONTENT), "received": len(self.received), "sha256": self.digest}
        return {"id": "u", "name": "points", "project": "Default", "project_id": 1, **size}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(uploading, "PIECE", 10_000)
    path = tmp_path / "points.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("lost", [set(), {1}, {2, 3}, {5, 7, 8, 9}, {11}])
def test_pieces_whose_answer_is_lost_are_not_sent_twice(file: Path, lost: set[int]) -> None:
    server, told = Server(lost), list[int]()
    found = Scripted(server).returned(
        uploading.upload(file, None, patience=60, told=lambda received, _size: told.append(received))
    )
    assert found["state"] == "waiting"
    assert server.received == CONTENT
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)


def test_a_server_that_is_started_again_meanwhile_is_waited_for(file: Path) -> None:
    server, count = Server(set()), itertools.count()

    def away(request: Request) -> Answer | Failure:
        return answer({}, 502) if request.method == "PATCH" and next(count) in {2, 3} else server(request)

    Scripted(away).returned(uploading.upload(file, None, patience=60))
    assert server.received == CONTENT


def test_a_fault_of_the_server_is_told(file: Path) -> None:
    server = Server(set())

    def full(request: Request) -> Answer | Failure:
        return answer({"detail": "The disk is full."}, 507) if request.method == "PATCH" else server(request)

    with pytest.raises(errors.ServerFault, match="disk is full"):
        Scripted(full).returned(uploading.upload(file, None, patience=60))


def test_one_that_broke_off_is_continued(file: Path) -> None:
    server = Server(set(), opened=True)
    server.received = CONTENT[:30_000]
    script = Scripted(server)
    script.returned(uploading.upload(file, None, patience=60))
    assert server.received == CONTENT
    assert [request.method for request in script.asked].count("POST") == 0


def test_one_of_another_file_is_left_alone(file: Path) -> None:
    server = Server(set(), opened=True)
    server.digest = "0" * 64
    script = Scripted(server)
    script.returned(uploading.upload(file, None, patience=60))
    [opening] = [request for request in script.asked if request.method == "POST"]
    assert json.loads(json.dumps(opening.body)) == {
        "filename": "points.bin",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }


@pytest.mark.parametrize(("project", "posts"), [("Default", 0), ("1", 0), (1, 0), ("Lungs", 1), (7, 1)])
def test_only_one_into_the_same_project_is_continued(file: Path, project: str | int, posts: int) -> None:
    script = Scripted(Server(set(), opened=True))
    script.returned(uploading.upload(file, None, patience=60, project=project))
    opened = [request.body for request in script.asked if request.method == "POST"]
    assert [body["project"] for body in opened] == [project] * posts


def test_a_check_is_waited_for() -> None:
    script = Scripted([answer({"state": "checking"}), answer({"state": "refused", "problem": "No."})])
    found = script.returned(uploading.checked("points", None, patience=60))
    assert found is not None
    assert found["problem"] == "No."
    assert Scripted([answer({"state": "checking"})]).returned(uploading.checked("points", 0.0, patience=60)) is None


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(errors.LivetrainError, match="is empty"):
        Scripted([]).returned(uploading.upload(tmp_path / "x", None, patience=60))
