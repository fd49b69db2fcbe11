"""Files come whole, and nowhere but into their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from livetrain import errors, transport
from livetrain.operations import files
from livetrain.wire import Answer, Failure, Request
from tests.clients.scripted import LOST, Scripted, answer


class Files:
    """A run's files; those that are `gone` are listed all the same."""

    def __init__(self, *names: str, gone: tuple[str, ...] = ()) -> None:
        self._names, self._gone = names, gone
        self.parts: list[Path] = []

    def __call__(self, request: Request) -> Answer | Failure:
        if request.path.endswith("/files/"):
            return answer({"files": [{"name": name} for name in self._names]})
        if request.path.endswith(self._gone):
            return answer({"detail": "Run 1 has no such file."}, 404)
        assert request.into is not None
        self.parts.append(request.into)
        with transport.created(request.into) as part:
            part.write(request.path.encode())
        return answer()


def test_files_come_into_their_folders(tmp_path: Path) -> None:
    server = Files("a.csv", "deep/er/b c.csv")
    written = Scripted(server).returned(files.download(1, tmp_path / "new", None, patience=0))
    assert written == [tmp_path / "new" / "a.csv", tmp_path / "new" / "deep" / "er" / "b c.csv"]
    assert written[1].read_text() == "/api/runs/1/files/deep/er/b%20c.csv"
    assert len({path.name for path in server.parts}) == 2
    assert not any(path.exists() for path in server.parts)


def test_a_single_name_is_no_list_of_letters(tmp_path: Path) -> None:
    assert Scripted(Files()).returned(files.download(1, tmp_path, "a.csv", patience=0)) == [tmp_path / "a.csv"]


def test_one_that_was_replaced_meanwhile_is_left_out_unless_it_was_named(tmp_path: Path) -> None:
    server = Files("a.ckpt", "b.csv", gone=("a.ckpt",))
    assert Scripted(server).returned(files.download(1, tmp_path, None, patience=0)) == [tmp_path / "b.csv"]
    with pytest.raises(errors.NotFound):
        Scripted(server).returned(files.download(1, tmp_path, ["a.ckpt"], patience=0))


def test_no_link_in_the_folder_leads_out(tmp_path: Path) -> None:
    here, outside = tmp_path / "here", tmp_path / "outside"
    here.mkdir()
    outside.mkdir()
    (here / "deep").symlink_to(outside)
    (outside / "secret").write_text("kept")
    (here / "a.csv").symlink_to(outside / "secret")
    with pytest.raises(errors.LivetrainError, match="leads out"):
        Scripted(Files()).returned(files.download(1, here, ["deep/er/a.csv"], patience=0))
    assert [path.name for path in outside.iterdir()] == ["secret"]
    Scripted(Files()).returned(files.download(1, here, ["a.csv"], patience=0))
    assert not (here / "a.csv").is_symlink()
    assert (outside / "secret").read_text() == "kept"


def test_a_part_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("kept")
    (tmp_path / "part").symlink_to(tmp_path / "secret")
    with transport.created(tmp_path / "part") as part:
        part.write(b"new")
    assert (tmp_path / "secret").read_text() == "kept"


def test_a_part_is_removed_when_the_server_goes_away(tmp_path: Path) -> None:
    def cut(request: Request) -> Failure:
        assert request.into is not None
        with transport.created(request.into) as part:
            part.write(b"half")
        return LOST

    with pytest.raises(errors.ServerUnreachable):
        Scripted(cut).returned(files.download(1, tmp_path, ["a.csv"], patience=1))
    assert list(tmp_path.iterdir()) == []
