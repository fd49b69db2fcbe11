"""Projects through the API: where new things belong, what may be used, which lists and numbers tell what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from access.default_project import DEFAULT_PROJECT
from access.models import Membership, Project
from accounts.scopes import Scope
from experiments.datasets import lookup
from experiments.datasets.lookup import Inspected, Place
from experiments.models import Dataset, Preflight
from experiments.training.contract.source_errors import SourceError
from runs import queries
from runs.derived_models import ListedRun
from runs.models import Run, RunGroup
from tests.access.people import MARK, World, add_run, make_world
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
TRAIN = "/api/experiments/centralized/train"
REQUEST = {"experiment_name": "x", "source_path": "builtin:breast-cancer"}


@pytest.fixture
def world(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.DEFAULT_ROLE = ""
    settings.DATASETS_ROOT = tmp_path / "datasets"
    (tmp_path / "data" / "lungs").mkdir(parents=True)
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    found = Inspected(Place("builtin:breast-cancer", []), decided=False)
    monkeypatch.setattr(lookup, "inspect", lambda *_args, **_options: found)
    return make_world()


def logged_in(world: World, kind: str) -> Client:
    client = Client()
    client.force_login(world.users[kind])
    return client


def post(client: Client, path: str, status: int, /, **body: Any) -> Any:
    answer = client.post(path, body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def train(client: Client, **more: Any) -> Run:
    return Run.objects.get(pk=post(client, TRAIN, 202, **REQUEST, **more)["run_id"])


def second(world: World, kind: str, role: str = "trainer", name: str = "Second") -> Project:
    project = Project.objects.get_or_create(name=name)[0]
    Membership.objects.create(project=project, user=world.users[kind], role=role)
    return project


def test_without_a_word_new_things_go_into_the_only_project(world: World) -> None:
    client = logged_in(world, "trainer")
    assert train(client).project == world.project
    second(world, "trainer", "viewer")
    assert train(client).project == world.project, "where one only looks, nothing can go"
    path = {"path": "lungs"}
    assert post(client, "/api/datasets/", 201, **path)["project"] == world.project.name
    upload = post(client, "/api/datasets/uploads/", 201, filename="a.zip", size=5, name="new")
    assert Dataset.objects.get(upload=upload["upload_id" if "upload_id" in upload else "id"]).project == world.project
    post(client, f"{TRAIN}?dry_run=true&wait=0", 202, **REQUEST)
    assert Preflight.objects.latest("pk").project == world.project


def test_of_several_projects_default_is_taken_else_one_must_be_named(world: World) -> None:
    client = logged_in(world, "trainer")
    other = second(world, "trainer")
    errors = post(client, TRAIN, 400, **REQUEST)["errors"]
    assert errors[0]["field"] == "project"
    assert errors[0]["message"] == f"Say in which project; choose from {other.name}, {world.project.name}."
    for named in (other.name, other.pk, str(other.pk)):
        assert train(client, project=named).project == other
    Membership.objects.create(project_id=DEFAULT_PROJECT, user=world.users["trainer"], role="trainer")
    assert train(client).project_id == DEFAULT_PROJECT
    assert train(logged_in(world, "staff")).project_id == DEFAULT_PROJECT


@pytest.mark.parametrize("named", ["Hidden", "no such", "", "99999999999999999999", -1, 0])
def test_a_project_that_is_not_seen_is_as_one_that_is_not_there(world: World, named: object) -> None:
    Project.objects.create(name="Hidden")
    found = post(logged_in(world, "trainer"), TRAIN, 400, **REQUEST, project=named)["errors"][0]
    assert found["field"] == "project"
    assert "Hidden" not in found["message"].replace("'Hidden'", "")
    assert not Run.objects.filter(experiment_name="x").exists()


@pytest.mark.parametrize("named", [True, 1.5, ["x"], {"id": 1}, "x" * 101])
def test_what_names_no_project_is_refused_in_words(world: World, named: object) -> None:
    for path, body in ((TRAIN, REQUEST), ("/api/datasets/", {"path": "lungs"})):
        found = post(logged_in(world, "superuser"), path, 400, **body, project=named)["errors"][0]
        assert found["field"] == "project", found


def test_a_viewer_is_told_whom_to_ask(world: World) -> None:
    viewer = logged_in(world, "viewer")
    assert "You may train in no project" in post(viewer, TRAIN, 403, **REQUEST)["detail"]
    second(world, "viewer")
    detail = post(viewer, TRAIN, 403, **REQUEST, project=world.project.name)["detail"]
    assert detail == f"You are no trainer of the project {world.project.name!r}: ask one of its admins."


def test_folds_and_copies_stay_in_the_project(world: World) -> None:
    client = logged_in(world, "owner")
    second(world, "owner")
    first = train(client, project=world.project.name, data={"folds": 3})
    assert first.group is not None
    assert first.group.project == world.project
    assert set(first.group.runs.values_list("project_id", flat=True)) == {world.project.pk}
    copies = [post(client, f"/api/runs/{world.run.pk}/{how}/", 202) for how in ("retry", "clone")]
    assert {Run.objects.get(pk=copy["run_id"]).project for copy in copies} == {world.project}
    moved = post(client, f"/api/runs/{world.run.pk}/clone/", 202, project="Second")
    assert Run.objects.get(pk=moved["run_id"]).project.name == "Second"


def test_a_key_stands_for_runs_of_one_project(world: World) -> None:
    client, other = logged_in(world, "owner"), second(world, "owner")
    client.defaults["HTTP_IDEMPOTENCY_KEY"] = "once"
    first = train(client, project=world.project.pk)
    assert train(client, project=world.project.name) == first
    assert "of another project" in post(client, TRAIN, 409, **REQUEST, project=other.pk)["detail"]


def test_a_run_uses_data_sets_of_its_own_project(world: World) -> None:
    message = f"There is no data set '{world.dataset.name}' in the project 'Default', and a run uses only those"
    with pytest.raises(SourceError, match=message):
        lookup.locate(world.dataset.source_path, DEFAULT_PROJECT)
    with pytest.raises(SourceError, match="no longer where they were"):
        lookup.locate(world.dataset.source_path, world.project.pk)
    run = add_run(
        world.users["owner"], Project.objects.get(pk=DEFAULT_PROJECT), world.run.config | {"source_path": "dataset:x"}
    )
    with pytest.raises(SourceError, match="in the project 'Default'"):
        lookup.locate_for(run)


def test_lists_are_filtered_by_project_and_show_it(world: World) -> None:
    client, other = logged_in(world, "viewer"), second(world, "viewer", "viewer")
    there = add_run(world.users["owner"], other, world.run.config)
    hidden = add_run(world.users["owner"], Project.objects.create(name="Hidden"), world.run.config)

    def listed(**asked: Any) -> set[int]:
        rows = client.get("/api/runs/", asked).json()["results"]
        return {row["id"] for row in rows}

    own = {world.run.pk, world.other.pk, world.queued.pk}
    assert listed() == own | {there.pk}
    assert listed(project="Second") == listed(project=str(other.pk)) == {there.pk}
    assert listed(project=f"Second,{world.project.name}") == own | {there.pk}
    assert listed(project="Hidden") == listed(project=str(hidden.project_id)) == listed(project="none") == set()
    facet = client.get("/api/runs/facets/").json()["project"]
    assert facet == [{"value": world.project.name, "count": 3}, {"value": "Second", "count": 1}]
    rows = client.get("/api/runs/", {"ordering": "project"}).json()["results"]
    assert [row["project"] for row in rows] == ["Second", *[world.project.name] * 3]
    assert client.get(f"/api/runs/{there.pk}/").json()["project_id"] == other.pk
    names = client.get("/api/datasets/", {"project": world.project.name}).json()["results"]
    assert {row["project"] for row in names} == {world.project.name}
    assert client.get("/api/datasets/", {"project": "Second"}).json()["results"] == []


def test_pages_of_several_projects_are_merged_in_order(world: World) -> None:
    client, other = logged_in(world, "viewer"), second(world, "viewer", "viewer")
    hidden = Project.objects.create(name="Hidden")
    made = [
        add_run(world.users["owner"], (world.project, other, hidden)[number % 3], world.run.config)
        for number in range(21)
    ]
    seen = sorted(
        [world.run.pk, world.other.pk, world.queued.pk, *(run.pk for run in made if run.project_id != hidden.pk)]
    )
    for ordering, expected in (("-id", seen[::-1]), ("id", seen)):
        forwards, pages, url = [], [], f"/api/runs/?page_size=4&ordering={ordering}"
        while url:
            page = client.get(url).json()
            forwards += [row["id"] for row in page["results"]]
            pages.append(page)
            url = page["next"]
        assert forwards == expected
        back = client.get(pages[-1]["previous"]).json()["results"]
        assert [row["id"] for row in back] == [row["id"] for row in pages[-2]["results"]]
    assert queries.newest_run_ids(world.users["viewer"], 5) == seen[:-6:-1]
    assert queries.newest_run_id(world.users["viewer"]) == seen[-1]
    assert queries.newest_run_id(world.users["stranger"]) == 0


def test_the_queue_counts_runs_of_others_and_names_none(world: World) -> None:
    training = add_run(world.users["owner"], world.project, world.run.config, status="in_progress", worker="w:1 GPU 0")
    stranger, viewer = logged_in(world, "stranger"), logged_in(world, "viewer")
    for client, numbers in ((stranger, []), (viewer, [world.queued.pk])):
        found = client.get("/api/queue/").json()
        assert (found["queued"], found["running"]) == (1, 1)
        assert [row["run_id"] for row in found["runs"]] == numbers
        gpus = client.get("/api/queue/gpus/").json()["gpus"]
        assert [gpu["busy"] for gpu in gpus] == [True]
        assert [gpu["runs"] for gpu in gpus] == [[training.pk] if numbers else []]
        page = client.get("/queue/").content.decode()
        assert (MARK in page) is bool(numbers)
    absent = {client: client.get("/api/queue/").json()["absent_workers"] for client in (stranger, viewer)}
    assert [len(found) for found in absent.values()] == [0, 1]


def test_a_run_behind_one_that_is_not_seen_is_not_told_whose_that_is(world: World) -> None:
    lin = second(world, "stranger")
    mine = add_run(world.users["stranger"], lin, world.run.config, status="queued")
    told = post(logged_in(world, "stranger"), f"/api/runs/{mine.pk}/move/", 403, to="front")["detail"]
    assert told == f"The run before it is not yours; only staff may move run {mine.pk} past it."


def test_a_run_that_is_lost_from_sight_during_a_wait_is_not_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Watch:
        async def wait_for_growth(self, *_asked: object) -> None:
            await Membership.objects.filter(user=world.users["viewer"]).adelete()

    monkeypatch.setattr("runs.api.views.journal_watch", Watch)
    run = add_run(world.users["owner"], world.project, world.run.config, status="in_progress")
    client = logged_in(world, "viewer")
    assert client.get(f"/api/runs/{run.pk}/events/").status_code == 200
    assert client.get(f"/api/runs/{run.pk}/events/", {"wait": 5}).status_code == 404


def test_deleted_runs_are_restored_by_those_who_may_change_them(world: World) -> None:
    assert queries.deleted_runs(world.users["owner"]).get() == world.deleted
    assert queries.deleted_runs(world.users["admin"]).get() == world.deleted
    for kind in ("stranger", "viewer", "trainer"):
        assert not queries.deleted_runs(world.users[kind]).exists()
    Membership.objects.filter(user=world.users["owner"]).update(role="viewer")
    assert logged_in(world, "owner").get("/api/runs/", {"deleted": 1}).json()["results"] == []


def test_an_owner_who_is_only_a_viewer_now_changes_nothing(world: World) -> None:
    Membership.objects.filter(user=world.users["owner"]).update(role="viewer")
    told = post(logged_in(world, "owner"), f"/api/runs/{world.run.pk}/delete/", 403)["detail"]
    assert told == f"Run {world.run.pk} is yours, but you may no longer train in its project; ask one of its admins."


def test_a_token_for_one_project_trains_there_and_sees_it_alone(world: World) -> None:
    other = second(world, "owner")
    hidden = add_run(world.users["owner"], other, world.run.config)
    made = post(
        logged_in(world, "owner"), "/api/tokens/", 201, name="ci", scope="admin", project=world.project.name, days=1
    )
    assert made["project"] == world.project.name
    program = Client(headers={"authorization": f"Token {made['token']}"})
    assert program.get(f"/api/runs/{hidden.pk}/").status_code == 404
    assert train(program).project == world.project
    assert post(program, TRAIN, 400, **REQUEST, project="Second")["errors"][0]["field"] == "project"
    assert post(program, "/api/tokens/", 201, name="next")["project"] == world.project.name
    assert post(program, "/api/tokens/", 400, name="wider", project="Second")["errors"][0]["field"] == "project"
    root = Client(headers={"authorization": f"Token {new_token(world.users['superuser'], Scope.READ)}"})
    assert root.get(f"/api/runs/{hidden.pk}/").status_code == 200
    assert root.get("/metrics").status_code == 200


def test_the_account_page_offers_the_users_projects(world: World) -> None:
    Project.objects.create(name="Hidden")
    client = logged_in(world, "owner")
    page = client.get("/account/").content.decode()
    assert world.project.name in page
    assert "Hidden" not in page
    form = {"name": "from the page", "scope": "read", "days": "30", "project": str(world.project.pk)}
    assert f'data-label="Project">{world.project.name}<' in client.post("/account/tokens/", form).content.decode()
    wrong = client.post("/account/tokens/", form | {"project": "1"}).content.decode()
    assert "is not one of the available choices" in wrong


def test_the_form_of_a_new_run_asks_for_a_project_where_there_are_several(world: World) -> None:
    def offered(kind: str) -> list[str] | None:
        [top, *_] = logged_in(world, kind).get("/api/experiments/options/").json()["groups"]
        found = [field for field in top["fields"] if field["path"] == "project"]
        return found[0]["kinds"][0]["choices"] if found else None

    assert offered("trainer") is None
    second(world, "trainer")
    assert offered("trainer") == ["Second", world.project.name]
    second(world, "viewer", "viewer")
    assert offered("viewer") is None


def test_runs_on_common_data_are_named_to_those_who_see_them(world: World) -> None:
    for kind, count in (("stranger", 0), ("viewer", 3)):
        found = logged_in(world, kind).get("/api/datasets/builtin:breast-cancer/").json()
        assert (found["run_count"], len(found["runs"])) == (count, count)


def test_short_rows_follow_the_project(world: World) -> None:
    assert ListedRun.objects.get(pk=world.run.pk).project_id == world.project.pk
    Run.objects.filter(pk=world.run.pk).update(project_id=DEFAULT_PROJECT)
    assert ListedRun.objects.get(pk=world.run.pk).project_id == DEFAULT_PROJECT


def test_a_group_is_seen_with_its_project(world: World) -> None:
    group = RunGroup.objects.create(name="elsewhere", owner=world.users["owner"], config={}, size=1)
    add_run(world.users["owner"], group.project, world.run.config, group=group)
    seen = set(queries.visible_groups(world.users["viewer"]))
    assert seen == {world.group}
    Run.objects.filter(group=world.group).update(deleted_at=timezone.now())
    assert not queries.visible_groups(world.users["viewer"]).exists()
