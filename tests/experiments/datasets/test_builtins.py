"""The data sets that come with the server, looked at as any other: pages, pictures and tables by real processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from sklearn.datasets import load_breast_cancer, load_digits

from experiments.models import Dataset
from experiments.training.data.files.catalogue import BUILTINS
from runs import lifecycle
from tests.experiments.datasets.requests import API, answer, check_all, errors, registered
from tests.experiments.datasets.test_samples import image_of
from tests.experiments.training.datasets import write_csv
from tests.realtime.test_pages import Page
from tests.realtime.writing import CONFIG

pytestmark = pytest.mark.django_db
DIGITS, CANCER = f"{API}builtin:digits-is-8/", f"{API}builtin:breast-cancer/"


def test_pictures_of_digits_are_scikit_learns(api: Client) -> None:
    digits = load_digits()
    found = answer(api.get(f"{DIGITS}samples/", {"by": "class"}), 200)
    assert found["problem"] is None
    assert [one["class"] for one in found["results"]] == ["not 8"] * 12 + ["8"] * 12
    of_class = [np.flatnonzero(digits.target != 8)[:12], np.flatnonzero(digits.target == 8)[:12]]
    assert [one["number"] for one in found["results"]] == np.concatenate(of_class).tolist()
    for one in found["results"]:
        pixels = np.asarray(image_of(api, one["image"]))
        assert np.array_equal(pixels, np.round(digits.images[one["number"]] * 255 / 16))
    assert errors(api.get(f"{DIGITS}samples/", {"class": "7"})) == {"class": "'digits-is-8' has no class '7'."}


def test_features_of_the_table(api: Client, new_interpreters: None) -> None:
    cancer = load_breast_cancer()
    found = answer(api.get(f"{CANCER}features/"), 200)
    benign = found["features"][3]["groups"][1]
    values = cancer.data[cancer.target == 1, 3]
    assert (found["features"][3]["name"], benign["label"], benign["known"]) == ("mean area", "benign", 357)
    assert benign["mean"] == pytest.approx(values.mean())
    assert benign["spread"] == pytest.approx(values.std(ddof=1))


def test_features_of_a_given_table(api: Client, root: Path) -> None:
    rows = [[number, "xy"[number % 2], number % 2] for number in range(40)]
    write_csv(root / "t.csv", rows, header=("size", "colour", "Target"))
    name = registered(api, root / "t.csv")["name"]
    assert "when it is ready" in answer(api.get(f"{API}{name}/features/"), 409)["detail"]
    check_all()
    found = answer(api.get(f"{API}{name}/features/"), 200)
    assert [one["name"] for one in found["features"]] == ["size", "colour"]
    assert [one["mean"] for one in found["features"][0]["groups"]] == [19.5, 19.0, 20.0]
    assert found["features"][1]["groups"][2]["frequent"] == "y"


def test_it_is_described_like_any_data_set_and_cannot_be_changed(api: Client, user: User) -> None:
    run = lifecycle.create(user, CONFIG | {"source_path": "builtin:digits-is-8"})
    dataset = Dataset.objects.create(name="d", kind=Dataset.Kind.FOLDER, path="/data/d", owner=user, state="ready")
    found = answer(api.get(DIGITS), 200)
    given = answer(api.get(f"{API}{dataset.name}/"), 200)
    assert set(given) - set(found) == set()
    assert (found["state"], found["may_change"], found["run_count"]) == ("ready", False, 1)
    assert (found["runs"][0]["run_id"], found["runs"][0]["same_version"]) == (run.pk, True)
    assert {one["name"]: one["samples"] for one in found["classes"]} == {"not 8": 1623, "8": 174}
    for method in (api.delete, api.post, api.patch):
        assert method(DIGITS).status_code == 405
    assert "breast-cancer" in answer(api.get(f"{API}builtin:mnist/"), 404)["detail"]
    assert answer(api.get(f"{API}builtin:mnist/samples/"), 404)


def test_nothing_without_login(client: Client) -> None:
    for end in ("", "samples/", "samples/0/image/", "features/"):
        assert client.get(DIGITS + end).status_code == 401
    assert client.get("/datasets/builtin:digits-is-8/").status_code == 302


def test_pages_of_all_that_is_built_in(browser_session: Client) -> None:
    listed = Page(browser_session.get("/datasets/"))
    for name in BUILTINS:
        address = f"/datasets/builtin:{name}/"
        assert address in listed.attributes("href")
        page = Page(browser_session.get(address))
        assert page.inline_scripts == []
        assert f"/new/?dataset=builtin%3A{name}" in page.attributes("href")
        assert f"/api{address}" in page.attributes("href")
    assert browser_session.get("/datasets/builtin:mnist/").status_code == 404
