"""What is done to users, groups and tokens, mostly in the admin, and what else is changed there."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client

from access.models import Project
from accounts.issuing import issue
from accounts.models import APIToken
from experiments.models import MetricList
from tests.audit.trail import events, new_events, the_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def admin(root: User) -> Client:
    browser = Client()
    browser.force_login(root)
    return browser


def edit(admin: Client, user: User, **changed: Any) -> None:
    """Send the form of a user as the admin shows it, with these changes."""
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    form = {"username": user.username, "is_active": "on", **joined, **changed}
    response = admin.post(
        f"/admin/auth/user/{user.pk}/change/", {name: value for name, value in form.items() if value is not None}
    )
    assert response.status_code == 302, response.content


def test_what_the_admin_does_to_a_user_has_an_event_of_its_own(admin: Client, user: User) -> None:
    group = Group.objects.create(name="radiology")
    with new_events() as since:
        edit(admin, user, email="ada@example.org", is_staff="on", groups=[group.pk])
        assert since() == ["user.changed", "user.rights_changed", "user.rights_changed"]
    with new_events() as since:
        edit(admin, user, email="ada@example.org", is_staff="on", groups=[group.pk], is_active=None)
        assert since() == ["user.deactivated"]
    [staff, joined] = events("user.rights_changed")
    assert (staff.user_name, staff.via, staff.target_name) == ("root", "session", "ada")
    assert (staff.details, joined.details) == ({"is_staff": True}, {"groups_added": ["radiology"]})
    assert the_event("user.changed").details == {"fields": ["email"]}


def test_users_come_and_go(admin: Client) -> None:
    passwords = {"password1": "a rather long passphrase", "password2": "a rather long passphrase"}
    with new_events() as since:
        admin.post("/admin/auth/user/add/", {"username": "lin", "usable_password": "true", **passwords})
        assert sorted(since()) == ["membership.granted", "password.changed", "user.created"]
    chosen = {"action": "delete_selected", "_selected_action": [User.objects.get(username="lin").pk], "post": "yes"}
    with new_events() as since:
        admin.post("/admin/auth/user/", chosen)
        assert since() == ["user.deleted"]
    call_command("createsuperuser", "--username", "boss", "--email", "", "--noinput")
    assert events("user.created")[-1].details == {"is_staff": True, "is_superuser": True}


def test_a_deletion_that_fails_leaves_no_event(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DatabaseError("the connection was lost")

    monkeypatch.setattr(Project, "delete", fail)
    project = Project.objects.create(name="Lungs")
    chosen = {"action": "delete_selected", "_selected_action": [project.pk], "post": "yes"}
    with new_events() as since:
        with pytest.raises(DatabaseError, match="connection was lost"):
            admin.post("/admin/access/project/", chosen)
        assert since() == []
    assert Project.objects.filter(pk=project.pk).exists()


def test_a_login_changes_no_user(user: User) -> None:
    with new_events() as since:
        Client().force_login(user)
        assert since() == ["login.succeeded"]


def test_rights_from_the_side_of_a_group(user: User) -> None:
    right = Permission.objects.get(codename="view_auditevent")
    with new_events() as since:
        group = Group.objects.create(name="audit")
        group.permissions.add(right)
        group.user_set.add(user)
        user.user_permissions.add(right)
        user.user_permissions.clear()
        group.name = "auditors"
        group.save()
        group.delete()
        assert since() == [
            "group.created",
            "group.rights_changed",
            "user.rights_changed",
            "user.rights_changed",
            "user.rights_changed",
            "group.changed",
            "group.deleted",
        ]
    assert events("user.rights_changed")[0].details == {"groups_added": ["audit"]}
    assert events("user.rights_changed")[2].details == {"permissions_cleared": []}


def test_a_password_that_is_taken_away(user: User) -> None:
    user.set_password("a rather long passphrase")
    user.save()
    user.set_unusable_password()
    user.save()
    assert [event.details for event in events("password.changed")] == [{}, {"removed": True}]


@pytest.mark.parametrize("chosen", [1, 2])
def test_tokens_that_the_admin_revokes(admin: Client, user: User, chosen: int) -> None:
    tokens = [issue(user, f"t{number}")[0].pk for number in range(chosen)]
    with new_events() as since:
        admin.post(
            "/admin/accounts/apitoken/", {"action": "delete_selected", "_selected_action": tokens, "post": "yes"}
        )
        assert since() == ["token.revoked"] * chosen
    assert not APIToken.objects.exists()
    assert {(event.user_name, event.details["of"]) for event in events("token.revoked")} == {("root", "ada")}


def test_what_no_action_names_is_recorded_as_the_admins_own_log_has_it(
    admin: Client, root: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = AdminSite("of this test")
    site.register(MetricList)
    model_admin = site.get_model_admin(MetricList)
    rows = [MetricList.objects.create(key=key, metrics="{}") for key in ("1.0", "2.0")]
    request: Any = type("Request", (), {"POST": {"post": "yes"}, "user": root, "_messages": None})()
    monkeypatch.setattr(model_admin, "message_user", lambda *_, **__: None)
    monkeypatch.setattr(model_admin, "get_deleted_objects", lambda *_: ([], {}, set(), []))
    model_admin.log_change(request, rows[0], "Changed name.")
    from accounts.admin_changes import delete_and_record  # noqa: PLC0415

    delete_and_record(model_admin, request, MetricList.objects.filter(pk__in=[row.pk for row in rows]))
    assert the_event("admin.changed").details == {
        "model": "experiments.metriclist",
        "object_id": str(rows[0].pk),
        "change": "Changed name.",
    }
    assert [event.target_name for event in events("admin.deleted")] == ["metrics of 1.0", "metrics of 2.0"]
