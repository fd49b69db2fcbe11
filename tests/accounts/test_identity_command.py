"""`manage.py identity`, and identities in the admin: linked, listed, ended, and recorded."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ExternalIdentity
from audit.models import AuditEvent

ISSUER = "https://id.example.org"
pytestmark = pytest.mark.django_db


def told(*arguments: str) -> str:
    output = StringIO()
    call_command("identity", *arguments, stdout=output)
    return output.getvalue()


def recorded() -> list[str]:
    return list(AuditEvent.objects.filter(action__startswith="sso.").order_by("pk").values_list("action", flat=True))


def test_a_user_is_linked_listed_and_unlinked(user: User) -> None:
    assert told("ada", "--issuer", f"{ISSUER}/", "--link", "17") == (
        f"Who logs in as 17 at {ISSUER} is ada from now on.\n"
    )
    assert told("ada") == f"17  at {ISSUER}  last login never\n"
    assert told("ada", "--issuer", ISSUER, "--unlink", "17") == "Ended 1 of ada.\n"
    assert told("ada") == ""
    assert recorded() == ["sso.connected", "sso.disconnected"]


def test_a_subject_belongs_to_one_user(user: User) -> None:
    User.objects.create_user("grace")
    told("ada", "--issuer", ISSUER, "--link", "17")
    told("grace", "--issuer", ISSUER, "--link", "17")
    told("grace", "--issuer", ISSUER, "--link", "18")
    assert told("ada") == ""
    events = AuditEvent.objects.filter(action__startswith="sso.").order_by("pk")
    assert list(events.values_list("action", "target_name")) == [
        ("sso.connected", "ada"),
        ("sso.disconnected", "ada"),
        ("sso.connected", "grace"),
        ("sso.connected", "grace"),
    ]
    told("grace", "--issuer", ISSUER, "--link", "17")
    assert recorded()[4:] == ["sso.connected"], "who was linked before stays so"
    assert told("grace", "--unlink", "all") == "Ended 2 of grace.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grace"], "There is no user 'grace'"),
        (["ada", "--link", "17"], "LIVETRAIN_OIDC_ISSUER"),
        (["ada", "--issuer", ISSUER, "--link", ""], "--link: expected a text"),
        (["ada", "--issuer", ISSUER, "--link", "x" * 256], "--link: expected a text"),
        (["ada", "--issuer", ISSUER, "--unlink", "17"], "ada is not linked with '17'"),
    ],
)
def test_what_is_not_there_is_named(user: User, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        told(*arguments)


def test_administrators_link_and_unlink_in_the_admin(user: User) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    page = "/admin/accounts/externalidentity/"
    form = {"user": user.pk, "issuer": ISSUER, "subject": "17"}
    assert client.post(f"{page}add/", form | {"issuer": f"{ISSUER}/"}).status_code == 302
    identity = ExternalIdentity.objects.get(user=user, issuer=ISSUER)
    assert client.get(page).status_code == client.get(f"{page}{identity.pk}/change/").status_code == 200
    assert b"already exists" in client.post(f"{page}add/", form).content
    assert client.post(f"{page}{identity.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ExternalIdentity.objects.exists()
    assert recorded() == ["sso.connected", "sso.disconnected"]
