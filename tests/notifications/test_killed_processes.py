"""A process that is killed at any moment loses no message and doubles none: real processes, real SIGKILL."""

from __future__ import annotations

import json
from pathlib import Path

from tests.prepared_home import prepared

SCRIPT = """
import json, os, signal
from datetime import timedelta
import django
django.setup()
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.db.models import QuerySet
from notifications import conditions, following, outbox
from notifications.models import Message, Subscription
from runs import lifecycle
from runs.changes import status_changes
from runs.derived_models import StatusChange
from runs.models import Run
from django.utils import timezone
from tests.realtime.writing import CONFIG

def killed(patch, work):
    "Do the work in a process that is killed at the place that `patch` marks."
    connections.close_all()
    if (child := os.fork()) == 0:
        patch()
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def before(owner, name):
    setattr(owner, name, die)

def after(owner, name):
    real = getattr(owner, name)
    def wrapped(*arguments, **options):
        real(*arguments, **options)
        die()
    setattr(owner, name, wrapped)

user = User.objects.create_user("ada")
own = Subscription.objects.create(
    user=user, name="s", channel="webhook", url="https://a.example", occasions=["run.completed"]
)
run = lifecycle.claim(lifecycle.create(user, CONFIG).pk, "tester")
following.follow()
end = lambda: lifecycle.end(run.pk, run.attempt, "completed", None)

facts = {}
killed(lambda: before(status_changes, "add"), end)
killed(lambda: after(status_changes, "add"), end)
facts["ended halfway"] = [Run.objects.get().status, StatusChange.objects.count()]
killed(lambda: after(lifecycle, "end"), lambda: lifecycle.end(run.pk, run.attempt, "completed", None))
facts["ended"] = [Run.objects.get().status, StatusChange.objects.count()]
for patch in (
    lambda: before(following, "make_messages") or before(following.outbox, "store"),
    lambda: after(outbox, "store"),
    lambda: before(conditions, "look_at_metrics"),
    lambda: before(QuerySet, "delete"),
    lambda: after(QuerySet, "delete"),
):
    killed(patch, following.follow)
    facts.setdefault("followed halfway", []).append([Message.objects.count(), StatusChange.objects.count()])
killed(lambda: after(status_changes, "follow_up"), following.follow)
facts["followed"] = [Message.objects.count(), StatusChange.objects.count()]
following.follow()
facts["again"] = [Message.objects.count(), StatusChange.objects.count()]
killed(lambda: after(outbox, "claim"), lambda: outbox.claim([Message.objects.get().pk], timezone.now()))
now = timezone.now()
facts["claimed"] = len(outbox.next_of_each(now, 9))
later = now + timedelta(seconds=outbox.CLAIM_SECONDS + 1)
facts["claimed later"] = len(outbox.next_of_each(later, 9))
print(json.dumps(facts))
"""


def test_each_end_makes_one_message_whatever_process_is_killed_when(tmp_path: Path) -> None:
    facts = json.loads(prepared(tmp_path / "home").python(SCRIPT))
    assert facts["ended halfway"] == ["in_progress", 0]
    assert facts["ended"] == ["completed", 1]
    assert facts["followed halfway"] == [[0, 1]] * 5
    assert facts["followed"] == facts["again"] == [1, 0]
    assert facts["claimed"] == 0
    assert facts["claimed later"] == 1
