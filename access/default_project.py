"""The project that takes what names no other, and who joins it by having an account. It loads no models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.conf import settings

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

DEFAULT_PROJECT: Final = 1
"""Its primary key; a migration makes it."""
DEFAULT_NAME: Final = "Default"


def join_default_project(*, instance: AbstractBaseUser, created: bool, raw: bool = False, **_unused: Any) -> None:
    """Make a new user a member of the default project, where LIVETRAIN_DEFAULT_ROLE names a role.

    Operators have all rights without a membership. A backup that is loaded brings its memberships along.
    """
    is_operator = getattr(instance, "is_staff", False) or getattr(instance, "is_superuser", False)
    if created and not raw and settings.DEFAULT_ROLE and not is_operator:
        from audit.recording import record  # noqa: PLC0415  # it loads models, and this module is loaded before them

        role, by = settings.DEFAULT_ROLE, "the role of new users"
        apps.get_model("access", "Membership")._default_manager.create(
            project_id=DEFAULT_PROJECT, user_id=instance.pk, role=role
        )
        record("membership.granted", target=instance, project_id=DEFAULT_PROJECT, role=role, by=by)
