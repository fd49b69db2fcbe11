"""The pages of projects, as everybody: what they show, what their forms do, and what the admin keeps."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from django.db.models.signals import post_init
from django.test import Client

from access.admin import ProjectAdmin
from access.default_project import DEFAULT_PROJECT
from access.models import Membership, Project
from access.roles import Role
from accounts.models import ShareLink
from accounts.share_links import links
from audit.models import AuditEvent
from runs.models import Run
from tests.people import ADMIN, NOBODY, OWNER, PEOPLE, STAFF, STRANGER, SUPERUSER, TRAINER, VIEWER, Cast

pytestmark = pytest.mark.django_db
MANAGERS = {ADMIN, STAFF, SUPERUSER}


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_members_see_their_projects_and_strangers_do_not(cast: Cast) -> None:
    found = {who: cast.client(who).get(f"/projects/{cast.project.pk}/").status_code for who in PEOPLE}
    assert found == dict.fromkeys(PEOPLE, 200) | {NOBODY: 302, STRANGER: 404}
    assert "Not Heart" not in cast.client(VIEWER).get("/projects/").content.decode()
    assert "Not Heart" in cast.client(STAFF).get("/projects/").content.decode()
    assert cast.client(NOBODY).get("/projects/").status_code == 302


def test_forms_are_shown_to_those_who_may_use_them(cast: Cast) -> None:
    for who in PEOPLE[2:]:
        page = cast.client(who).get(f"/projects/{cast.project.pk}/").content.decode()
        assert ("Add member" in page) == (who in MANAGERS), who
        assert ('id="share-links"' in page) == (who in MANAGERS), who
        assert ("Store quotas" in page) == (who in (STAFF, SUPERUSER)), who
        assert ("Make project" in cast.client(who).get("/projects/").content.decode()) == (who in (STAFF, SUPERUSER))


def test_a_project_leads_to_its_runs_and_to_what_it_tells(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(name="Heart, lungs & more")
    found = {who: cast.client(who).get(f"/projects/{cast.project.pk}/").content.decode() for who in (VIEWER, ADMIN)}
    told = f"/projects/{cast.project.pk}/notifications/"
    assert {who: told in page for who, page in found.items()} == {VIEWER: False, ADMIN: True}
    assert "/?project=Heart%5C%2C+lungs+%26+more" in found[VIEWER]
    run = cast.run(OWNER)
    answer = cast.client(OWNER).get("/api/runs/?project=Heart%5C%2C+lungs+%26+more").json()
    assert [one["id"] for one in answer["results"]] == [run.pk]


FORMS: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "change": ("change/", {"name": "Hearts", "description": "Echo"}, MANAGERS),
    "quotas": ("quotas/", {"max_queued": 3, "max_running": "", "max_disk": 1.5}, {STAFF, SUPERUSER}),
    "member": ("members/", {"user": STRANGER, "role": "viewer"}, MANAGERS),
    "remove": ("members/{viewer}/remove/", {}, MANAGERS),
    "revoke": ("links/{link}/revoke/", {}, MANAGERS),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_as_everybody(cast: Cast, form: str) -> None:
    path, sent, allowed = FORMS[form]
    link, _ = links.make(cast.users[OWNER], [cast.run(OWNER)], days=1, with_samples=False)
    path = path.format(viewer=cast.users[VIEWER].pk, link=link.pk)
    before = state(cast)
    for who in sorted(PEOPLE, key=lambda one: one in MANAGERS):
        answer = cast.client(who).post(f"/projects/{cast.project.pk}/{path}", sent)
        if who not in allowed:
            login = answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
            assert login if who == NOBODY else answer.status_code == (404 if who == STRANGER else 403), who
            assert state(cast) == before, who
        else:
            assert answer.status_code in (302, 404), who  # what is gone already is not there
            assert state(cast) != before, who
    assert cast.client(SUPERUSER).get(f"/projects/{cast.project.pk}/{path}").status_code == 302


def state(cast: Cast) -> Any:
    project = Project.objects.filter(pk=cast.project.pk).values().get()
    members = sorted(Membership.objects.filter(project=cast.project).values_list("user_id", "role"))
    return project, members, list(ShareLink.objects.values_list("revoked_at"))


def test_operators_make_projects(cast: Cast) -> None:
    answer = cast.client(STAFF).post("/projects/", {"name": "Lungs", "description": ""}, follow=True)
    assert "Give it an admin" in text(answer)
    assert Project.objects.get(name="Lungs").created_by == cast.users[STAFF]
    assert cast.client(ADMIN).post("/projects/", {"name": "More"}).status_code == 403
    again = cast.client(STAFF).post("/projects/", {"name": "Lungs"})
    assert "There is a project 'Lungs' already" in again.content.decode().replace("&#x27;", "'")


def test_what_is_wrong_stands_beside_its_field(cast: Cast) -> None:
    client, page = cast.client(SUPERUSER), f"/projects/{cast.project.pk}/"
    assert "There is no user of that name" in text(client.post(f"{page}members/", {"user": "x", "role": "viewer"}))
    assert "not digits alone" in text(client.post(f"{page}change/", {"name": "12"}))
    assert "greater than or equal to 0" in text(client.post(f"{page}quotas/", {"max_queued": -1}))
    refused = client.post(f"{page}members/{cast.users[ADMIN].pk}/remove/")
    assert refused.status_code == 409
    assert "admin is the only admin of the project: make another member its admin first." in text(refused)
    demoted = client.post(f"{page}members/", {"user": ADMIN, "role": "viewer"})
    assert demoted.status_code == 409
    assert cast.role(ADMIN) == Role.ADMIN


def test_quotas_are_set_in_gib_and_a_field_that_is_left_alone_keeps_its_bytes(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(max_disk_bytes=1_234_567_891)
    client, address = cast.client(STAFF), f"/projects/{cast.project.pk}/quotas/"
    shown = re.search(r'name="max_disk" value="([^"]+)"', client.get(f"/projects/{cast.project.pk}/").content.decode())
    assert shown is not None
    client.post(address, {"max_queued": 2, "max_running": "", "max_disk": shown[1]})
    stored = Project.objects.get(pk=cast.project.pk)
    assert (stored.max_queued, stored.max_running, stored.max_disk_bytes) == (2, None, 1_234_567_891)
    client.post(address, {"max_queued": "", "max_running": 1, "max_disk": 0.5})
    stored.refresh_from_db()
    assert (stored.max_queued, stored.max_running, stored.max_disk_bytes) == (None, 1, 2**29)
    client.post(address, {})
    stored.refresh_from_db()
    assert (stored.max_queued, stored.max_running, stored.max_disk_bytes) == (None, None, None)


def test_the_page_says_what_is_used_and_by_which_group_somebody_is_there(cast: Cast) -> None:
    cast.run()
    Project.objects.filter(pk=cast.project.pk).update(max_queued=1)
    Membership.objects.filter(user=cast.users[TRAINER]).update(from_group="cardiology")
    page = text(cast.client(VIEWER).get(f"/projects/{cast.project.pk}/"))
    assert "1 of 1 No room for more" in page
    assert "by the group cardiology of single sign-on" in page


def test_a_link_of_another_project_is_not_revoked_here(cast: Cast) -> None:
    run = cast.run(STRANGER, cast.other)
    link, _ = links.make(cast.users[STRANGER], [run], days=1, with_samples=False)
    assert cast.client(ADMIN).post(f"/projects/{cast.project.pk}/links/{link.pk}/revoke/").status_code == 404
    assert ShareLink.objects.get().revoked_at is None


def test_a_link_to_runs_of_several_projects_names_none_of_those_that_an_admin_does_not_see(cast: Cast) -> None:
    own, elsewhere = cast.run(OWNER), cast.run(STRANGER, cast.other)
    Run.objects.filter(pk=own.pk).update(experiment_name="Ventricles")
    Run.objects.filter(pk=elsewhere.pk).update(experiment_name="Hidden elsewhere")
    links.make(cast.users[STAFF], [own, elsewhere], days=1, with_samples=False)
    shown = cast.client(ADMIN).get(f"/projects/{cast.project.pk}/").content.decode()
    assert f"Ventricles #{own.pk}</a> and 1 of other projects" in shown
    assert "Hidden elsewhere" not in shown
    assert f"/runs/{elsewhere.pk}/" not in shown
    whole = cast.client(STAFF).get(f"/projects/{cast.project.pk}/").content.decode()
    assert f"Hidden elsewhere #{elsewhere.pk}</a></th>" in whole


def test_somebody_in_no_project_is_told_what_to_do(cast: Cast) -> None:
    Membership.objects.filter(user=cast.users[STRANGER]).delete()
    for path in ("/", "/projects/"):
        assert "an admin of a project, to add the user stranger to it" in text(cast.client(STRANGER).get(path))
    assert "You belong to no project" not in text(cast.client(VIEWER).get("/"))
    assert "You belong to no project" not in text(cast.client(STAFF).get("/"))


class TestAdmin:
    """Both models in the admin: superusers, whose changes have the same guards and leave the same events."""

    members, projects = "/admin/access/membership/", "/admin/access/project/"

    def client(self, cast: Cast) -> Client:
        return cast.client(SUPERUSER)

    def test_a_member_is_added_changed_and_removed(self, cast: Cast) -> None:
        client = self.client(cast)
        sent = {"project": cast.project.pk, "user": cast.users[STRANGER].pk, "role": "viewer"}
        assert client.post(f"{self.members}add/", sent).status_code == 302
        added = Membership.objects.get(project=cast.project, user=cast.users[STRANGER])
        Membership.objects.filter(pk=added.pk).update(from_group="cardiology")
        assert client.post(f"{self.members}{added.pk}/change/", {"role": "trainer"}).status_code == 302
        added.refresh_from_db()
        assert (added.role, added.from_group) == (Role.TRAINER, ""), "it is given by hand now"
        assert client.post(f"{self.members}{added.pk}/delete/", {"post": "yes"}).status_code == 302
        assert cast.role(STRANGER) is None
        of_project = AuditEvent.objects.filter(project_id=cast.project.pk, target_name=STRANGER)
        events = of_project.filter(action__startswith="membership.").order_by("pk")
        assert [event.action.partition(".")[2] for event in events] == ["granted", "changed", "revoked"]
        assert not AuditEvent.objects.filter(action__startswith="admin.").exists()

    def test_the_last_admin_stays(self, cast: Cast) -> None:
        client, last = self.client(cast), Membership.objects.get(project=cast.project, role=Role.ADMIN)
        changed = client.post(f"{self.members}{last.pk}/change/", {"role": "viewer"})
        assert "make another member its admin first" in changed.content.decode()
        client.post(f"{self.members}{last.pk}/delete/", {"post": "yes"})
        client.post(self.members, {"action": "delete_selected", "_selected_action": [last.pk], "post": "yes"})
        assert cast.role(ADMIN) == Role.ADMIN
        Membership.objects.filter(user=cast.users[TRAINER]).update(role=Role.ADMIN)
        assert client.post(f"{self.members}{last.pk}/delete/", {"post": "yes"}).status_code == 302
        assert cast.role(ADMIN) is None

    def test_a_project_is_made_changed_and_deleted(self, cast: Cast) -> None:
        client = self.client(cast)
        sent = {"name": "Lungs", "description": "", "max_queued": 3}
        assert client.post(f"{self.projects}add/", sent).status_code == 302
        made = Project.objects.get(name="Lungs")
        assert (made.created_by, made.max_queued) == (cast.users[SUPERUSER], 3)
        assert client.post(f"{self.projects}{made.pk}/change/", sent | {"max_queued": ""}).status_code == 302
        assert client.post(f"{self.projects}{made.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not Project.objects.filter(pk=made.pk).exists()
        events = AuditEvent.objects.filter(action__startswith="project.").order_by("pk")
        assert [event.action for event in events] == ["project.created", "project.changed", "project.deleted"]
        assert events[1].details == {"changed": {"max_queued": [3, None]}}

    def test_the_default_project_and_one_with_runs_stay(self, cast: Cast) -> None:
        cast.run()
        client = self.client(cast)
        for number in (DEFAULT_PROJECT, cast.project.pk):
            client.post(f"{self.projects}{number}/delete/", {"post": "yes"})
            client.post(self.projects, {"action": "delete_selected", "_selected_action": [number], "post": "yes"})
            assert Project.objects.filter(pk=number).exists()

    def test_what_keeps_a_project_is_counted_and_not_loaded(self, cast: Cast) -> None:
        run = cast.run()
        Run.objects.bulk_create([_copy(run) for _ in range(300)])
        loaded: list[int] = []
        post_init.connect(count := lambda instance, **_: loaded.append(instance.pk), sender=Run)
        try:
            page = text(self.client(cast).get(f"{self.projects}{cast.project.pk}/delete/"))
        finally:
            post_init.disconnect(count, sender=Run)
        assert "Heart: 301 runs" in page
        assert not loaded

    def test_a_project_that_gets_a_run_while_it_is_deleted_stays(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client, empty, look = self.client(cast), cast.other, ProjectAdmin.get_deleted_objects
        recorded = AuditEvent.objects.count()

        def looked(admin: ProjectAdmin, objs: Any, request: Any) -> Any:
            found = look(admin, objs, request)
            Run.objects.filter(pk=run.pk).update(project=empty)
            return found

        run = cast.run()
        monkeypatch.setattr(ProjectAdmin, "get_deleted_objects", looked)
        chosen = {"action": "delete_selected", "_selected_action": [empty.pk], "post": "yes"}
        for path, sent in ((f"{self.projects}{empty.pk}/delete/", {"post": "yes"}), (self.projects, chosen)):
            Run.objects.filter(pk=run.pk).update(project=cast.project)
            answer = client.post(path, sent, follow=True)
            assert "Not Heart: 1 run. Nothing was deleted." in text(answer)
            assert "deleted successfully" not in text(answer)
            assert Project.objects.filter(pk=empty.pk).exists()
        assert AuditEvent.objects.count() == recorded


def _copy(run: Run) -> Run:
    copied = copy.copy(run)
    copied.pk = None
    return copied
