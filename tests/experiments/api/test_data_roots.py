"""GET /api/experiments/data-roots/: folders and files below the data roots, and nothing outside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from experiments.api import root_listing

URL = "/api/experiments/data-roots/"


@pytest.fixture
def roots(tmp_path: Path, settings: Settings) -> tuple[Path, Path]:
    """Make two roots, a folder of data in the first, and one outside both."""
    found = (tmp_path / "one", tmp_path / "two")
    for root in (*found, tmp_path / "outside"):
        root.mkdir()
    (found[0] / "chest" / "ill").mkdir(parents=True)
    for name in ("scans.zip", "TABLE.CSV", "notes.txt", ".hidden.csv", "x.png"):
        (found[0] / "chest" / name).write_bytes(b"")
    (tmp_path / "outside" / "secret.csv").write_bytes(b"")
    settings.LIVETRAIN_DATA_ROOTS = list(found)
    return found


def listed(api: Client, path: str | Path = "") -> Any:
    return api.get(URL, {"path": str(path)} if path else {}).json()


def test_without_a_path_the_roots_are_listed(api: Client, roots: tuple[Path, Path]) -> None:
    assert listed(api) == {
        "path": "",
        "parent": None,
        "entries": [{"kind": "folder", "name": str(root), "path": str(root)} for root in roots],
        "others": 0,
        "is_cut": False,
    }


def test_a_folder_lists_folders_and_what_may_be_data(api: Client, roots: tuple[Path, Path]) -> None:
    chest = roots[0] / "chest"
    found = listed(api, chest)
    assert [(one["kind"], one["name"]) for one in found["entries"]] == [
        ("folder", "ill"),
        ("file", "TABLE.CSV"),
        ("file", "scans.zip"),
    ]
    assert (found["path"], found["parent"], found["others"]) == (str(chest), str(roots[0]), 2)
    assert found["entries"][0]["path"] == str(chest / "ill")
    assert listed(api, "chest")["path"] == str(chest)  # relative, as source_path may be
    assert listed(api, roots[0])["parent"] == ""


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("{outside}", "lies outside the data roots"),
        ("/etc", "lies outside the data roots"),
        ("{one}/../outside", "contains '..'"),
        ("{one}/away", "a link that leads outside"),
        ("{one}/nothing", "does not exist"),
        ("{one}/chest/scans.zip", "is a file; give the folder"),
        ("{one}/" + "x" * 300, "cannot be opened"),
    ],
)
def test_no_path_leaves_the_roots(api: Client, roots: tuple[Path, Path], path: str, told: str) -> None:
    outside = roots[0].parent / "outside"
    (roots[0] / "away").symlink_to(outside)
    answer = api.get(URL, {"path": path.format(one=roots[0], outside=outside)})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == "path"
    assert told in error["message"]
    assert "secret" not in answer.content.decode()


def test_links_are_listed_where_they_stay_inside(api: Client, roots: tuple[Path, Path]) -> None:
    (roots[1] / "in").symlink_to(roots[0] / "chest")
    (roots[1] / "out").symlink_to(roots[0].parent / "outside")
    (roots[1] / "out.csv").symlink_to(roots[0].parent / "outside" / "secret.csv")
    (roots[1] / "broken.zip").symlink_to(roots[1] / "gone")
    (roots[1] / "loop").symlink_to(roots[1] / "loop")
    found = listed(api, roots[1])
    assert ([one["name"] for one in found["entries"]], found["others"]) == (["in"], 4)
    assert listed(api, found["entries"][0]["path"])["path"] == str(roots[0] / "chest")


def test_a_large_folder_is_cut(api: Client, roots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_listing, "MOST_SHOWN", 3)
    monkeypatch.setattr(root_listing, "MOST_READ", 8)
    for number in range(5):
        (roots[1] / f"{number}.csv").write_bytes(b"")
    found = listed(api, roots[1])
    assert ([one["name"] for one in found["entries"]], found["is_cut"]) == (["0.csv", "1.csv", "2.csv"], True)
    for number in range(20):
        (roots[1] / f"{number}.png").write_bytes(b"")
    found = listed(api, roots[1])
    assert found["is_cut"]
    assert len(found["entries"]) + found["others"] <= 8


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
def test_a_folder_without_permission_is_said_to_be_closed(api: Client, roots: tuple[Path, Path]) -> None:
    (roots[1] / "closed").mkdir(mode=0)
    answer = api.get(URL, {"path": str(roots[1] / "closed")})
    assert (answer.status_code, "cannot be opened" in answer.content.decode()) == (400, True)


def test_names_that_are_no_text_are_counted_alone(api: Client, roots: tuple[Path, Path]) -> None:
    Path(os.fsdecode(os.fsencode(roots[1]) + b"/\xff")).mkdir()
    found = listed(api, roots[1])
    assert (found["entries"], found["others"]) == ([], 1)


def test_a_stranger_sees_nothing_and_a_wrong_parameter_is_named(api: Client, roots: tuple[Path, Path]) -> None:
    assert Client().get(URL).status_code == 401
    answer = api.get(URL, {"folder": str(roots[0])})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "folder")


def test_without_roots_there_is_nothing(api: Client, settings: Settings) -> None:
    settings.LIVETRAIN_DATA_ROOTS = []
    assert listed(api)["entries"] == []
    assert api.get(URL, {"path": "chest"}).status_code == 400
