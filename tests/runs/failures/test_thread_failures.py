"""Failing loops in the log and in the counts."""

from __future__ import annotations

import logging
import time

import pytest

from runs.failures import thread_failures
from runs.failures.thread_failures import Account


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def fail(account: Account, error: type[Exception] = KeyError) -> None:
    try:
        raise error("injected")
    except error as raised:
        account.failed("looking", raised, 1.0)


def fail_elsewhere(account: Account) -> None:
    try:
        raise KeyError("injected")
    except KeyError as raised:
        account.failed("looking", raised, 1.0)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.levelname for record in caplog.records]


def test_a_lasting_failure_is_one_line_in_ten_minutes_and_each_time_counts(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    account = Account("lasting")
    for _ in range(1_200):
        fail(account)
        clock[0] += 1.0
    assert lines(caplog) == ["ERROR", "ERROR"]
    assert thread_failures.counts()["lasting"] == 1_200
    account.succeeded("looking")
    assert caplog.messages[-1] == "lasting: looking works again after 1200 failures"


def test_one_that_comes_and_goes_is_no_more(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    account = Account("coming")
    for _ in range(500):
        fail(account)
        account.succeeded("looking")
        clock[0] += 1.0
    assert lines(caplog) == ["ERROR", "WARNING"]
    assert thread_failures.counts()["coming"] == 500


def test_another_failure_is_told_at_once(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    account = Account("changing")
    for _ in range(3):
        fail(account)
        fail(account, TypeError)
        fail_elsewhere(account)
    assert lines(caplog) == ["ERROR"] * 3
    assert {record.exc_info[0] for record in caplog.records if record.exc_info} == {KeyError, TypeError}


def test_a_loop_that_never_failed_counts_as_zero(caplog: pytest.LogCaptureFixture) -> None:
    Account("faultless").succeeded("looking")
    assert thread_failures.counts()["faultless"] == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
