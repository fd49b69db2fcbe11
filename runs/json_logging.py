"""Write log lines as JSON, one object per line, with the run that each is about.

Loaded while logging is set up, before the apps: it imports none of them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from request_ids.current import current

_run: ContextVar[dict[str, int]] = ContextVar("run that is logged about")


@contextmanager
def about(run_id: int, attempt: int) -> Iterator[None]:
    """Mark everything that this thread logs inside the block as being about that attempt."""
    token = _run.set({"run_id": run_id, "attempt": attempt})
    try:
        yield
    finally:
        _run.reset(token)


class JsonLines(logging.Formatter):
    """A formatter of log lines as JSON objects.

    Fields: `time` (UTC), `level`, `logger`, `message`, `process`, `thread`; where known `request_id`, `run_id`,
    `attempt`, `exception`. A line may name its run with `extra={"run_id": …}` instead of `about`. Lines of the logger
    `audit` have the whole event as `audit`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Format the record as one JSON object."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            "thread": record.threadName,
        }
        if identifier := current():
            fields["request_id"] = identifier
        fields |= _run.get({})
        fields |= {name: record.__dict__[name] for name in ("run_id", "attempt", "audit") if name in record.__dict__}
        if record.exc_info:
            fields["exception"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)
