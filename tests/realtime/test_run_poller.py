"""The safety net below the hints: one question while nothing is committed, and nobody stays behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from realtime.hubs import run_poller
from realtime.hubs.change_mark import mark
from realtime.hubs.db_threads import tail
from realtime.hubs.run_poller import ENDED_SECONDS, PAUSE_LIMIT_SECONDS, Interest, Poll, pause_between_looks
from runs import lifecycle
from runs.queries import Head
from tests.realtime.writing import batch_event, in_thread, running_run, store

pytestmark = pytest.mark.usefixtures("within_process")


class Watchers:
    """Somebody who watches runs; with `deaf`, one who learns of nothing when woken."""

    def __init__(self, *run_ids: int) -> None:
        self.run_ids = {*run_ids}
        self.known, self.looks = -1, 0
        self.deaf = False
        self.newer_than: int | None = None

    def interest(self) -> Interest:
        return Interest(self.run_ids, self.newer_than)

    def groups_behind(self, head: Head) -> Iterator[str]:
        self.looks += 1
        if head.last_seq > self.known:
            self.known = self.known if self.deaf else head.last_seq
            yield "run.nobody"

    def wake(self, group: str, run_id: int) -> None:
        """Only runs that are gone for ever are told here."""


@pytest.mark.parametrize(
    ("redis", "hears_machine", "on_sqlite", "elsewhere"),
    [("", True, 0.25, 0.075), ("", False, 0.075, 0.075), ("redis://nowhere", False, 1.0, 1.0)],
)
def test_looks_are_seldom_where_hints_tell_all(
    settings: Settings, redis: str, hears_machine: bool, on_sqlite: float, elsewhere: float
) -> None:
    settings.REDIS_URL = redis
    expected = on_sqlite if connection.vendor == "sqlite" else elsewhere
    assert pause_between_looks(hears_machine=hears_machine) == expected


async def test_a_mark_changes_with_each_commit_of_another_connection(owner: User) -> None:
    run = await in_thread(running_run, owner)
    first = await tail(mark)
    assert await tail(mark) == first
    await in_thread(store, run, [batch_event(1)])
    second = await tail(mark)
    assert second != first
    assert await tail(mark) == second
    assert await in_thread(mark) != second, "another connection counts for itself"


async def test_runs_are_looked_at_only_after_a_commit(owner: User) -> None:
    run = await in_thread(running_run, owner)
    watchers = Watchers(run.pk)
    poll = Poll(watchers)
    for _ in range(4):
        await poll.look()
    assert watchers.looks == 2, "the first told of something, so it was looked at once more"
    await in_thread(store, run, [batch_event(1)])
    rests = [await poll.look() for _ in range(4)]
    assert watchers.known == 3
    assert watchers.looks == 4
    assert rests[0] > 0 == rests[3], "a look is followed by a rest, a question is not"


async def test_who_stays_behind_is_woken_at_each_look(owner: User) -> None:
    run = await in_thread(running_run, owner)
    watchers = Watchers(run.pk)
    watchers.deaf = True
    poll = Poll(watchers)
    for _ in range(3):
        await poll.look()
    assert watchers.looks == 3


async def test_news_without_a_hint_wait_for_no_long_rest(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look that took long is followed by the usual rest, several by the longest, which is bounded."""
    costs = iter([0.001, 40.0, 0.002, 40.0, 40.0, 0.003])
    monkeypatch.setattr(run_poller, "with_cost", lambda work, *asked: (work(*asked), next(costs)))
    run = await in_thread(running_run, owner)
    watchers = Watchers(run.pk)
    watchers.deaf = True
    poll = Poll(watchers)
    rests = [await poll.look() for _ in range(6)]
    assert rests == pytest.approx([0.05, 0.05, 0.1, 0.1, 5.0, 0.15])


async def test_the_first_look_that_takes_long_is_followed_by_a_bounded_rest(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_poller, "with_cost", lambda work, *asked: (work(*asked), 40.0))
    run = await in_thread(running_run, owner)
    assert await Poll(Watchers(run.pk)).look() == PAUSE_LIMIT_SECONDS


async def test_runs_that_have_ended_are_looked_at_seldom(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_poller, "with_cost", lambda work, *asked: (work(*asked), 0.001))
    run = await in_thread(running_run, owner)
    watchers = Watchers(run.pk)
    poll = Poll(watchers)
    assert [await poll.look() for _ in range(3)] == pytest.approx([0.05, 0.05, 0])
    await in_thread(lifecycle.end, run.pk, run.attempt, "completed", None)
    watchers.known = run.last_seq + 9
    assert [await poll.look() for _ in range(3)] == [ENDED_SECONDS] * 3
    watchers.newer_than = 0  # a list: runs may come
    assert await poll.look() < ENDED_SECONDS
    watchers.newer_than = None
    assert await poll.look() == ENDED_SECONDS


async def test_a_run_that_is_watched_from_now_on_is_looked_at(owner: User) -> None:
    runs = [await in_thread(running_run, owner) for _ in range(2)]
    watchers = Watchers(runs[0].pk)
    poll = Poll(watchers)
    for _ in range(2):
        await poll.look()
    watchers.run_ids.add(runs[1].pk)
    await poll.look()
    assert watchers.looks == 4
