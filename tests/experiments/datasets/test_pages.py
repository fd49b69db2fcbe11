"""The data sets' pages as the server sends them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import resolve
from pytest_django.fixtures import Settings

from access.default_project import DEFAULT_PROJECT
from access.models import Membership, Project
from access.roles import Role
from experiments.datasets.queries import visible_datasets
from experiments.datasets.serializers import dataset_detail
from experiments.models import Dataset
from tests.realtime.test_pages import Page

pytestmark = pytest.mark.django_db
HOSTILE = '</script><script>alert("x")</script> & <b onclick=x>'


@pytest.fixture
def dataset(user: User) -> Dataset:
    return Dataset.objects.create(
        name="lungs",
        kind=Dataset.Kind.FOLDER,
        path=f"/data/{HOSTILE}",
        owner=user,
        state=Dataset.State.READY,
        content_hash="0" * 64,
        classes=[[HOSTILE, 3], ["b", 4]],
        problem=HOSTILE,
    )


@pytest.fixture
def pages(browser_session: Client, dataset: Dataset) -> list[Page]:
    return [Page(browser_session.get("/datasets/")), Page(browser_session.get("/datasets/lungs/"))]


def test_nothing_is_inline_and_everything_is_there(pages: list[Page]) -> None:
    for page in pages:
        assert page.inline_scripts == []
        assert page.named("style") == []
        assert page.attributes("style") == []
        assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
        for address in page.attributes("src") + page.attributes("href"):
            if address.startswith("/static/"):
                assert finders.find(address.removeprefix("/static/")), address
            elif address.startswith("/"):
                resolve(address.partition("?")[0])


def test_the_page_carries_the_data_set_and_no_markup_from_it(
    browser_session: Client, pages: list[Page], dataset: Dataset, user: User
) -> None:
    html = browser_session.get("/datasets/lungs/").content.decode()
    found = re.search(r'<script id="dataset-detail" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    assert json.loads(found[1]) == dataset_detail(visible_datasets(user).get(), user)
    assert pages[1].named("b") == []
    assert '"source_path": "dataset:lungs"' in pages[1].text


def test_pages_need_a_login_and_are_only_read(client: Client, browser_session: Client, dataset: Dataset) -> None:
    for path in ("/datasets/", "/datasets/lungs/"):
        assert client.get(path).headers["Location"].startswith("/login/")
        assert browser_session.post(path).status_code == 405
        assert "no-store" in browser_session.get(path)["Cache-Control"]
    assert browser_session.get("/datasets/none/").status_code == 404


def test_every_page_leads_to_them(browser_session: Client) -> None:
    assert "/datasets/" in Page(browser_session.get("/")).attributes("href")


def test_the_list_says_where_folders_may_lie(browser_session: Client, settings: Settings, root: Path) -> None:
    assert str(root) in browser_session.get("/datasets/").content.decode()
    settings.LIVETRAIN_DATA_ROOTS = []
    text = browser_session.get("/datasets/").content.decode()
    assert "LIVETRAIN_DATA_ROOTS" in text
    assert 'id="register-form"' not in text


def test_the_forms_ask_for_the_project_where_there_are_several(browser_session: Client, user: User, root: Path) -> None:
    page = Page(browser_session.get("/datasets/"))
    assert "Default" not in page.text
    assert "upload-project" not in page.attributes("id")
    Membership.objects.create(project=Project.objects.create(name="Heart & lungs"), user=user, role=Role.TRAINER)
    Membership.objects.create(project=Project.objects.create(name="Seen alone"), user=user, role=Role.VIEWER)
    html = browser_session.get("/datasets/").content.decode()
    for form in ("upload", "register"):
        [options] = re.findall(rf'<select id="{form}-project" required>(.*?)</select>', html, re.DOTALL)
        assert re.findall(r"<option( selected)?>(.*?)</option>", options) == [
            (" selected", "Default"),
            ("", "Heart &amp; lungs"),
        ]
    Membership.objects.filter(project=DEFAULT_PROJECT).delete()
    Membership.objects.filter(user=user).update(role=Role.TRAINER)
    html = browser_session.get("/datasets/").content.decode()
    assert html.count('<option value="">Choose …</option>') == 2, "nothing goes without saying"


def test_who_trains_nowhere_is_told_whom_to_ask(
    browser_session: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.datasets.inspections.warm_up", lambda: None)
    assert "You are trainer of none" not in Page(browser_session.get("/new/")).text
    Membership.objects.filter(user=user).update(role=Role.VIEWER)
    page = Page(browser_session.get("/datasets/"))
    assert "You are trainer of none" in page.text
    assert "You are trainer of none" in Page(browser_session.get("/new/")).text
    assert '<div class="ways" hidden>' in browser_session.get("/datasets/").content.decode()
