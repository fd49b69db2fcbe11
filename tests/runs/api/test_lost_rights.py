"""A right that is lost while a request waits: the answer is what a request that comes now would get."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client

from access.models import Membership, Project
from access.roles import Role
from accounts.models import APIToken
from experiments.models import Preflight
from runs.events import LrUpdate
from runs.models import Run
from tests.runs.api.test_events import waiting
from tests.runs.conftest import MakeRun, add_events
from tests.tokens import new_token

DRY_RUN = "/api/experiments/centralized/train?dry_run=true&wait=20"


class Asked(NamedTuple):
    """A run of a project, and a member of that who asks with a token, which `headers` are."""

    run: Run
    shown: Project
    user: User
    headers: dict[str, str]


@pytest.fixture
def asked(transactional_db: None, make_run: MakeRun) -> Asked:
    shown, user, run = Project.objects.create(name="shown"), User.objects.create_user("grace"), make_run()
    Membership.objects.filter(user=user).delete()
    Membership.objects.create(user=user, project=shown, role=Role.TRAINER)
    Run.objects.filter(pk=run.pk).update(project=shown)
    return Asked(run, shown, user, {"authorization": f"Token {new_token(user)}"})


def nothing(_asked: Asked) -> None:
    """Lose nothing."""


def remove_member(asked: Asked) -> None:
    Membership.objects.filter(user=asked.user).update(project=Project.objects.create(name="other"))


def move_run(asked: Asked) -> None:
    Run.objects.filter(pk=asked.run.pk).update(project=Project.objects.create(name="other"))


def limit_token(asked: Asked) -> None:
    APIToken.objects.filter(user=asked.user).update(project=Project.objects.create(name="other"))


def dismiss(asked: Asked) -> None:
    """Take the rights of staff; as a member the user sees another project."""
    remove_member(asked)
    User.objects.filter(pk=asked.user.pk).update(is_staff=False)


def deactivate(asked: Asked) -> None:
    User.objects.filter(pk=asked.user.pk).update(is_active=False)


def revoke_token(asked: Asked) -> None:
    APIToken.objects.filter(user=asked.user).delete()


LOSSES: dict[Callable[[Asked], None], int] = {
    nothing: 200,
    remove_member: 404,
    move_run: 404,
    limit_token: 404,
    dismiss: 404,
    deactivate: 401,
    revoke_token: 401,
}


async def prepare(loss: Callable[[Asked], None], asked: Asked) -> None:
    if loss is dismiss:
        await User.objects.filter(pk=asked.user.pk).aupdate(is_staff=True)


def rate() -> LrUpdate:
    return LrUpdate(epoch=0, step=1, learning_rate=0.5)


@pytest.mark.parametrize("loss", LOSSES)
async def test_of_the_journal(asked: Asked, loss: Callable[[Asked], None]) -> None:
    await prepare(loss, asked)
    path = f"/api/runs/{asked.run.pk}/events/"
    answer = asyncio.create_task(AsyncClient().get(path, {"wait": 20}, headers=asked.headers))
    await waiting()
    await sync_to_async(loss)(asked)
    await sync_to_async(add_events)(asked.run, [rate()])
    found: Any = await answer
    assert found.status_code == LOSSES[loss], found.content
    assert (b"lr_update" in found.content) == (loss is nothing)


@pytest.mark.parametrize("loss", LOSSES)
async def test_of_the_log(asked: Asked, loss: Callable[[Asked], None], monkeypatch: pytest.MonkeyPatch) -> None:
    await prepare(loss, asked)
    looked, lost = asyncio.Event(), asyncio.Event()

    async def look(_seconds: float) -> None:
        looked.set()
        await lost.wait()

    monkeypatch.setattr("runs.api.insight_views.asyncio.sleep", look)
    path = f"/api/runs/{asked.run.pk}/log/"
    answer = asyncio.create_task(AsyncClient().get(path, {"wait": 20, "after": 0}, headers=asked.headers))
    await asyncio.wait_for(looked.wait(), 20)
    await sync_to_async(loss)(asked)
    await Run.objects.filter(pk=asked.run.pk).aupdate(status="failed")
    lost.set()
    found: Any = await answer
    assert found.status_code == LOSSES[loss], found.content


@pytest.mark.parametrize("loss", [one for one in LOSSES if one is not move_run])
async def test_of_a_dry_run(asked: Asked, loss: Callable[[Asked], None], monkeypatch: pytest.MonkeyPatch) -> None:
    await prepare(loss, asked)
    looked, lost = asyncio.Event(), asyncio.Event()

    async def look(_seconds: float) -> None:
        looked.set()
        await lost.wait()

    monkeypatch.setattr("experiments.api.views.asyncio.sleep", look)
    monkeypatch.setattr("experiments.wakeup.announce_request", lambda: None)
    body = {"experiment_name": "tried", "source_path": "builtin:breast-cancer", "project": "shown"}
    client = AsyncClient()
    answer = asyncio.create_task(client.post(DRY_RUN, body, content_type="application/json", headers=asked.headers))
    await asyncio.wait_for(looked.wait(), 60)
    await sync_to_async(loss)(asked)
    await Preflight.objects.aupdate(status="cancelled")
    lost.set()
    found: Any = await answer
    assert found.status_code == LOSSES[loss], found.content


async def test_of_a_session_that_ended(asked: Asked) -> None:
    browser = Client()
    await sync_to_async(browser.force_login)(asked.user)
    client = AsyncClient()
    client.cookies = browser.cookies
    answer = asyncio.create_task(client.get(f"/api/runs/{asked.run.pk}/events/", {"wait": 20}))
    await waiting()
    await Session.objects.all().adelete()
    await sync_to_async(add_events)(asked.run, [rate()])
    found: Any = await answer
    assert found.status_code == 401, found.content
