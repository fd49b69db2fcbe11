"""The only writer of the audit trail: one call for one event, in the transaction of what it tells, so both or neither.

Actions that are counted are mostly readings, which have no transaction: their first event of a time is stored before
the answer is sent, and how often it was repeated beside it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from audit.actions import ACTIONS, Action
from audit.actor import present_source
from audit.event_lines import log, sentence, written
from audit.models import AuditEvent, Repeats
from audit.statements import count_again, insert
from audit.stored_text import one_line, plain

logger = logging.getLogger(__name__)


def record(
    action: str, *, target: object | str = "", project_id: int | None = None, user: Any = None, **details: Any
) -> None:
    """Record that something happened to the target, a row of a model or a name.

    The project is that of the target, where it has one. Who acts, how and from where is known of the request or the
    command; `user` stands for it where that is another one, as in a login. Raises KeyError for an action that is not in
    `actions`.

    In a transaction, an event that cannot be stored lets it fail. Outside, what it tells has happened already: it is
    logged that it is missing, and nothing else fails.
    """
    kind, source = ACTIONS[action], present_source()
    event = _event(kind, target, project_id, user, details)
    if kind.outlasts and source.is_request and connection.in_atomic_block:
        source.postponed.append(functools.partial(_store, kind, event))
    else:
        _store(kind, event)


def record_pruning(before: datetime, number: int) -> None:
    """Record that events before a moment are removed from now on, so that the triggers let them go."""
    event = _event(ACTIONS["audit.pruned"], "", None, None, {"before": written(before), "events": number})
    event.pruned_before = before
    _insert(event)


def _event(kind: Action, target: object, project_id: int | None, user: Any, details: dict[str, Any]) -> AuditEvent:
    actor = present_source().actor()
    event = AuditEvent(
        at=timezone.now(),
        action=kind.name,
        user_id=actor.user_id if user is None else user.pk,
        user_name=one_line(actor.user_name if user is None else user.get_username(), 150),
        via=actor.via,
        credential=one_line(actor.credential, 130),
        address=one_line(actor.address, 45),
        request_id=one_line(actor.request_id, 100),
        project_id=project_id,
        target_name=one_line(target, 200),
        details=plain(details),
    )
    if isinstance(target, Model):
        event.target_type, event.target_id = str(target._meta.model_name)[:40], one_line(target.pk, 40)
        if project_id is None:
            event.project_id = target.pk if event.target_type == "project" else getattr(target, "project_id", None)
    return event


def _store(kind: Action, event: AuditEvent) -> None:
    if kind.counted is None and connection.in_atomic_block:
        _insert(event)
        return
    try:
        if kind.counted is None:
            _insert(event)
        else:
            _count(event, kind, kind.counted)
    except DatabaseError as error:
        logger.error("The audit trail lacks an event: %s (%s)", sentence(event), error)


def _insert(event: AuditEvent) -> None:
    insert(event)
    transaction.on_commit(functools.partial(log, event), robust=True)


def _count(event: AuditEvent, kind: Action, span: timedelta) -> None:
    """Count the event with an earlier one of its time, or store it as the first."""
    if _counted(event, span):
        return
    if kind.most is not None and _targets(event, span) >= kind.most:
        event.target_type = event.target_id = event.target_name = ""
        if _counted(event, span):
            return
    try:
        with transaction.atomic():
            _insert(event)
            insert(Repeats(event=event, key=_key(event, span), last_at=event.at), keeps_key=True)
    except IntegrityError:  # another process stored the first one in this moment
        if not _counted(event, span):
            raise


def _counted(event: AuditEvent, span: timedelta) -> bool:
    with transaction.atomic() if connection.in_atomic_block else nullcontext():  # a failure ends no transaction
        return count_again(_key(event, span), event.at)


def _targets(event: AuditEvent, span: timedelta) -> int:
    start = datetime.fromtimestamp(_place(event.at, span) * span.total_seconds(), event.at.tzinfo)
    return AuditEvent.objects.filter(action=event.action, address=event.address, at__gte=start).count()


def _key(event: AuditEvent, span: timedelta) -> str:
    """Name what the event is counted with."""
    by = [event.user_id, event.user_name, event.via, event.credential, event.address]
    of = [event.project_id, event.target_type, event.target_id, event.target_name]
    text = json.dumps([event.action, *by, *of, _place(event.at, span)])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _place(moment: datetime, span: timedelta) -> int:
    return int(moment.timestamp() // span.total_seconds())
