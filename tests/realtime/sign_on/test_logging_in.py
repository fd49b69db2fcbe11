"""From our button to a real identity provider and back: who is let in, as whom, and with which roles."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.fixtures import Settings

from access.models import Membership, Project
from accounts.issuing import issue
from accounts.models import ExternalIdentity
from accounts.sign_on.identities import link, unlink
from audit.models import AuditEvent
from tests.realtime.sign_on.conftest import BEGIN, People, changed, sent_on

ADA: dict[str, Any] = {"preferred_username": "ada", "given_name": "Ada", "family_name": "L", "email": "ada@example.org"}
pytestmark = pytest.mark.django_db


def user_of(client: Client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id") or 0).first()


def roles(name: str) -> dict[str, tuple[str, str]]:
    """Return by project the role of a user and the group that gave it."""
    found = Membership.objects.filter(user__username=name).select_related("project")
    return {one.project.name: (one.role, one.from_group) for one in found}


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_the_first_login_makes_an_account_with_names_and_roles_and_goes_on(people: People) -> None:
    client = Client()
    answer = people.log_in("17", client, "/queue/", **ADA, email_verified=True, groups=["radiology", "other"])
    assert (answer.status_code, answer["Location"]) == (302, "/queue/")
    user = user_of(client)
    assert user is not None
    assert (user.username, user.first_name, user.last_name, user.email) == ("ada", "Ada", "L", "ada@example.org")
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert roles("ada")["Lungs"] == ("trainer", "radiology")
    assert client.get("/queue/").status_code == 200
    again = Client()
    people.log_in("17", again)
    assert user_of(again) == user
    assert ExternalIdentity.objects.get().subject == "17"


def test_the_provider_is_asked_with_pkce_state_and_a_nonce(people: People) -> None:
    given = sent_on(Client().get(BEGIN))
    assert given["response_type"] == "code"
    assert given["code_challenge_method"] == "S256"
    assert len(given["code_challenge"]) == 43
    assert len(given["nonce"]) >= 22
    assert len(given["state"]) >= 16
    assert set(given["scope"].split()) == {"openid", "profile", "email"}
    assert given["redirect_uri"] == "http://testserver/login/oidc/callback/"
    assert "acr_values" not in given
    assert sent_on(Client().get(f"{BEGIN}?scope=all&auth_params=prompt%3Dnone&process=connect")).keys() == given.keys()


def test_behind_a_proxy_the_public_address_is_where_to_come_back(people: People, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://trainings.example.org/"
    assert sent_on(Client().get(BEGIN))["redirect_uri"] == "https://trainings.example.org/login/oidc/callback/"


def test_ways_of_authentication_are_asked_for(people: People, settings: Settings) -> None:
    changed(settings, acr=("gold", "silver"))
    assert sent_on(Client().get(BEGIN))["acr_values"] == "gold silver"


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_a_login_goes_on_to_own_pages_alone(people: People, page: str) -> None:
    assert people.log_in("17", next_page=page, **ADA)["Location"] == "/"


def test_roles_follow_the_groups_at_each_login(people: People) -> None:
    people.log_in("17", **ADA, groups=["radiology"])
    people.log_in("17", **ADA, groups=["radiology", "heads"])
    assert roles("ada")["Lungs"] == ("admin", "heads")
    people.log_in("17", **ADA, groups=["radiology"])
    assert roles("ada")["Lungs"] == ("trainer", "radiology")
    people.log_in("17", **ADA, groups=[])
    assert "Lungs" not in roles("ada")
    by_groups = {"action__startswith": "membership.", "details__by": "single sign-on"}
    recorded = AuditEvent.objects.filter(**by_groups).order_by("pk")
    assert [event.action.partition(".")[2] for event in recorded] == ["granted", "changed", "changed", "revoked"]
    assert {event.project_id for event in recorded} == {Project.objects.get(name="Lungs").pk}


def test_roles_that_were_given_by_hand_stay(people: People) -> None:
    people.log_in("17", **ADA, groups=[])
    ada = User.objects.get(username="ada")
    by_hand = Membership.objects.create(user=ada, project=Project.objects.create(name="Lungs"), role="viewer")
    people.log_in("17", **ADA, groups=["heads"])
    assert roles("ada")["Lungs"] == ("viewer", "")
    people.log_in("17", **ADA, groups=[])
    assert Membership.objects.filter(pk=by_hand.pk).exists()


def test_rights_follow_the_groups_that_are_named_for_them(people: People) -> None:
    people.log_in("17", **ADA, groups=["it"])
    ada = User.objects.get(username="ada")
    assert (ada.is_superuser, ada.is_staff) == (True, True)
    people.log_in("17", **ADA, groups=[])
    ada.refresh_from_db()
    assert (ada.is_superuser, ada.is_staff) == (False, False)
    ada.is_staff = True  # by hand, and no entry names staff
    ada.save()
    people.log_in("17", **ADA, groups=[])
    ada.refresh_from_db()
    assert ada.is_staff
    assert AuditEvent.objects.filter(action="user.rights_changed").count() >= 2


def test_who_is_in_no_required_group_is_refused_and_loses_what_groups_gave(people: People, settings: Settings) -> None:
    changed(settings, required_groups=("staff of the hospital", "guests"))
    nobody = people.log_in("18", preferred_username="grace", groups=["radiology"])
    assert nobody.status_code == 403
    assert "“staff of the hospital” or “guests”" in text(nobody)
    assert not User.objects.filter(username="grace").exists()
    people.log_in("17", **ADA, groups=["guests", "it", "radiology"])
    client = Client()
    assert people.log_in("17", client, **ADA, groups=["radiology"]).status_code == 403
    assert user_of(client) is None
    assert not User.objects.get(username="ada").is_superuser
    refused = AuditEvent.objects.filter(action="sso.refused")
    assert {event.target_name for event in refused} == {"17", "18"}


def test_a_local_account_of_the_same_name_is_never_taken_over(people: People) -> None:
    local = User.objects.create_user("Ada", email="ada@example.org", password="a local password")
    client = Client()
    refused = people.log_in("17", client, **ADA, email_verified=True, groups=["it"])
    assert refused.status_code == 403
    assert "There is another account of your name" in text(refused)
    assert "manage.py identity Ada --link 17" in text(refused)
    assert user_of(client) is None
    local.refresh_from_db()
    assert not local.is_superuser
    link(local, people.issuer, "17")
    people.log_in("17", client)
    assert user_of(client) == local
    assert local.check_password("a local password")


def test_people_of_the_provider_with_one_name_are_two_accounts(people: People) -> None:
    people.log_in("17", **ADA)
    client = Client()
    people.log_in("18", client, **ADA)
    second = user_of(client)
    assert second is not None
    assert second.username == "ada-2"
    people.log_in("17", **(ADA | {"preferred_username": "countess"}))
    assert {user.username for user in User.objects.all()} == {"ada", "ada-2"}, "a user name stays"


def test_an_identity_of_another_issuer_is_somebody_else(people: People) -> None:
    other = User.objects.create_user("other")
    link(other, "https://elsewhere.example", "17")
    client = Client()
    people.log_in("17", client, **ADA)
    assert user_of(client) != other


def test_a_name_that_is_none_here_becomes_one(people: People) -> None:
    client = Client()
    people.log_in("17", client, preferred_username="HOSPITAL\\Ada Lovelace")
    user = user_of(client)
    assert user is not None
    assert user.username == "HOSPITAL-Ada-Lovelace"


@pytest.mark.parametrize("name", [None, "", "  ", 12, "\\"])
def test_without_a_user_name_nobody_is_let_in(people: People, name: object) -> None:
    refused = people.log_in("17", preferred_username=name)
    assert refused.status_code == 403
    assert "preferred_username" in text(refused)
    assert not User.objects.exists()


def test_an_inactive_user_is_refused(people: People) -> None:
    people.log_in("17", **ADA)
    User.objects.update(is_active=False)
    client = Client()
    refused = people.log_in("17", client, **ADA, groups=["it"])
    assert refused.status_code == 403
    assert "is switched off" in text(refused)
    assert user_of(client) is None
    assert not User.objects.get(username="ada").is_superuser


def test_an_address_that_is_not_verified_is_not_taken(people: People) -> None:
    people.log_in("17", **ADA)
    assert User.objects.get(username="ada").email == ""
    people.log_in("17", **ADA, email_verified=True)
    people.log_in("17", **(ADA | {"email": "eve@example.org", "given_name": "Augusta"}), email_verified=False)
    ada = User.objects.get(username="ada")
    assert (ada.email, ada.first_name) == ("ada@example.org", "Augusta")


def test_groups_may_lie_deeper_or_be_one_text(people: People, settings: Settings) -> None:
    changed(settings, groups_claim="realm_access.roles")
    people.log_in("17", **ADA, realm_access={"roles": ["heads"]})
    assert roles("ada")["Lungs"] == ("admin", "heads")
    changed(settings, groups_claim="https://example.org/groups")
    people.log_in("17", **ADA, **dict[str, Any]({"https://example.org/groups": "radiology"}))
    assert roles("ada")["Lungs"] == ("trainer", "radiology")


@pytest.mark.parametrize("groups", [{"a": 1}, [1], 7])
def test_groups_that_are_no_names_are_refused(people: People, groups: object) -> None:
    refused = people.log_in("17", **ADA, groups=groups)
    assert refused.status_code == 403
    assert "“groups”" in text(refused)


def test_groups_that_do_not_come_along_take_nothing_away(people: People) -> None:
    people.log_in("17", **ADA, groups=["radiology"])
    refused = people.log_in("17", **ADA, _claim_names={"groups": "src1"}, groups=None)
    assert refused.status_code == 403
    assert "more groups than Hospital puts into a login" in text(refused)
    assert roles("ada")["Lungs"] == ("trainer", "radiology")


def test_a_login_begins_a_session_and_ends_the_one_before(people: People) -> None:
    client = Client()
    client.force_login(User.objects.create_user("grace"))
    before = client.session.session_key
    people.log_in("17", client, **ADA)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert [key for key, _ in client.session.items() if "social" in key] == []


def test_a_token_of_such_a_user_works_and_ends_with_the_account(people: People) -> None:
    people.log_in("17", **ADA)
    ada = User.objects.get(username="ada")
    program = Client(headers={"authorization": f"Token {issue(ada, 'nightly')[1]}"})
    assert program.get("/api/runs/").status_code == 200
    User.objects.update(is_active=False)
    assert program.get("/api/runs/").status_code == 401


def test_such_a_user_has_no_password_to_change(people: People) -> None:
    client = Client(headers={"origin": "http://testserver"})
    people.log_in("17", client, **ADA)
    page = text(client.get("/account/"))
    assert "You log in with Hospital, and have no password here" in page
    assert "New password" not in page
    new = "a password of their own"
    client.post("/account/password/", {"new_password1": new, "new_password2": new})
    assert not User.objects.get(username="ada").has_usable_password()


def test_logging_out_ends_the_session_here_and_shows_the_way_to_end_the_other(people: People) -> None:
    client = Client()
    people.log_in("17", client, **ADA)
    answer = client.post("/logout/")
    assert answer["Location"] == "/logged-out/"
    assert user_of(client) is None
    page = client.get("/logged-out/").content.decode()
    assert (
        f'href="{people.issuer}/oauth2/end_session?client_id=livetrain&amp;post_logout_redirect_uri=http%3A%2F%2Ft'
        in page
    )


def test_a_session_of_a_password_logs_out_as_ever(people: People) -> None:
    client = Client()
    client.force_login(User.objects.create_user("grace"))
    assert client.post("/logout/")["Location"] == "/login/"


def test_an_identity_that_was_unlinked_is_nobody(people: People) -> None:
    people.log_in("17", **ADA)
    unlink(ExternalIdentity.objects.get())
    assert "There is another account of your name" in text(people.log_in("17", **ADA))
    assert AuditEvent.objects.filter(action="sso.disconnected").count() == 1


def test_without_an_issuer_there_is_no_such_address(settings: Settings) -> None:
    settings.SIGN_ON = None
    for page in (BEGIN, "/login/oidc/callback/?state=a&code=b", "/logged-out/"):
        assert Client().get(page).status_code == 404
