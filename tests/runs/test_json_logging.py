"""Log lines as JSON, of each thread about its own run."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from runs.json_logging import JsonLines, about


class Lines(logging.Handler):
    """A handler that keeps what a stream would get."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def log(lines: Lines) -> logging.Logger:
    logger = logging.Logger("runs.example")
    logger.addHandler(lines)
    return logger


def test_a_line_is_one_object(log: logging.Logger, lines: Lines) -> None:
    log.warning("first\nsecond %s", "ü\u2028")
    assert "\n" not in lines.texts[0]
    [found] = lines.objects
    assert found["message"] == "first\nsecond ü\u2028"
    assert (found["level"], found["logger"], found["thread"]) == ("WARNING", "runs.example", "MainThread")
    assert abs((datetime.fromisoformat(found["time"]) - datetime.now(UTC)).total_seconds()) < 60
    assert "run_id" not in found


def test_each_thread_logs_about_its_own_attempt(log: logging.Logger, lines: Lines) -> None:
    both = threading.Barrier(2)

    def work(run_id: int) -> None:
        with about(run_id, attempt=run_id + 1):
            both.wait(10)
            log.info("from %s", run_id)
            both.wait(10)
        log.info("afterwards")

    threads = [threading.Thread(target=work, args=(run_id,)) for run_id in (7, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    within = {found["message"]: (found.get("run_id"), found.get("attempt")) for found in lines.objects}
    assert within == {"from 7": (7, 8), "from 9": (9, 10), "afterwards": (None, None)}


def test_a_line_may_name_its_run_itself_and_carries_the_exception(log: logging.Logger, lines: Lines) -> None:
    with about(7, 1):
        try:
            raise ValueError("why")
        except ValueError:
            log.exception("failed", extra={"run_id": 8})
    [found] = lines.objects
    assert found["run_id"] == 8
    assert found["exception"].endswith("ValueError: why")
