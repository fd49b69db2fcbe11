"""Record what is done to users and their groups, of which Django tells by its own signals: the admin, commands, code.

A password that is switched off ends the user's tokens, as a new one does (`accounts.new_passwords`). What changes many
rows by one statement (`QuerySet.update`) sends none.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group, User
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from accounts.issuing import revoke_all
from audit.recording import record

NAMES = ("username", "first_name", "last_name", "email")
RIGHTS = ("is_staff", "is_superuser")
_BEFORE = "_before_it_is_saved"
_OF_LOGIN = {"last_login"}
_ADDED = {"post_add": "added", "post_remove": "removed", "post_clear": "cleared"}


def listen() -> None:
    """Listen from now on."""
    pre_save.connect(_look, sender=User, dispatch_uid="audit")
    post_save.connect(_saved, sender=User, dispatch_uid="audit")
    post_delete.connect(_deleted, sender=User, dispatch_uid="audit")
    pre_save.connect(_look, sender=Group, dispatch_uid="audit")
    post_save.connect(_group_saved, sender=Group, dispatch_uid="audit")
    post_delete.connect(_deleted, sender=Group, dispatch_uid="audit")
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_rights_changed, sender=through, dispatch_uid="audit")


def _look(instance: User | Group, update_fields: Any = None, **_unused: Any) -> None:
    """Keep what is stored before a row is saved; a login that notes its time is left out."""
    changes = instance.pk is not None and not (update_fields and set(update_fields) <= _OF_LOGIN)
    instance.__dict__[_BEFORE] = type(instance)._default_manager.filter(pk=instance.pk).first() if changes else None


def _saved(instance: User, created: bool, raw: bool = False, **_unused: Any) -> None:
    before: User | None = instance.__dict__.pop(_BEFORE, None)
    if raw:
        return
    if created:
        held = {name: True for name in RIGHTS if getattr(instance, name)}
        record("user.created", target=instance, **held)
    elif before is not None:
        _record_changes(before, instance)


def _record_changes(before: User, after: User) -> None:
    names = [name for name in NAMES if getattr(before, name) != getattr(after, name)]
    if names:
        renamed: dict[str, Any] = {"from_name": before.username} if "username" in names else {}
        record("user.changed", target=after, fields=names, **renamed)
    if before.is_active != after.is_active:
        record("user.activated" if after.is_active else "user.deactivated", target=after)
    rights = {name: getattr(after, name) for name in RIGHTS if getattr(before, name) != getattr(after, name)}
    if rights:
        record("user.rights_changed", target=after, **rights)
    if is_password_usable(before.password) and not is_password_usable(after.password):
        record("password.changed", target=after, removed=True)
        revoke_all(after, because="a password that was switched off")  # no validator is told of that


def _group_saved(instance: Group, created: bool, raw: bool = False, **_unused: Any) -> None:
    before: Group | None = instance.__dict__.pop(_BEFORE, None)
    if raw:
        return
    if created:
        record("group.created", target=instance)
    elif before is not None and before.name != instance.name:
        record("group.changed", target=instance, from_name=before.name)


def _deleted(instance: User | Group, **_unused: Any) -> None:
    record(f"{instance._meta.model_name}.deleted", target=instance)


def _rights_changed(
    *, sender: Any, instance: User | Group | Any, action: str, reverse: bool, model: Any, pk_set: Any, **_unused: Any
) -> None:
    """Record what was given to and taken from a user or group, also where it was said from the other side."""
    if action not in _ADDED or not (pk_set or action == "post_clear"):
        return
    others = list(model._default_manager.filter(pk__in=pk_set or ()))
    field = "groups" if sender is User.groups.through else "permissions"
    if reverse:
        for one in others:
            _record_rights(one, field, _ADDED[action], [instance])
    else:
        _record_rights(instance, field, _ADDED[action], others)


def _record_rights(holder: User | Group, field: str, done: str, what: list[Any]) -> None:
    told: dict[str, Any] = {f"{field}_{done}": [str(one) for one in what]}
    record(f"{holder._meta.model_name}.rights_changed", target=holder, **told)
