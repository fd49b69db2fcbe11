"""`ws/runs/` between projects: nothing of a run reaches those who do not see its project, whatever happens to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User

from access.models import Membership, Project
from access.roles import Role
from realtime import auth
from realtime.hubs import broadcast, list_looks
from runs import lifecycle, serializers
from runs.models import Run
from runs.removal import deletion
from runs.scheduling import workers
from runs.tagging import tags
from tests.realtime.in_process import Message, Socket, socket
from tests.realtime.projects import member, move, project, run_in, stranger
from tests.realtime.writing import in_thread
from tests.tokens import new_token

pytestmark = pytest.mark.usefixtures("within_process")


class World(NamedTuple):
    """Two projects, who owns the runs of both, and tokens of people who see one, both or none of them."""

    ours: Project
    theirs: Project
    owner: User
    token: str
    both: str
    nobody: str
    operator: str


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(auth, "RECHECK_SECONDS", 3_600.0)
    ours, theirs = project("ours"), project("theirs")
    operator = stranger("root")
    User.objects.filter(pk=operator.pk).update(is_superuser=True)
    operator.refresh_from_db()
    people = (member("grace", ours), member("linus", ours, theirs), stranger("eve"), operator)
    return World(ours, theirs, member("ada", ours, theirs, role=Role.TRAINER), *map(new_token, people))


def summary(run: Run, **fields: object) -> Callable[[Message], bool]:
    """Match the summary of a run with these values."""

    def found(message: Message) -> bool:
        if (message["type"], message.get("run_id")) != ("run_summary", run.pk):
            return False
        return bool(fields.items() <= message["data"].items())

    return found


def notice(kind: str, run: Run) -> Callable[[Message], bool]:
    return lambda message: (message["type"], message.get("run_id")) == (kind, run.pk)


def named(received: list[Message]) -> set[int]:
    """Collect the numbers of all runs that the messages name."""
    found = {message["run_id"] for message in received if "run_id" in message}
    for message in received:
        if message["type"] == "queue":
            found |= {one["run_id"] for one in message["data"]["runs"]}
    return found


async def tag(run: Run, name: str) -> None:
    """Change a run so that every list that shows it is told."""
    await in_thread(tags.change, run.pk, [name], [])
    broadcast.hint(run.pk)


async def until_told(opened: Socket, run: Run, mark: str) -> list[Message]:
    """Change a run that the client sees, and receive everything up to that."""
    await tag(run, mark)
    return await opened.until(summary(run, tags=[mark]))


async def test_nothing_of_another_project_whatever_happens_there(world: World) -> None:
    ours = await in_thread(run_in, world.ours, world.owner)
    before = await in_thread(run_in, world.theirs, world.owner)
    waits = await in_thread(run_in, world.theirs, world.owner, waits=True)
    async with socket("/ws/runs/", world.token) as opened, socket("/ws/runs/", world.operator) as operator:
        await operator.until(summary(waits))
        new = await in_thread(run_in, world.theirs, world.owner, waits=True)
        await in_thread(lifecycle.cancel, new.pk, "Not wanted.")
        await in_thread(workers.register, "here:1", "here", 1, [])
        await in_thread(lifecycle.end, before.pk, before.attempt, "completed", None)
        await operator.until(summary(before, status="completed"))
        await in_thread(deletion.delete, before.pk, world.owner)
        await operator.until(notice("run_deleted", before))
        await in_thread(deletion.restore, before.pk)
        await operator.until(summary(before, status="completed"))
        received = await until_told(opened, ours, "after all that")
    assert named(received) == {ours.pk}
    assert "theirs" not in "".join(opened.texts)


def is_queue(message: Message) -> bool:
    return bool(message["type"] == "queue")


async def test_the_queue_names_and_counts_the_own_runs_alone_at_their_true_places(world: World) -> None:
    theirs = await in_thread(run_in, world.theirs, world.owner, waits=True)
    ours = await in_thread(run_in, world.ours, world.owner, waits=True)
    trains = await in_thread(run_in, world.theirs, world.owner)
    for path in ("/ws/runs/", "/ws/runs/?only=queue"):
        async with (
            socket(path, world.token) as opened,
            socket(path, world.nobody) as nobody,
            socket(path, world.operator) as operator,
        ):
            [data] = [one["data"] for one in await opened.until(is_queue) if is_queue(one)]
            assert [(one["run_id"], one["queue_position"]) for one in data["runs"]] == [(ours.pk, 2)]
            assert (data["queued"], data["running"]) == (1, 0)
            [data] = [one["data"] for one in await nobody.until(is_queue) if is_queue(one)]
            assert (data["runs"], data["queued"], data["running"]) == ([], 0, 0)
            [data] = [one["data"] for one in await operator.until(is_queue) if is_queue(one)]
            assert [one["run_id"] for one in data["runs"]] == [theirs.pk, ours.pk]
            assert (data["queued"], data["running"]) == (2, 1)
    assert trains.status == "in_progress"


async def test_a_new_client_begins_with_the_runs_of_its_projects(world: World) -> None:
    ours = await in_thread(run_in, world.ours, world.owner)
    theirs = await in_thread(run_in, world.theirs, world.owner)
    expected = {world.token: {ours.pk}, world.both: {ours.pk, theirs.pk}, world.operator: {ours.pk, theirs.pk}}
    for token, numbers in expected.items():
        async with socket("/ws/runs/", token) as opened:
            assert named(await opened.frame()) == numbers
    async with socket("/ws/runs/", world.nobody) as opened:
        assert named(await opened.frame()) == set()


async def test_those_who_see_the_same_are_sent_the_same_text_encoded_once(world: World) -> None:
    """However many they are; who sees more shares what both see."""
    ours = await in_thread(run_in, world.ours, world.owner)
    twin = await in_thread(new_token, await in_thread(member, "twin", world.ours))
    async with (
        socket("/ws/runs/", world.token) as one,
        socket("/ws/runs/", twin) as two,
        socket("/ws/runs/", world.operator) as operator,
    ):
        for opened in (one, two, operator):
            await opened.until(summary(ours))
        await tag(ours, "shared")
        for opened in (one, two, operator):
            await opened.until(summary(ours, tags=["shared"]))
    assert one.texts[-1] is two.texts[-1]
    texts = [opened.texts[-1] for opened in (one, operator)]
    assert _summary_text(texts[0]) == _summary_text(texts[1])


def _summary_text(frame: str) -> str:
    return json.dumps([message for message in json.loads(frame) if message["type"] == "run_summary"])


async def test_what_nobody_who_listens_may_see_is_not_even_described(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    described: list[int] = []
    summaries = serializers.run_summaries

    def noted(runs: list[Run]) -> list[dict[str, object]]:
        described.extend(run.pk for run in runs)
        return summaries(runs)

    monkeypatch.setattr(list_looks, "run_summaries", noted)
    ours = await in_thread(run_in, world.ours, world.owner)
    theirs = await in_thread(run_in, world.theirs, world.owner)
    async with socket("/ws/runs/", world.token) as opened:
        await opened.until(summary(ours))
        await tag(theirs, "unseen")
        await until_told(opened, ours, "seen")
    assert theirs.pk not in described
    assert ours.pk in described


async def test_who_leaves_a_project_is_told_so_and_gets_nothing_more_of_it(world: World) -> None:
    ours, theirs = [await in_thread(run_in, each, world.owner) for each in (world.ours, world.theirs)]
    async with socket("/ws/runs/", world.both) as opened, socket("/ws/runs/", world.operator) as operator:
        assert named(await opened.frame()) == {ours.pk, theirs.pk}
        await in_thread(_leave, "linus", world.theirs)
        received = await opened.until(lambda message: message["type"] == "access_changed")
        assert received[0]["type"] == "access_changed", "before anything else"
        await tag(theirs, "unseen")
        await operator.until(summary(theirs, tags=["unseen"]))
        received += await until_told(opened, ours, "seen")
    assert named(received) == {ours.pk}


async def test_who_joins_a_project_gets_its_runs_at_once(world: World) -> None:
    theirs = await in_thread(run_in, world.theirs, world.owner)
    async with socket("/ws/runs/", world.token) as opened:
        assert named(await opened.frame()) == set()
        eve = await in_thread(User.objects.get, username="grace")
        await in_thread(Membership.objects.create, user=eve, project=world.theirs, role=Role.VIEWER)
        received = await opened.until(summary(theirs))
    assert [message["type"] for message in received][:2] == ["access_changed", "run_summary"]


async def test_another_role_is_told_and_shows_the_same(world: World) -> None:
    ours = await in_thread(run_in, world.ours, world.owner)
    async with socket("/ws/runs/", world.token) as opened:
        assert named(await opened.frame()) == {ours.pk}
        await in_thread(_become_trainer, "grace")
        received = await opened.until(summary(ours))
    assert received[0]["type"] == "access_changed"


async def test_staff_who_are_no_longer_staff_see_their_own_projects(world: World) -> None:
    ours = await in_thread(run_in, world.ours, world.owner)
    theirs = await in_thread(run_in, world.theirs, world.owner)
    await in_thread(User.objects.filter(username="grace").update, is_staff=True)
    async with socket("/ws/runs/", world.token) as opened:
        assert named(await opened.frame()) == {ours.pk, theirs.pk}
        await in_thread(_dismiss, "grace")
        received = await opened.until(lambda message: message["type"] == "access_changed")
        received += await until_told(opened, ours, "seen")
    assert named(received) == {ours.pk}


async def test_a_moved_run_leaves_the_lists_of_one_project_and_joins_those_of_the_other(world: World) -> None:
    run = await in_thread(run_in, world.ours, world.owner)
    stays = await in_thread(run_in, world.ours, world.owner)
    elsewhere = await in_thread(new_token, await in_thread(member, "elsewhere", world.theirs))
    async with (
        socket("/ws/runs/", world.token) as opened,
        socket("/ws/runs/", elsewhere) as other,
        socket("/ws/runs/", world.both) as both,
    ):
        await opened.until(summary(run))
        assert named(await other.frame()) == set()
        await both.until(summary(run))
        await in_thread(move, run, world.theirs)
        broadcast.hint(run.pk)
        received = await opened.until(notice("run_withdrawn", run))
        assert not any(summary(run)(message) for message in received)
        assert named(await other.until(summary(run))) == {run.pk}
        assert not any(message["type"] == "run_withdrawn" for message in await both.until(summary(run)))
        await tag(run, "unseen")
        await other.until(summary(run, tags=["unseen"]))
        assert named(await until_told(opened, stays, "seen")) == {stays.pk}


async def test_a_run_moved_between_projects_that_a_client_does_not_see_is_not_told(world: World) -> None:
    third = await in_thread(project, "third")
    ours, run = await in_thread(run_in, world.ours, world.owner), await in_thread(run_in, world.theirs, world.owner)
    async with socket("/ws/runs/", world.token) as opened, socket("/ws/runs/", world.operator) as operator:
        await operator.until(summary(run))
        await in_thread(move, run, third)
        await tag(run, "moved")
        await operator.until(summary(run, tags=["moved"]))
        assert named(await until_told(opened, ours, "seen")) == {ours.pk}


def _leave(name: str, where: Project) -> None:
    Membership.objects.get(user__username=name, project=where).delete()


def _become_trainer(name: str) -> None:
    membership = Membership.objects.get(user__username=name)
    membership.role = Role.TRAINER
    membership.save()


def _dismiss(name: str) -> None:
    user = User.objects.get(username=name)
    user.is_staff = False
    user.save()
