"""Folders of the data roots as data sets: registered, listed, checked again, forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from access.models import Project
from experiments.datasets import lookup
from experiments.models import Dataset, Preflight
from experiments.training.data.images import cache_headers, cache_space
from runs import lifecycle
from runs.models import Run
from tests.experiments.datasets.requests import (
    API,
    answer,
    check_all,
    errors,
    opened,
    post,
    registered,
    state_of,
    uploaded,
)
from tests.experiments.training.datasets import with_class_folders, with_csv, zipped
from tests.experiments.training.readings import QUESTIONS, class_folders
from tests.realtime.writing import CONFIG
from tests.tokens import new_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lungs(root: Path) -> Path:
    return with_csv(root / "Lungs")


def run_on(name: str, owner: User, **columns: Any) -> Run:
    return lifecycle.create(owner, CONFIG | {"source_path": f"dataset:{name}"}, **columns)


def test_a_folder_is_registered_and_checked(api: Client, lungs: Path) -> None:
    dataset = registered(api, lungs)
    assert (dataset["name"], dataset["kind"], dataset["state"]) == ("lungs", "folder", "waiting")
    assert dataset["path"] == str(lungs)
    assert dataset["content_hash"] is None
    check_all()
    dataset = answer(api.get(dataset["links"]["self"]), 200)
    assert (dataset["state"], dataset["layout"], dataset["files"]) == ("ready", "directory", 11)
    assert [one["samples"] for one in dataset["classes"]] == [5, 5]


def test_a_checked_data_set_gets_a_pre_flight_report(api: Client, root: Path) -> None:
    with_csv(root / "many", {f"{number:03d}": number % 2 for number in range(60)})
    links = registered(api, "many")["links"]
    assert answer(api.get(links["self"]), 200)["preflight"] is None
    check_all()
    preflight = Preflight.objects.get()
    assert answer(api.get(links["self"]), 200)["preflight"] == {
        "id": preflight.pk, "status": "queued", "page": f"/preflights/{preflight.pk}/",
        "problem": None, "verdict": None, "findings": [], "classes": [], "counts": [], "reading": None,
    }  # fmt: skip
    assert (preflight.owner.username, preflight.config["source_path"]) == ("ada", "dataset:many")
    assert api.get(f"/preflights/{preflight.pk}/").status_code == 302  # a page of the browser's session
    answer(post(api, links["check"], {}), 202)
    check_all()
    assert Preflight.objects.count() == 2


def test_a_data_set_has_the_reading_of_its_report_and_counts_its_questions(api: Client, root: Path) -> None:
    with_csv(root / "many", {f"{number:03d}": number % 2 for number in range(60)})
    links = registered(api, "many")["links"]
    check_all()
    findings = [{"code": "any", "level": level, "text": "Words."} for level in ("confirm", "confirm", "warning")]
    reading = msgspec.to_builtins(class_folders(QUESTIONS))
    Preflight.objects.update(report={"verdict": "confirm", "findings": findings, "reading": reading})
    found = answer(api.get(links["self"]), 200)
    assert found["preflight"]["reading"] == reading
    assert {name: found["report"][name] for name in ("verdict", "blocks", "questions", "warnings")} == {
        "verdict": "confirm",
        "blocks": 0,
        "questions": 2,
        "warnings": 1,
    }


def test_data_that_default_options_do_not_suit_get_no_report(api: Client, lungs: Path) -> None:
    registered(api, lungs)  # ten samples, and batches are of 32
    check_all()
    assert state_of("lungs")[0] == "ready"
    assert not Preflight.objects.exists()


def test_a_path_relative_to_a_root_and_a_file_in_it(api: Client, root: Path) -> None:
    with_class_folders(root / "cats", {"cat": 4, "dog": 3})
    zipped(root / "cats")
    registered(api, "cats", name="pets")
    registered(api, "cats.zip")
    check_all()
    pets, cats = answer(api.get(API), 200)["results"][::-1]
    assert pets["content_hash"] == cats["content_hash"]
    assert pets["classes"] == cats["classes"] == [{"name": "cat", "samples": 4}, {"name": "dog", "samples": 3}]
    assert (pets["layout"], cats["layout"]) == ("directory", "zip")


@pytest.mark.parametrize(
    ("body", "field", "cure"),
    [
        ({}, "path", "required"),
        ({"path": "/etc"}, "path", "data roots"),
        ({"path": "../datasets"}, "path", "'..'"),
        ({"path": "missing"}, "path", "does not exist"),
        ({"path": "out"}, "path", "leads outside"),
        ({"path": "notes.txt"}, "path", ".parquet file"),
        ({"path": "Lungs", "name": "Big Lungs"}, "name", "Try 'big-lungs'"),
        ({"path": "Lungs", "kind": "folder"}, "kind", "possible are"),
    ],
)
def test_each_wrong_field_is_named(api: Client, lungs: Path, body: dict[str, Any], field: str, cure: str) -> None:
    root = lungs.parent
    (root / "notes.txt").touch()
    (root / "out").symlink_to("/etc")
    assert cure in errors(post(api, API, body))[field]
    assert not Dataset.objects.exists()


def test_without_data_roots_nothing_can_be_registered(api: Client, settings: Settings) -> None:
    settings.LIVETRAIN_DATA_ROOTS = []
    assert "LIVETRAIN_DATA_ROOTS" in errors(post(api, API, {"path": "x"}))["path"]


def test_nobody_without_a_login_sees_or_changes_anything(api: Client, client: Client, lungs: Path) -> None:
    links = registered(api, lungs)["links"]
    for url in (API, links["self"]):
        answer(client.get(url), 401)
    answer(post(client, API, {"path": "Lungs"}), 401)
    answer(post(client, links["check"], {}), 401)
    answer(client.delete(links["self"]), 401)
    assert Dataset.objects.count() == 1


def test_others_see_it_and_only_the_staff_may_change_it(api: Client, lungs: Path) -> None:
    links = registered(api, lungs)["links"]
    eve = User.objects.create_user("eve")
    other = Client(headers={"authorization": f"Token {new_token(eve)}"})
    assert answer(other.get(links["self"]), 200)["may_change"] is False
    assert "belongs to ada" in answer(other.delete(links["self"]), 403)["detail"]
    answer(post(other, links["check"], {}), 403)
    User.objects.filter(pk=eve.pk).update(is_staff=True)
    answer(other.delete(links["self"]), 204)


def test_an_unknown_name_is_404(api: Client) -> None:
    for call in (api.get, api.delete):
        answer(call(f"{API}none/"), 404)
    answer(post(api, f"{API}none/check/", {}), 404)


def test_pages_of_the_list(api: Client, root: Path) -> None:
    for number in range(5):
        with_csv(root / f"d{number}")
        registered(api, f"d{number}")
    first = answer(api.get(f"{API}?page_size=3"), 200)
    second = answer(api.get(first["next"]), 200)
    assert [one["name"] for one in first["results"] + second["results"]] == [f"d{number}" for number in range(5)]
    assert second["next"] is None
    assert "page_size" in errors(api.get(f"{API}?page_size=0"))
    assert "nam" in errors(api.get(f"{API}?nam=x"))


def test_links_are_the_addresses(api: Client, lungs: Path) -> None:
    links = registered(api, lungs)["links"]
    assert links == {
        "self": reverse("dataset-detail", args=["lungs"]),
        "check": reverse("dataset-check", args=["lungs"]),
        "samples": reverse("dataset-samples", args=["lungs"]),
        "features": reverse("dataset-features", args=["lungs"]),
        "page": reverse("dataset-page", args=["lungs"]),
    }
    upload = opened(api, "a.csv", 10)
    assert upload["links"] == {
        "self": reverse("upload-detail", args=[upload["id"]]),
        "dataset": reverse("dataset-detail", args=["a"]),
    }


def test_a_link_out_of_the_root_is_refused(api: Client, lungs: Path) -> None:
    (lungs / "passwd.png").symlink_to("/etc/passwd")
    registered(api, lungs)
    check_all()
    state, problem = state_of("lungs")
    assert state == "refused"
    assert "passwd.png is a link that leads outside" in (problem or "")


def test_a_refused_folder_can_be_mended_and_checked_again(api: Client, lungs: Path) -> None:
    (lungs / "passwd.png").symlink_to("/etc/passwd")
    links = registered(api, lungs)["links"]
    answer(post(api, links["check"], {}), 409)
    check_all()
    (lungs / "passwd.png").unlink()
    assert answer(post(api, links["check"], {}), 202)["state"] == "waiting"
    check_all()
    assert state_of("lungs") == ("ready", None)


def test_another_check_finds_the_new_version(api: Client, lungs: Path) -> None:
    links = registered(api, lungs)["links"]
    check_all()
    before = answer(api.get(links["self"]), 200)["content_hash"]
    (lungs / "labels.csv").write_text((lungs / "labels.csv").read_text().replace("000,0", "000,1"))
    answer(post(api, links["check"], {}), 202)
    check_all()
    after = answer(api.get(links["self"]), 200)
    assert after["content_hash"] != before
    assert [one["samples"] for one in after["classes"]] == [4, 6]


def test_a_broken_image_is_told_but_refuses_nothing(api: Client, lungs: Path) -> None:
    (lungs / "images" / "003.png").write_text("no image")
    registered(api, lungs)
    check_all()
    state, problem = state_of("lungs")
    assert state == "ready"
    assert "003.png" in (problem or "")


def test_a_folder_that_went_away_is_refused(api: Client, lungs: Path) -> None:
    registered(api, lungs)
    shutil.rmtree(lungs)
    check_all()
    state, problem = state_of("lungs")
    assert state == "refused"
    assert "no longer" in (problem or "")


def test_numbers_taken_for_classes_are_named(api: Client, root: Path) -> None:
    rows = "".join(f"{number},{number / 7}\n" for number in range(1500))
    (root / "t.csv").write_text(f"age,Target\n{rows}")
    registered(api, "t.csv")
    check_all()
    assert "1,500 different values" in (state_of("t")[1] or "")
    assert Dataset.objects.get().classes is None


def test_forgetting_a_folder_leaves_it_where_it_is(api: Client, lungs: Path) -> None:
    answer(api.delete(registered(api, lungs)["links"]["self"]), 204)
    assert not Dataset.objects.exists()
    assert len(list(lungs.rglob("*.png"))) == 10


def test_deleting_an_upload_frees_its_place(api: Client, lungs: Path, settings: Settings) -> None:
    links = uploaded(api, zipped(lungs))["links"]
    path = Dataset.objects.get().location
    decoded = settings.DATASETS_ROOT / cache_space.FOLDER / "k.pixels"
    decoded.parent.mkdir(exist_ok=True)
    decoded.write_bytes(cache_headers.header((1, 1, 8, 8), str(path)) + bytes(64))
    answer(api.delete(links["self"]), 204)
    assert not path.parent.exists()
    assert not decoded.exists()


@pytest.mark.parametrize("status", Run.UNFINISHED)
def test_what_unfinished_runs_use_is_deleted_only_by_force(api: Client, user: User, lungs: Path, status: str) -> None:
    links = uploaded(api, zipped(lungs))["links"]
    path = Dataset.objects.get().location
    run = run_on("lungs", user)
    Run.objects.filter(pk=run.pk).update(status=status)
    assert f"run {run.pk}" in answer(api.delete(links["self"]), 409)["detail"]
    assert path.exists()
    assert "force" in errors(api.delete(f"{links['self']}?force=maybe"))
    answer(api.delete(f"{links['self']}?force=true"), 204)
    assert not path.exists()
    assert Run.objects.filter(pk=run.pk).exists()


def test_runs_of_other_projects_on_one_that_had_the_name_before_do_not_count(
    api: Client, user: User, lungs: Path
) -> None:
    links = registered(api, lungs)["links"]
    run = run_on("lungs", user)
    Run.objects.filter(pk=run.pk).update(project=Project.objects.create(name="Elsewhere"))
    answer(api.delete(links["self"]), 204)


def test_what_only_ended_runs_used_is_deleted(api: Client, user: User, lungs: Path) -> None:
    links = registered(api, lungs)["links"]
    run = run_on("lungs", user)
    run_on("lungs-2", user)
    lifecycle.cancel(run.pk, "Cancelled.")
    answer(api.delete(links["self"]), 204)


def test_runs_that_name_its_path_are_runs_on_it(api: Client, user: User, lungs: Path, root: Path) -> None:
    links = registered(api, lungs)["links"]
    (root / "Lungs-2").mkdir()
    paths = (
        str(lungs),
        f"{lungs}/",
        "Lungs",
        "Lungs/",
        "dataset:lungs",
        str(root / "Lungs-2"),
        "builtin:lungs",
        "/Lungs",
    )
    runs = [lifecycle.create(user, CONFIG | {"source_path": path}) for path in paths]
    detail = answer(api.get(links["self"]), 200)
    assert [run["run_id"] for run in detail["runs"]] == [run.pk for run in reversed(runs[:5])]
    assert detail["run_count"] == 5
    assert [lookup.name_of(run) for run in runs] == ["lungs"] * 5 + [""] * 3
    shutil.rmtree(lungs)
    assert [lookup.name_of(run) for run in runs] == ["lungs", "", "", "", "lungs", "", "", ""]  # where it was


def test_an_upload_is_no_place_that_a_run_names(api: Client, user: User, root: Path) -> None:
    Dataset.objects.create(name="scans", owner=user, kind="upload", path="Lungs", state="ready")
    assert lookup.name_of(Run(source_path="Lungs")) == ""
    assert lookup.name_of(Run(source_path="dataset:scans")) == "scans"
    assert answer(api.get("/api/datasets/scans/"), 200)["run_count"] == 0


def test_it_tells_who_trained_on_which_version(api: Client, user: User, lungs: Path) -> None:
    links = registered(api, lungs)["links"]
    check_all()
    version = Dataset.objects.get().content_hash
    old, new = run_on("lungs", user, dataset_hash="0" * 64), run_on("lungs", user, dataset_hash=version)
    run_on("lungs-2", user)
    detail = answer(api.get(links["self"]), 200)
    assert [(run["run_id"], run["same_version"]) for run in detail["runs"]] == [(new.pk, True), (old.pk, False)]
    assert detail["run_count"] == 2
