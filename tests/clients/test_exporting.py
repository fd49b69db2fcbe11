"""A model file is asked for, waited for, and comes whole."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from livetrain import errors, transport
from livetrain.operations import exporting
from livetrain.wire import Answer, Failure, Request
from tests.clients.scripted import LOST, Scripted, answer

CONTENT = b"a model"
NAME = "run-3-model-12.onnx"


class Server:
    """Writes the file after so many looks at its job, which ends with that status."""

    def __init__(self, looks: int, status: str = "done", *, content: bytes = CONTENT) -> None:
        self._looks, self._status, self._content = looks, status, content
        self.bodies: list[Any] = []

    def __call__(self, request: Request) -> Answer | Failure:
        if request.method == "POST":
            self.bodies.append(request.body)
            return answer(self._asked(), 202 if self._looks else 200)
        if request.path == "/api/model-jobs/12/":
            self._looks = max(0, self._looks - 1)
            return answer(self._job())
        assert request.path == f"/api/runs/3/model-files/{NAME}"
        assert request.into is not None
        with transport.created(request.into) as part:
            part.write(self._content)
        return answer()

    def _asked(self) -> dict[str, Any]:
        links = {"file": f"http://server/api/runs/3/model-files/{NAME}"}
        file = {"name": NAME, "sha256": hashlib.sha256(CONTENT).hexdigest(), "links": links}
        return {"file": None if self._looks else file, "job": self._job() if self._looks else None}

    def _job(self) -> dict[str, Any]:
        status = "running" if self._looks else self._status
        links = {"self": "http://server/api/model-jobs/12/"}
        return {"run_id": 3, "status": status, "problem": "No memory." if status == "failed" else None, "links": links}


def export(server: Any, place: Path, timeout: float | None = None, **asked: str | None) -> Path:
    return Scripted(server).returned(exporting.export(3, place, {"format": "onnx", **asked}, timeout, 60))


def test_a_file_that_is_there_is_downloaded_at_once(tmp_path: Path) -> None:
    server = Server(0)
    assert export(server, tmp_path, licence=None) == tmp_path / NAME
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert server.bodies == [{"format": "onnx"}]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_file_that_has_to_be_written_is_waited_for(tmp_path: Path) -> None:
    server = Server(3)
    assert export(server, tmp_path / "new" / "model.onnx", licence="MIT") == tmp_path / "new" / "model.onnx"
    assert server.bodies == [{"format": "onnx", "licence": "MIT"}] * 2


def test_why_there_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(errors.LivetrainError, match="No memory"):
        export(Server(1, "failed"), tmp_path)
    with pytest.raises(errors.LivetrainError, match="is cancelled"):
        export(Server(1, "cancelled"), tmp_path)
    with pytest.raises(errors.WaitedTooLong, match="/api/model-jobs/12/ says how far it is"):
        export(Server(5), tmp_path, timeout=0)


def test_a_file_that_was_changed_on_its_way_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(errors.LivetrainError, match="was changed on its way"):
        export(Server(0, content=b"another"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_request_whose_answer_is_lost_is_sent_again(tmp_path: Path) -> None:
    server, lost = Server(0), [LOST]
    assert export(lambda request: lost.pop() if lost else server(request), tmp_path) == tmp_path / NAME
