"""Which user somebody is whom the provider has let in: by issuer and subject alone, never by a name or an address."""

from __future__ import annotations

import shlex

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import ExternalIdentity
from accounts.sign_on.claims import LONGEST_NAME, Person
from accounts.sign_on.configuration import SignOn
from accounts.sign_on.group_roles import follow_groups
from accounts.sign_on.refused import Refused
from audit.recording import record

MOST_OF_A_NAME = 1_000
"""Limit of users whose names differ by a number at the end."""


def user_for(person: Person, sign_on: SignOn) -> User:
    """Return the active user who this is, made at the first login, with the names and roles of now; raises Refused.

    Who is refused for their groups has lost what groups had given: the roles are brought up to date first.
    """
    try:
        user, is_let_in = _brought_up_to_date(person, sign_on)
    except IntegrityError:  # two first logins at once: the other has made the user
        user, is_let_in = _brought_up_to_date(person, sign_on)
    if not is_let_in:
        raise _in_no_required_group(sign_on)
    return user


def link(user: User, issuer: str, subject: str) -> ExternalIdentity:
    """Let who logs in as `subject` at the provider be this user from now on, and nobody else.

    Where they were somebody else until now, that is recorded as the end of the earlier link.
    """
    with transaction.atomic():
        before = ExternalIdentity.objects.filter(issuer=issuer, subject=subject).exclude(user=user)
        for earlier in before.select_related("user").select_for_update(of=("self",)):
            record("sso.disconnected", target=earlier.user, issuer=issuer, subject=subject)
        identity, _ = ExternalIdentity.objects.update_or_create(issuer=issuer, subject=subject, defaults={"user": user})
        record("sso.connected", target=user, issuer=issuer, subject=subject)
    return identity


def unlink(identity: ExternalIdentity) -> None:
    """Let an identity be nobody's: its next login makes a new account, or is refused where the name is taken."""
    with transaction.atomic():
        record("sso.disconnected", target=identity.user, issuer=identity.issuer, subject=identity.subject)
        identity.delete()


@transaction.atomic
def _brought_up_to_date(person: Person, sign_on: SignOn) -> tuple[User, bool]:
    """Return the user, and whether their groups let them in. Somebody new who may not come in is not made."""
    is_let_in = not sign_on.required_groups or not person.groups.isdisjoint(sign_on.required_groups)
    identity = ExternalIdentity.objects.filter(issuer=person.issuer, subject=person.subject).first()
    if identity is None:
        if not is_let_in:
            raise _in_no_required_group(sign_on)
        identity = _made(person)
    user = User.objects.select_for_update().get(pk=identity.user_id)
    if not user.is_active:
        raise Refused(
            "This account is switched off",
            f"Your account here, {user.get_username()}, is switched off; the administrator of the server can switch "
            "it on.",
        )
    _take_names(user, person)
    follow_groups(user, person.groups, sign_on)
    if is_let_in:
        identity.last_login = timezone.now()
        identity.save(update_fields=["last_login"])
    return user, is_let_in


def _made(person: Person) -> ExternalIdentity:
    """Make a user without a password, and their identity."""
    user = User(username=_free_name(person))
    user.set_unusable_password()
    user.save()
    return link(user, person.issuer, person.subject)


def _free_name(person: Person) -> str:
    """Return a user name that nobody has; raises Refused where it is that of a local account.

    An account of a person whom a provider knows is not taken over either: a number tells both apart.
    """
    same = User.objects.filter(username__iexact=person.user_name)
    if not same.exists():
        return person.user_name
    if same.filter(external_identities=None).exists():
        raise _is_taken(person, same.get(external_identities=None).get_username() if same.count() == 1 else "")
    for number in range(2, MOST_OF_A_NAME):
        ending = f"-{number}"
        name = person.user_name[: LONGEST_NAME - len(ending)] + ending
        if not User.objects.filter(username__iexact=name).exists():
            return name
    raise _is_taken(person, "")


def _is_taken(person: Person, name: str) -> Refused:
    name = name or person.user_name
    return Refused(
        "There is another account of your name",
        f"This server has an account “{name}” that does not belong to your login yet, and may be somebody else's. If "
        "it is yours, the administrator of the server can link both, in the admin or with this command; then log in "
        "again.",
        f".venv/bin/python manage.py identity {shlex.quote(name)} --link {shlex.quote(person.subject)}",
    )


def _take_names(user: User, person: Person) -> None:
    """Take over what the provider says of the person; what it does not say stays. The user name never changes."""
    given = {"first_name": person.first_name, "last_name": person.last_name, "email": person.email}
    changed = [name for name, value in given.items() if value and value != getattr(user, name)]
    for name in changed:
        setattr(user, name, given[name])
    if changed:
        user.save(update_fields=changed)


def _in_no_required_group(sign_on: SignOn) -> Refused:
    groups = " or ".join(f"“{group}”" for group in sign_on.required_groups)
    return Refused(
        "You may not use this server",
        f"{sign_on.name} knows you, but you are not in the group that may log in here: {groups}. Ask those who see to "
        "your groups; a change holds from the next login on.",
    )
