"""The pages as the server sends them: to whom, under which policy, with what in them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from experiments.models import Dataset
from realtime.login import login_link
from realtime.urls import urlpatterns
from runs import lifecycle
from runs.groups import statistics
from runs.groups.serializers import group_detail
from runs.models import Run, RunGroup
from runs.serializers import run_detail

HOSTILE_NAME = '</script><script>alert("x")</script> & <b onclick=x>'
CONFIG = {
    "experiment_name": HOSTILE_NAME,
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 10},
    "callbacks": {"monitor": "val_auroc", "mode": "max"},
    "seed": 42,
}


class Page(HTMLParser):
    """What a document holds, as far as a policy or a reader cares."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline_scripts: list[str] = []
        self._inside = ""
        self.text = ""
        self.feed(b"".join(response).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        executable = tag == "script" and dict(attrs).get("type") != "application/json"
        self._inside = "script" if executable else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._inside == "script" and data.strip():
            self.inline_scripts.append(data)

    def attributes(self, name: str) -> list[str]:
        return [value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def run(user: User) -> Run:
    return Run.objects.get(pk=lifecycle.create(user, CONFIG).pk)


@pytest.fixture
def group(user: User) -> RunGroup:
    """With two queued folds."""
    group = RunGroup.objects.create(name=HOSTILE_NAME, owner=user, config=CONFIG, size=2)
    for fold in (1, 2):
        lifecycle.create(user, {**CONFIG, "data": {"folds": 2, "fold": fold}}, group=group)
    return group


@pytest.fixture
def pages(browser_session: Client, run: Run, group: RunGroup) -> dict[str, Page]:
    """Every kind of page; the login pages as a stranger sees them."""
    dead_link = f"{login_link(run.owner)[:-1]}x/"
    stranger = Client()
    return {
        "list": Page(browser_session.get("/")),
        "run": Page(browser_session.get(f"/runs/{run.pk}/")),
        "group": Page(browser_session.get(f"/groups/{group.pk}/")),
        "label errors": Page(browser_session.get(f"/label-errors/?group={group.pk}")),
        "missing": Page(browser_session.get(f"/runs/{run.pk + 1}/")),
        "login": Page(stranger.get("/login/")),
        "wrong": Page(stranger.post("/login/", {"username": HOSTILE_NAME, "password": "x"})),
        "dead": Page(stranger.get(dead_link)),
        "link": Page(stranger.get(login_link(run.owner))),
        "link of another": Page(browser_session.get(login_link(User.objects.create_user(HOSTILE_NAME)))),
    }


def test_every_page_needs_a_login_and_is_only_read(browser_session: Client, run: Run, group: RunGroup) -> None:
    numbers = {"run_id": run.pk, "group_id": group.pk}
    asked = [one for one in urlpatterns if not str(one.pattern).startswith(("login", "logout", "logged-out"))]
    assert len(asked) >= 6
    for one in asked:
        path = reverse(one.name, kwargs={name: numbers[name] for name in one.pattern.converters})
        answer = Client().get(path)
        assert (answer.status_code, answer.get("Location", "")[:7]) == (302, "/login/"), path
        assert browser_session.post(path).status_code == 405, path
        assert "no-store" in browser_session.get(path)["Cache-Control"], path


def test_nothing_is_inline(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert page.inline_scripts == [], name
        assert page.named("style") == [], name
        assert page.attributes("style") == [], name
        handlers = [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
        assert handlers == [], name


def test_the_policy_allows_nothing_inline_and_nothing_foreign(
    browser_session: Client, run: Run, group: RunGroup
) -> None:
    for path in ("/", f"/runs/{run.pk}/", f"/groups/{group.pk}/", "/login/once/a/b/"):
        policy = browser_session.get(path)["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "http" not in policy
        directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert directives["default-src"] == "'none'"
        assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
        assert directives["frame-ancestors"] == "'none'"


def test_everything_a_page_loads_is_there(pages: dict[str, Page]) -> None:
    for page in pages.values():
        loaded = [value for name in ("src", "href") for value in page.attributes(name) if value.startswith("/static/")]
        assert loaded
        for address in loaded:
            assert finders.find(address.removeprefix("/static/")), address


def test_every_link_of_the_pages_leads_somewhere(pages: dict[str, Page]) -> None:
    for page in pages.values():
        for link in page.attributes("href") + page.attributes("action"):
            if link.startswith("/") and not link.startswith("/static/"):
                resolve(urlsplit(link).path)


def test_the_run_page_carries_the_run_and_no_markup_from_its_name(
    browser_session: Client, pages: dict[str, Page], run: Run
) -> None:
    html = browser_session.get(f"/runs/{run.pk}/").content.decode()
    found = re.search(r'<script id="run-detail" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    assert json.loads(found[1]) == json.loads(json.dumps(run_detail(run)))
    assert HOSTILE_NAME in pages["run"].text
    assert pages["run"].named("b") == []
    assert f"/api/runs/{run.pk}/" in pages["run"].attributes("href")


def test_the_run_page_says_whose_run_it_is_and_on_which_data_set(
    browser_session: Client, user: User, pages: dict[str, Page], run: Run
) -> None:
    assert f"By {run.owner.username}" in pages["run"].text
    assert "Data set " not in pages["run"].text
    on_data_set = lifecycle.create(user, {**CONFIG, "source_path": "dataset:chest-2"})
    page = Page(browser_session.get(f"/runs/{on_data_set.pk}/"))
    assert "Data set chest-2" in page.text
    assert "/datasets/chest-2/" in page.attributes("href")
    Dataset.objects.create(name="by-path", owner=user, kind="folder", path="/data/lungs", state="ready")
    by_path = Page(browser_session.get(f"/runs/{lifecycle.create(user, {**CONFIG, 'source_path': '/data/lungs'}).pk}/"))
    assert "/datasets/by-path/" in by_path.attributes("href")
    for other in ("dataset:", "dataset:../x", "/data/dataset:x", "/data/lungs/2"):
        found = Page(browser_session.get(f"/runs/{lifecycle.create(user, {**CONFIG, 'source_path': other}).pk}/"))
        assert not [link for link in found.attributes("href") if link.startswith("/datasets/") and link != "/datasets/"]


def test_a_long_name_is_whole_in_the_title_of_its_heading(browser_session: Client, user: User) -> None:
    name = "lungs " * 25
    run = lifecycle.create(user, {**CONFIG, "experiment_name": name.strip()})
    page = Page(browser_session.get(f"/runs/{run.pk}/"))
    assert page.named("h1") == [{"title": name.strip()}]


def test_a_run_that_does_not_exist_is_not_found(browser_session: Client, run: Run) -> None:
    response = browser_session.get(f"/runs/{run.pk + 1}/")
    assert response.status_code == 404
    assert b"All runs" in response.content


def test_the_page_of_a_deleted_run_offers_the_way_back_to_whoever_may_take_it(
    browser_session: Client, user: User, run: Run
) -> None:
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now(), deleted_by=user)
    response = browser_session.get(f"/runs/{run.pk}/")
    assert response.status_code == 410
    page = Page(response)
    assert HOSTILE_NAME in page.text
    assert f"by {user}" in page.text
    assert page.named("b") == []
    assert page.attributes("data-run") == [str(run.pk)]
    long_ago = timezone.now() - timedelta(days=settings.UNDO_DAYS, seconds=1)
    Run.objects.filter(pk=run.pk).update(deleted_at=long_ago)
    page = Page(browser_session.get(f"/runs/{run.pk}/"))
    assert page.attributes("data-run") == []
    assert "removed permanently" in page.text
    eve = Client()
    eve.force_login(User.objects.create_user("eve"))
    assert eve.get(f"/runs/{run.pk}/").status_code == 404


def test_pages_are_kept_in_no_cache(browser_session: Client, run: Run, group: RunGroup) -> None:
    for path in ("/", f"/runs/{run.pk}/", f"/groups/{group.pk}/"):
        assert "no-store" in browser_session.get(path)["Cache-Control"]


def test_pages_are_only_read(browser_session: Client, run: Run, group: RunGroup) -> None:
    for path in ("/", f"/runs/{run.pk}/", f"/groups/{group.pk}/"):
        assert browser_session.post(path).status_code == 405


def test_the_group_page_carries_the_group_and_no_markup_from_its_name(
    browser_session: Client, pages: dict[str, Page], group: RunGroup
) -> None:
    html = browser_session.get(f"/groups/{group.pk}/").content.decode()
    found = re.search(r'<script id="group-detail" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    assert json.loads(found[1]) == json.loads(json.dumps(group_detail(statistics.report(group))))
    assert HOSTILE_NAME in pages["group"].text
    assert pages["group"].named("b") == []


def test_a_fold_leads_to_its_group(browser_session: Client, group: RunGroup) -> None:
    second = group.runs.get(fold=2)
    page = Page(browser_session.get(f"/runs/{second.pk}/"))
    assert "fold 2 of 2 of" in page.text
    assert f"/groups/{group.pk}/" in page.attributes("href")


def test_a_fold_without_a_group_says_so(browser_session: Client, user: User) -> None:
    run = lifecycle.create(user, {**CONFIG, "data": {"folds": 5, "fold": 3}})
    page = Page(browser_session.get(f"/runs/{run.pk}/"))
    assert "fold 3 of 5" in page.text
    assert not any(link.startswith("/groups/") for link in page.attributes("href"))


def test_a_group_that_does_not_exist_is_not_found(browser_session: Client, group: RunGroup) -> None:
    assert browser_session.get(f"/groups/{group.pk + 1}/").status_code == 404


def test_the_list_leaves_the_query_string_to_its_script(browser_session: Client, run: Run) -> None:
    """Nothing of an address comes back as markup, and the script knows which runs are newer than the page."""
    page = browser_session.get("/", {"search": HOSTILE_NAME, "ordering": "<b>"}).content.decode()
    assert "alert(" not in page
    assert "<b>" not in page
    assert f'data-newest="{run.pk}"' in page


def test_the_empty_list_says_how_to_start_a_run(browser_session: Client) -> None:
    text = browser_session.get("/").content.decode()
    assert "curl http://testserver/api/experiments/centralized/train" in text
    assert ".venv/bin/python manage.py apitoken ada" in text


def test_only_staff_are_shown_the_admin(browser_session: Client, user: User, run: Run, group: RunGroup) -> None:
    paths = ("/", f"/runs/{run.pk}/", f"/groups/{group.pk}/")
    assert not any(b"/admin/" in browser_session.get(path).content for path in paths)
    user.is_staff = user.is_superuser = True
    user.save()
    assert all(b"/admin/" in browser_session.get(path).content for path in paths)
    assert f"/admin/runs/run/{run.pk}/change/".encode() in browser_session.get(paths[1]).content
    assert f"/admin/runs/rungroup/{group.pk}/change/".encode() in browser_session.get(paths[2]).content


def test_chart_library_is_pinned_by_content_without_addresses() -> None:
    """The lock file says what is installed, and leaves where it comes from to the registry of the machine."""
    lock = json.loads((Path(settings.BASE_DIR) / "package-lock.json").read_text())
    package = lock["packages"]["node_modules/uplot"]
    assert package["version"] == lock["packages"][""]["dependencies"]["uplot"]
    assert package["integrity"].startswith("sha512-")
    assert "resolved" not in package
