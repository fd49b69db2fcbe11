"""One plain question finds what the ORM's two would: head and items, also where some events are no longer there."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from realtime.hubs.journal_news import News, first, following
from realtime.wire.frames import FRAME_EVENTS, read
from runs.models import Run, RunEvent
from runs.queries import heads
from tests.realtime.writing import running_run, store_at_once, training_events


@pytest.fixture
def run(owner: User) -> Run:
    """Make a running run, whose journal has two events."""
    return running_run(owner)


def look(run: Run, known: News) -> News:
    """Look as a hub does; head and items are those that the ORM finds."""
    found = following(run.pk, known)
    assert found.head == heads([run.pk])[0]
    assert found.last == found.head.last_seq
    assert found.items == (read(run.pk, found.after, found.last) if found.last > found.after else [])
    return found


def test_what_is_new_and_nothing(run: Run) -> None:
    begun = first(run.pk)
    assert [item.last for item in begun.items] == [1, 2]
    assert look(run, begun).items == []
    store_at_once(run, training_events(5))
    news = look(run, begun)
    assert [item.last for item in news.items] == [3, 4, 5, 6, 7]
    assert look(run, news).items == []


def test_as_many_as_one_frame_holds(run: Run) -> None:
    store_at_once(run, training_events(FRAME_EVENTS + 1))
    news = look(run, News(None, 0, 2, []))
    assert (len(news.items), news.last) == (FRAME_EVENTS, FRAME_EVENTS + 3)
    assert len(look(run, news).items) == 1


@pytest.mark.parametrize("gone", [[3], [5], [7], [3, 4, 5, 6, 7]])
def test_what_is_no_longer_there_is_marked(run: Run, gone: list[int]) -> None:
    store_at_once(run, training_events(5))
    RunEvent.objects.filter(run=run, seq__in=gone).delete()
    items = look(run, News(None, 0, 2, [])).items
    assert items[-1].last == 7
    assert any("skipped" in item.text for item in items)


def test_what_users_do_is_seen_and_the_end_of_the_run_for_ever(run: Run) -> None:
    known = look(run, first(run.pk))
    Run.objects.filter(pk=run.pk).update(touched_at=timezone.now())
    known = look(run, known)
    assert known.head is not None
    assert known.head.touched_at is not None
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
    assert look(run, known).head != known.head
    Run.objects.filter(pk=run.pk).delete()
    assert following(run.pk, known).head is None
