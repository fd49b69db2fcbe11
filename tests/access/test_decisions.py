"""What each user may, token by token: `access.decisions`, and what new users join."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from access.decisions import NOTHING, access_of, fresh_access_of, is_operator
from access.default_project import DEFAULT_PROJECT
from access.models import Membership, Project
from access.roles import Role, includes, lower
from accounts.credentials import user_of_token
from accounts.issuing import Refused, issue
from audit.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _join_nothing(settings: Settings) -> None:
    settings.DEFAULT_ROLE = ""


@pytest.fixture
def projects() -> list[Project]:
    return [Project.objects.create(name=name) for name in ("Chest", "Skin", "Eyes")]


def member(user: User, *roles: tuple[Project, str]) -> User:
    for project, role in roles:
        Membership.objects.create(project=project, user=user, role=role)
    return user


def test_roles_include_those_before_them() -> None:
    assert [[includes(held, needed) for needed in Role] for held in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert not includes(None, Role.VIEWER)
    assert not includes("owner", Role.VIEWER)
    assert lower(Role.ADMIN, Role.VIEWER) == lower(Role.VIEWER, Role.TRAINER) == Role.VIEWER


def test_a_member_may_by_role_and_nothing_elsewhere(projects: list[Project]) -> None:
    chest, skin, eyes = projects
    user = member(User.objects.create_user("ada"), (chest, "viewer"), (skin, "trainer"))
    access = access_of(user)
    assert access.project_ids == frozenset({chest.pk, skin.pk})
    assert access.limits == sorted([chest.pk, skin.pk])
    assert [access.sees(one.pk) for one in projects] == [True, True, False]
    assert [access.may_train(one.pk) for one in projects] == [False, True, False]
    assert [access.may_change(one.pk, user.pk) for one in projects] == [False, True, False]
    assert not any(access.may_change(one.pk, user.pk + 1) or access.may_manage(one.pk) for one in projects)
    assert access.with_role(Role.TRAINER) == [skin.pk]
    Membership.objects.filter(project=skin).update(role="admin")
    assert not access_of(user).may_manage(skin.pk), "one answer stands for a request"
    assert fresh_access_of(user).may_change(skin.pk, user.pk + 1)
    assert access_of(user).may_manage(skin.pk)
    assert not access_of(user).may_change(eyes.pk, user.pk)


def test_one_query_answers_for_a_request() -> None:
    user = User.objects.create_user("ada")
    with CaptureQueriesContext(connection) as asked:
        assert access_of(user).project_ids == access_of(user).project_ids == frozenset()
    assert len(asked) == 1


def test_who_belongs_to_all_projects_is_not_limited_until_there_is_another(projects: list[Project]) -> None:
    everywhere = member(User.objects.create_user("ada"), *((one, "viewer") for one in Project.objects.all()))
    assert access_of(everywhere).limits is None
    assert access_of(everywhere).project_ids == frozenset({DEFAULT_PROJECT, *(one.pk for one in projects)})
    Project.objects.create(name="Fourth")
    assert fresh_access_of(everywhere).limits is not None


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_operators_have_all_rights_everywhere(right: str, projects: list[Project]) -> None:
    root = User.objects.create_user("root")
    setattr(root, right, True)
    access = access_of(root)
    assert access.everything
    assert (access.project_ids, access.limits, access.with_role(Role.ADMIN)) == (None, None, None)
    assert access.may_change(projects[0].pk, None)
    assert not access.sees(None)


def test_nobody_and_inactive_users_have_none(projects: list[Project]) -> None:
    gone = member(User.objects.create_user("gone", is_staff=True), (projects[0], "admin"))
    assert access_of(gone).everything
    gone.is_active = False
    assert access_of(gone) == access_of(AnonymousUser()) == NOTHING
    assert not NOTHING.sees(projects[0].pk)
    assert not NOTHING.may_change(projects[0].pk, None)


@pytest.mark.parametrize(("scope", "role"), [("read", "viewer"), ("train", "trainer"), ("admin", "admin")])
def test_the_scope_of_a_token_is_the_highest_role_that_it_gives(scope: str, role: str, projects: list[Project]) -> None:
    admin = member(User.objects.create_user("ada"), (projects[0], "admin"))
    _, text = issue(admin, "x", scope)
    assert access_of(user_of_token(text)[0]).role_in(projects[0].pk) == role
    root = User.objects.create_superuser("root")
    _, text = issue(root, "x", scope)
    access = access_of(user_of_token(text)[0])
    assert (access.everything, access.role_in(projects[1].pk)) == (True, role)


@pytest.mark.parametrize("scope", ["read", "train", "admin"])
def test_a_token_for_one_project_shows_no_other(scope: str, projects: list[Project]) -> None:
    ada = member(User.objects.create_user("ada"), *((one, "admin") for one in projects))
    for user in (ada, User.objects.create_superuser("root")):
        _, text = issue(user, "x", scope, project=projects[1].name)
        found, token = user_of_token(text)
        assert token.project_id == projects[1].pk
        assert access_of(found).project_ids == frozenset({projects[1].pk})
        assert not access_of(found).everything
        assert not found.is_staff
        assert is_operator(found) is (user is not ada)
        stored = User.objects.get(pk=user.pk)
        assert stored.is_staff is (user is not ada), "rights are taken from the copy of the request alone"


def test_a_token_ends_with_the_membership_and_with_the_project(projects: list[Project]) -> None:
    ada = member(User.objects.create_user("ada"), (projects[0], "admin"), (projects[1], "admin"))
    _, text = issue(ada, "x", "admin", project=projects[0].pk)
    Membership.objects.filter(project=projects[0]).delete()
    assert access_of(user_of_token(text)[0]).project_ids == frozenset()
    projects[0].delete()
    with pytest.raises(Exception, match="Invalid token"):
        user_of_token(text)


def test_a_token_is_for_a_project_that_its_user_sees(projects: list[Project]) -> None:
    ada = member(User.objects.create_user("ada"), (projects[0], "viewer"))
    for asked in (projects[1].name, projects[1].pk, "nothing", 10**30, str(10**30), -1):
        with pytest.raises(Refused, match=r"There is no project .* for you; choose from Chest") as refused:
            issue(ada, "x", project=asked)
        assert refused.value.field == "project"


@pytest.mark.parametrize("role", ["viewer", "trainer"])
def test_new_users_join_the_default_project_only_where_the_settings_say_so(settings: Settings, role: str) -> None:
    assert access_of(User.objects.create_user("before")).project_ids == frozenset()
    settings.DEFAULT_ROLE = role
    ada = User.objects.create_user("ada")
    assert access_of(ada).roles == {DEFAULT_PROJECT: role}
    ada.first_name = "Ada"
    ada.save()
    assert Membership.objects.filter(user=ada).count() == 1
    granted = AuditEvent.objects.get(action="membership.granted")
    assert (granted.target_name, granted.project_id) == ("ada", DEFAULT_PROJECT)
    assert granted.details == {"role": role, "by": "the role of new users"}
    assert not Membership.objects.filter(user=User.objects.create_superuser("root")).exists()


@pytest.mark.parametrize("name", ["", "12", " x", "x ", "a\nb", "x" * 101])
def test_names_that_would_be_mistaken_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Project(name=name).full_clean()


@pytest.mark.parametrize("name", ["x", "Ward 7", "7b", "Röntgen", "x" * 100])
def test_other_names_are_not(name: str) -> None:
    Project(name=name).full_clean()
