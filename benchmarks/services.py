"""The database and the channel layer that a benchmark runs on: SQLite alone, or private PostgreSQL and Redis."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tests.services import servers

NAMES = ("DATABASE_URL", "REDIS_URL")


@contextlib.contextmanager
def services(*, private: bool) -> Iterator[dict[str, str]]:
    """Yield what an installation needs in its environment: servers of its own, or those that this process is told."""
    if not private:
        yield {name: os.environ[name] for name in NAMES if os.environ.get(name)}
        return
    with servers.postgresql() as database, servers.redis_server() as redis:
        yield {"DATABASE_URL": database, "REDIS_URL": redis, "BROKER_URL": redis}
