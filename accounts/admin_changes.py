"""Record what is changed in the admin and no other action names: the admin's own log tells of it, row by row."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse

from audit.recording import record

RECORDED_ELSEWHERE = {
    "auth.user", "auth.group", "accounts.apitoken", "accounts.externalidentity", "runs.run", "access.project",
    "access.membership",
}  # fmt: skip
"""Models whose every change is recorded by an action of its own, wherever it is made."""
_ACTIONS = {ADDITION: "admin.added", CHANGE: "admin.changed", DELETION: "admin.deleted"}


def listen() -> None:
    """Listen from now on, and let the menu of lists delete by the action below."""
    post_save.connect(_logged, sender=LogEntry, dispatch_uid="audit")


def _logged(instance: LogEntry, created: bool, raw: bool = False, **_unused: Any) -> None:
    changed = instance.content_type.model_class() if instance.content_type else None
    label = changed._meta.label_lower if changed else ""
    if not created or raw or (label in RECORDED_ELSEWHERE and not _has_parts(instance.change_message)):
        return
    details: dict[str, Any] = {
        "model": label,
        "object_id": str(instance.object_id),
        "change": instance.get_change_message(),
    }
    record(_ACTIONS[instance.action_flag], target=instance.object_repr, **details)


def _has_parts(message: str) -> bool:
    """Tell whether rows that belong to the changed one were changed with it, which have a name in the message."""
    try:
        parts = json.loads(message or "[]")
    except ValueError:
        return False
    return any("name" in told for part in parts for told in part.values())


@admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
def delete_and_record(model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    """Delete the chosen rows as Django's own action does, which logs several rows without a signal."""
    label = model_admin.opts.label_lower
    if not request.POST.get("post"):
        return delete_selected(model_admin, request, chosen)
    with transaction.atomic():  # so that what is recorded is done; Django has none around an action
        if label in RECORDED_ELSEWHERE:
            return delete_selected(model_admin, request, chosen)
        known = [(str(one), one.pk) for one in chosen]
        answer = delete_selected(model_admin, request, chosen)
        if answer is None and len(known) > 1:  # of a single row the log tells
            for name, pk in known:
                record("admin.deleted", target=name, model=label, object_id=str(pk), change="Deleted.")
    return answer
