"""A machine that sleeps, and a clock that somebody sets: nothing is lost by it, nothing is timed by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections
from pytest_django.fixtures import Settings

from experiments import launch
from experiments.supervision import supervisor
from experiments.supervision.lease import Lease
from experiments.supervision.time_limit import TimeLimit
from experiments.training.contract.config import TrainingConfig
from experiments.worker import maintenance, tasks
from experiments.worker.heartbeat import Heartbeat
from experiments.worker.maintenance import Maintenance
from runs import clock, lifecycle
from runs.failures.recovery_clock import RecoveryClock
from runs.models import Run, RunEvent, Worker
from runs.scheduling import workers
from tests.clocks import Clocks
from tests.experiments.supervision.test_supervisor import Recipe
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600.0
LOOK = 5.0


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clocks:
    settings.LEASE_SECONDS = 30.0
    return Clocks(monkeypatch)


@pytest.fixture
def run(user: User, config: TrainingConfig) -> Run:
    return queued_run(user, config)


def queued_run(user: User, config: TrainingConfig) -> Run:
    [run] = launch.create(config, user)
    return run


def claimed(run: Run) -> Run:
    found = lifecycle.claim(run.pk, "a:1")
    assert found is not None
    return found


def ended(run: Run) -> Run:
    found = Run.objects.get(pk=run.pk)
    assert found.start_time is not None
    assert found.end_time is not None
    assert found.end_time >= found.start_time
    return found


class Machine:
    """Its holder renews each second, its maintenance looks every 5; each time it wakes, maintenance comes first."""

    def __init__(self, clocks: Clocks, run: Run) -> None:
        self.clocks = clocks
        self.lease = Lease(run.pk, 1)
        self.recovery_clock = RecoveryClock()
        self.recovered: list[int] = []
        self.until_look = LOOK

    def work(self, seconds: float) -> None:
        while seconds > 0:
            self.clocks.advance(step := min(seconds, 1.0, self.until_look))
            seconds -= step
            self.until_look -= step
            self.look()
            self.lease._renew()

    def look(self) -> None:
        if self.until_look <= 0:
            if moment := self.recovery_clock.moment():
                self.recovered += maintenance.recover_lost_runs(moment)
            self.recovery_clock.mark_idle()
            self.until_look = LOOK

    def sleep_until_just_before_a_look(self, seconds: float) -> None:
        self.clocks.advance(self.until_look)
        self.until_look = 0.0
        self.clocks.jump(seconds)
        self.look()


@pytest.mark.parametrize("seconds", [20.0, 31.0, 8 * HOUR, -20.0, -HOUR, -48 * HOUR])
def test_no_attempt_is_lost_by_a_sleep_or_by_a_clock_that_is_set(clocks: Clocks, run: Run, seconds: float) -> None:
    claimed(run)
    machine = Machine(clocks, run)
    for phase in range(50):
        machine.work(1 + phase % 7 + phase / 50)
        machine.sleep_until_just_before_a_look(seconds)
    machine.work(40.0)
    found = Run.objects.get(pk=run.pk)
    assert (machine.recovered, found.status, found.attempt, found.losses) == ([], "in_progress", 1, 0)


def test_without_the_wait_a_sleep_would_lose_it(clocks: Clocks, run: Run) -> None:
    """So that the test above can fail."""
    claimed(run)
    clocks.jump(31.0)
    assert maintenance.recover_lost_runs(clock.now()) == [run.pk]


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_dead_holder_is_recovered_one_lease_after_the_clock_jumped(
    clocks: Clocks, run: Run, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(maintenance, "INTERVAL_SECONDS", 0.02)
    looks: list[object] = []
    moment_of = RecoveryClock.moment

    def moment(self: RecoveryClock) -> object:
        looks.append(found := moment_of(self))
        return found

    monkeypatch.setattr(RecoveryClock, "moment", moment)
    claimed(run)
    watching = Maintenance()
    watching.start()
    try:
        eventually(lambda: len(looks) > 1)
        assert None not in looks
        clocks.jump(seconds)
        eventually(lambda: None in looks)
        for _ in range(2):
            seen = len(looks)
            clocks.advance(14.0)
            eventually(lambda seen=seen: len(looks) > seen + 2)  # type: ignore[misc]
        assert looks[-1] is None
        assert Run.objects.get(pk=run.pk).status == "in_progress"
        for _ in range(4):
            seen = len(looks)
            clocks.advance(10.0)
            eventually(lambda seen=seen: len(looks) > seen + 2)  # type: ignore[misc]
        eventually(lambda: Run.objects.get(pk=run.pk).status == "queued")
    finally:
        watching.stop()
        watching.join()
    assert Run.objects.get(pk=run.pk).losses == 1


def test_processes_that_stood_still_with_the_machine_awake_may_renew_too(clocks: Clocks) -> None:
    """As in a container that was paused: the monotonic clock goes on."""
    watch = RecoveryClock()
    clocks.advance(LOOK)
    assert watch.moment() == clocks.wall
    clocks.advance(60.0)
    for seconds in (15.0, 14.0, 1.0):
        assert watch.moment() is None
        clocks.advance(seconds)
    assert watch.moment() == clocks.wall


def test_maintenance_that_was_busy_was_not_away(clocks: Clocks) -> None:
    """The removal of a large run takes minutes, and more runs may wait for theirs."""
    watch = RecoveryClock()
    clocks.advance(LOOK)
    assert watch.moment() == clocks.wall
    clocks.advance(300.0)
    watch.mark_idle()
    clocks.advance(LOOK)
    assert watch.moment() == clocks.wall


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_sleep_while_the_reaper_is_busy_is_no_work(clocks: Clocks, seconds: float) -> None:
    watch = RecoveryClock()
    clocks.advance(LOOK)
    assert watch.moment() == clocks.wall
    clocks.advance(100.0)
    clocks.jump(seconds)
    watch.mark_idle()
    clocks.advance(0.1)
    assert watch.moment() is None


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_an_attempt_is_timed_by_a_clock_that_nobody_sets(clocks: Clocks, run: Run, seconds: float) -> None:
    """Its start moves along, so that all who measure from it are right while it works."""
    claimed(run)
    lease = Lease(run.pk, 1)
    clocks.advance(50.0)
    lease._renew()
    clocks.jump(seconds)
    lease._renew()
    clocks.advance(25.0)
    lease._renew()
    assert clocks.ago(Run.objects.get(pk=run.pk).attempt_start) == pytest.approx(75.0)
    clocks.jump(seconds)
    lifecycle.end(run.pk, 1, "completed", None, seconds=lease.seconds)
    found = ended(run)
    assert (found.duration_seconds, found.spent_seconds) == (75.0, 75.0)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_an_attempt_that_is_lost_later_is_timed_up_to_its_last_renewal(
    clocks: Clocks, run: Run, seconds: float
) -> None:
    claimed(run)
    lease = Lease(run.pk, 1)
    clocks.advance(50.0)
    clocks.jump(seconds)
    lease._renew()
    clocks.advance(25.0)
    lease._renew()
    clocks.advance(100.0)
    assert lifecycle.recover(run.pk)
    assert Run.objects.get(pk=run.pk).spent_seconds == pytest.approx(75.0)


def test_an_attempt_whose_clock_is_right_keeps_its_start(clocks: Clocks, run: Run) -> None:
    """Its row does not change each second: pages would be told."""
    start = claimed(run).attempt_start
    lease = Lease(run.pk, 1)
    for _ in range(10):
        clocks.advance(1.0)
        clocks.jump(0.05)
        lease._renew()
    assert Run.objects.get(pk=run.pk).attempt_start == start


@pytest.mark.parametrize("drained", [False, True])
@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_supervised_training_knows_its_time_whatever_the_clock_says(
    queued: Run, recipe: Recipe, monkeypatch: pytest.MonkeyPatch, seconds: float, drained: bool
) -> None:
    real, ahead, draining = clock.now, [0.0], threading.Event()
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=ahead[0]))

    def jump(_message: object) -> None:
        ahead[0] = seconds
        if drained:
            draining.set()

    recipe("obedient" if drained else "completes")
    found = lifecycle.claim(queued.pk, "a:1")
    assert found is not None
    supervisor.carry_out(found, draining=draining, observe=jump)
    run = Run.objects.get(pk=queued.pk)
    assert run.status == ("queued" if drained else "completed")
    assert 0.0 < run.spent_seconds < 60.0
    assert drained or ended(run).duration_seconds == run.spent_seconds


def test_a_sleep_does_not_use_up_the_time_limit(clocks: Clocks, run: Run) -> None:
    run.config["trainer"]["max_hours"] = 2.0
    run.spent_seconds = HOUR
    limit = TimeLimit(run)
    clocks.jump(8 * HOUR)
    clocks.advance(HOUR - 1.0)
    assert not limit.over
    clocks.advance(2.0)
    assert limit.over


def test_a_clock_that_was_set_back_lets_nobody_overtake(clocks: Clocks, user: User, config: TrainingConfig) -> None:
    first = queued_run(user, config)
    clocks.jump(-HOUR)
    second = queued_run(user, config)
    clocks.advance(60.0)
    third = queued_run(user, config)
    assert first.queued_at is not None
    assert third.queued_at is not None
    assert first.turn <= second.turn <= third.turn
    assert first.queued_at <= third.queued_at
    started = [lifecycle.claim_next("a:1") for _ in range(3)]
    assert [run and run.pk for run in started] == [first.pk, second.pk, third.pk]


def test_the_moments_of_a_run_are_in_order_whatever_the_clock_does(clocks: Clocks, run: Run) -> None:
    moments = [Run.objects.get(pk=run.pk).queued_at]
    clocks.jump(-HOUR)
    moments.append(claimed(run).start_time)
    clocks.jump(-HOUR)
    lifecycle.release(run.pk, 1, "Drained.")
    moments.append(Run.objects.get(pk=run.pk).queued_at)
    claimed(run)
    clocks.jump(-HOUR)
    Run.objects.filter(pk=run.pk).update(last_checkpoint="checkpoints/a1/epoch0000.ckpt")
    lifecycle.end(run.pk, 2, "failed", "It broke.")
    moments.append(ended(run).end_time)
    clocks.jump(-HOUR)
    assert lifecycle.resume(run.pk, "Again.")
    moments.append(Run.objects.get(pk=run.pk).queued_at)
    assert lifecycle.cancel(run.pk, "Not wanted.")
    moments.append(ended(run).end_time)
    told = list(RunEvent.objects.filter(run=run).order_by("seq").values_list("timestamp", flat=True))
    assert None not in moments
    assert moments == sorted(moments, key=str)
    assert told == sorted(told)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_an_attempt_whose_seconds_nobody_knows_is_never_negative(clocks: Clocks, run: Run, seconds: float) -> None:
    claimed(run)
    clocks.jump(seconds)
    lifecycle.end(run.pk, 1, "failed", "It broke.")
    assert ended(run).duration_seconds == max(0.0, seconds)


@pytest.fixture
def two_workers(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heartbeat]:
    """Start this worker's heartbeat, beside another worker that does not renew."""
    workers.register("other:1", "other", 2, [])
    here = Heartbeat(1, [])
    monkeypatch.setattr("experiments.worker.heartbeat.RENEW_SECONDS", 0.02)
    here.start()
    eventually(lambda: Worker.objects.count() == 2)
    yield here
    here.stop()
    connections.close_all()


def seen_now(clocks: Clocks) -> bool:
    """Wait until this worker was seen since the clocks were last moved."""
    return Worker.objects.filter(name=workers.own_name(), seen_at=clocks.wall).exists()


def test_a_killed_worker_is_not_alive_for_an_hour(clocks: Clocks, two_workers: Heartbeat) -> None:
    clocks.jump(-HOUR)
    eventually(lambda: [one.name for one in workers.alive()] == [workers.own_name()])
    assert workers.load().slots == 1
    for _ in range(4):
        clocks.advance(10.0)
        eventually(lambda: seen_now(clocks))
    eventually(lambda: Worker.objects.count() == 1)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_living_worker_is_not_forgotten_by_one_that_wakes_first(
    clocks: Clocks, two_workers: Heartbeat, seconds: float
) -> None:
    began = Worker.objects.get(name="other:1").started_at
    clocks.jump(seconds)
    eventually(lambda: seen_now(clocks))
    for _ in range(5):
        workers.register("other:1", "other", 2, [])
        clocks.advance(10.0)
        eventually(lambda: seen_now(clocks))
    assert Worker.objects.get(name="other:1").started_at == began


def test_a_held_run_is_looked_at_again_within_a_lease(
    clocks: Clocks, run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BROKER_EMBEDDED = False
    delays: list[int] = []
    monkeypatch.setattr(tasks.train, "send_with_options", lambda args, delay: delays.append(delay))
    claimed(run)
    clocks.jump(-HOUR)
    tasks.train.fn(run.pk)
    assert delays == [31_000]
