"""One contract for all that is held under a lease: runs, pre-flight reports and checks of data sets."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from access.models import Project
from experiments import launch
from experiments.datasets import checks, registration
from experiments.models import Dataset, Preflight
from experiments.preflights import requests
from experiments.preflights import state as preflight_store
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.leases import Fenced, Leased
from runs.models import Run
from tests.clocks import Clocks
from tests.experiments.training.datasets import with_csv

pytestmark = pytest.mark.django_db(transaction=True)


class Kind(ABC):
    """What the stores have in common, under the same names."""

    waiting: str
    held: str
    ended: str

    @abstractmethod
    def make(self, owner: User, config: TrainingConfig) -> int:
        """Create a row that waits."""

    @abstractmethod
    def row(self, pk: int) -> Leased: ...

    @abstractmethod
    def state(self, pk: int) -> str: ...

    @abstractmethod
    def explanation(self, pk: int) -> str: ...

    @abstractmethod
    def claim(self, pk: int) -> Leased | None: ...

    @abstractmethod
    def renew(self, row: Leased) -> None: ...

    @abstractmethod
    def release(self, row: Leased) -> None: ...

    @abstractmethod
    def end(self, row: Leased) -> None: ...

    @abstractmethod
    def lost(self, now: datetime | None = None) -> list[int]:
        """Recover lost rows, and return those that this call recovered."""

    @abstractmethod
    def recover(self, pk: int) -> bool: ...

    def expire(self, pk: int, by: timedelta = timedelta(seconds=-1)) -> None:
        """Let the lease end then, seen from now."""
        type(self.row(pk))._default_manager.filter(pk=pk).update(lease_until=timezone.now() + by)


class Runs(Kind):
    waiting, held, ended = "queued", "in_progress", "failed"

    def make(self, owner: User, config: TrainingConfig) -> int:
        [run] = launch.create(config, owner)
        return run.pk

    def row(self, pk: int) -> Run:
        return Run.objects.get(pk=pk)

    def state(self, pk: int) -> str:
        return self.row(pk).status

    def explanation(self, pk: int) -> str:
        return self.row(pk).reason or ""

    def claim(self, pk: int) -> Run | None:
        return lifecycle.claim(pk, "a worker")

    def renew(self, row: Leased) -> None:
        lifecycle.renew(row.pk, row.attempt)

    def release(self, row: Leased) -> None:
        lifecycle.release(row.pk, row.attempt, "Drained.")

    def end(self, row: Leased) -> None:
        lifecycle.end(row.pk, row.attempt, "failed", "It broke.")

    def lost(self, now: datetime | None = None) -> list[int]:
        return [pk for pk in lifecycle.lost_runs(now) if lifecycle.recover(pk, now)]

    def recover(self, pk: int) -> bool:
        return lifecycle.recover(pk)


class Preflights(Kind):
    waiting, held, ended = "queued", "running", "failed"

    def make(self, owner: User, config: TrainingConfig) -> int:
        return requests.request(config, owner).pk

    def row(self, pk: int) -> Preflight:
        return Preflight.objects.get(pk=pk)

    def state(self, pk: int) -> str:
        return self.row(pk).status

    def explanation(self, pk: int) -> str:
        return self.row(pk).problem or ""

    def claim(self, pk: int) -> Preflight | None:
        return preflight_store.claim(pk, "a worker")

    def renew(self, row: Leased) -> None:
        preflight_store.renew(row.pk, row.attempt)

    def release(self, row: Leased) -> None:
        preflight_store.release(row.pk, row.attempt)

    def end(self, row: Leased) -> None:
        preflight_store.fail(row.pk, row.attempt, "It broke.")

    def lost(self, now: datetime | None = None) -> list[int]:
        return preflight_store.recover_lost(now)

    def recover(self, pk: int) -> bool:
        return preflight_store.recover(pk)


class Checks(Kind):
    waiting, held, ended = "waiting", "checking", "refused"

    def make(self, owner: User, config: TrainingConfig) -> int:
        return registration.register(owner, "lungs", Project.objects.get()).pk

    def row(self, pk: int) -> Dataset:
        return Dataset.objects.get(pk=pk)

    def state(self, pk: int) -> str:
        return self.row(pk).state

    def explanation(self, pk: int) -> str:
        return self.row(pk).problem or ""

    def claim(self, pk: int) -> Dataset | None:
        return checks.claim()

    def renew(self, row: Leased) -> None:
        checks.renew(self._as_claimed(row), None)

    def release(self, row: Leased) -> None:
        checks.release(self._as_claimed(row))

    def end(self, row: Leased) -> None:
        checks.refuse(self._as_claimed(row), "It broke.")

    def lost(self, now: datetime | None = None) -> list[int]:
        return checks.recover_lost(now)

    def recover(self, pk: int) -> bool:
        return checks.recover(pk)

    def _as_claimed(self, row: Leased) -> Dataset:
        assert isinstance(row, Dataset)
        return row


@pytest.fixture(params=[Runs, Preflights, Checks], ids=["run", "pre-flight", "check"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Kind:
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path]
    with_csv(tmp_path / "lungs")
    made: Kind = request.param()
    return made


@pytest.fixture
def pk(kind: Kind, user: User, config: TrainingConfig) -> int:
    return kind.make(user, config)


def claimed(kind: Kind, pk: int) -> Leased:
    row = kind.claim(pk)
    assert row is not None
    return row


def together(*acts: Callable[[], object]) -> list[object]:
    """Return what each returns or raises, done in threads that start at once."""
    start, results = threading.Barrier(len(acts)), dict[int, object]()

    def act(index: int) -> None:
        start.wait()
        try:
            results[index] = acts[index]()
        except Fenced as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[index] for index in range(len(acts))]


def test_one_of_many_claims_it(kind: Kind, pk: int) -> None:
    taken = [row for row in together(*[lambda: kind.claim(pk)] * 4) if row is not None]
    assert len(taken) == 1
    row = kind.row(pk)
    assert (kind.state(pk), row.attempt, row.losses) == (kind.held, 1, 0)
    assert row.worker
    assert row.lease_until is not None
    assert kind.claim(pk) is None


def test_an_old_attempt_writes_nothing(kind: Kind, pk: int) -> None:
    old = claimed(kind, pk)
    kind.expire(pk)
    assert kind.lost() == [pk]
    assert claimed(kind, pk).attempt == 2
    before = type(old)._default_manager.filter(pk=pk).values().get()
    for write in (kind.renew, kind.release, kind.end):
        with pytest.raises(Fenced, match="attempt 1 no longer holds it"):
            write(old)
    assert type(old)._default_manager.filter(pk=pk).values().get() == before


@pytest.mark.parametrize("end", ["release", "end"])
def test_nobody_holds_what_was_given_back_or_has_ended(kind: Kind, pk: int, end: str) -> None:
    holder = claimed(kind, pk)
    getattr(kind, end)(holder)
    row = kind.row(pk)
    assert (row.worker, row.lease_until, row.losses) == ("", None, 0)
    assert kind.state(pk) == (kind.waiting if end == "release" else kind.ended)
    for write in (kind.renew, kind.release, kind.end):
        with pytest.raises(Fenced):
            write(holder)


def test_an_expired_lease_counts_one_loss_once(kind: Kind, pk: int) -> None:
    claimed(kind, pk)
    assert kind.lost() == []
    assert not kind.recover(pk)
    kind.expire(pk)
    recovered = together(*[lambda: kind.recover(pk)] * 4)
    assert sorted(recovered, key=bool) == [False, False, False, True]
    row = kind.row(pk)
    assert (kind.state(pk), row.worker, row.lease_until, row.losses) == (kind.waiting, "", None, 1)


@pytest.mark.parametrize(("limit", "told"), [(1, "once"), (3, "3 times")])
def test_it_is_given_up_when_it_was_lost_too_often(
    kind: Kind, pk: int, settings: Settings, limit: int, told: str
) -> None:
    settings.ATTEMPT_LIMIT = limit
    for _ in range(limit):
        claimed(kind, pk)
        kind.expire(pk)
        assert kind.lost() == [pk]
    assert (kind.state(pk), kind.row(pk).losses, kind.row(pk).lease_until) == (kind.ended, limit, None)
    assert f"{told}, so it is not" in kind.explanation(pk)
    assert kind.claim(pk) is None


def test_only_losses_count_not_attempts(kind: Kind, pk: int) -> None:
    """Four workers that were shut down in order and one that was lost are one loss."""
    for _ in range(4):
        kind.release(claimed(kind, pk))
    assert claimed(kind, pk).attempt == 5
    kind.expire(pk)
    assert kind.lost() == [pk]
    assert (kind.state(pk), kind.row(pk).losses) == (kind.waiting, 1)
    assert claimed(kind, pk).attempt == 6


def test_a_renewal_and_a_recovery_exclude_each_other(kind: Kind, pk: int, settings: Settings) -> None:
    settings.ATTEMPT_LIMIT = 100
    for _ in range(10):
        holder = claimed(kind, pk)
        kind.expire(pk)
        renewed, recovered = together(lambda holder=holder: kind.renew(holder), lambda: kind.recover(pk))  # type: ignore[misc]
        assert isinstance(renewed, Fenced) == recovered
        assert kind.state(pk) == (kind.waiting if recovered else kind.held)
        if not recovered:
            kind.release(holder)


def test_who_renews_between_the_look_and_the_recovery_keeps_it(kind: Kind, pk: int) -> None:
    holder = claimed(kind, pk)
    kind.expire(pk)
    kind.renew(holder)
    assert not kind.recover(pk)
    assert (kind.state(pk), kind.row(pk).losses) == (kind.held, 0)


def test_a_lease_from_before_the_clock_was_set_back_has_expired(kind: Kind, pk: int) -> None:
    claimed(kind, pk)
    kind.expire(pk, timedelta(hours=1))
    assert kind.lost() == [pk]
    assert (kind.state(pk), kind.row(pk).losses) == (kind.waiting, 1)


def test_the_clock_of_another_machine_may_be_ahead(kind: Kind, pk: int, settings: Settings) -> None:
    """By less than what `doctor` calls a failure."""
    claimed(kind, pk)
    kind.expire(pk, timedelta(seconds=settings.LEASE_SECONDS * 1.4))
    assert kind.lost() == []


def test_what_happens_to_the_clock_during_a_look_does_not_count(
    kind: Kind, pk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    claimed(kind, pk)
    moment = clocks.wall
    clocks.jump(3600)
    assert kind.lost(moment) == []
    assert kind.lost() == [pk]


def test_all_three_are_leased() -> None:
    columns = [field.name for field in Leased._meta.get_fields()]
    assert columns == ["attempt", "worker", "lease_until", "losses"]
    leased: list[Any] = [Run, Preflight, Dataset]
    assert all(issubclass(model, Leased) for model in leased)
