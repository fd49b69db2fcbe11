"""What an installation has to itself of the services that a test session runs on."""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from tests.prepared_database import ON_POSTGRESQL


@cache
def own_part(home: Path) -> dict[str, str]:
    """Return addresses for the installation in that folder, always the same; none in a session on SQLite."""
    part = {}
    if (server := os.environ.get("DATABASE_URL", "")).startswith("postgresql:"):
        part["DATABASE_URL"] = new_database(server, f"home_{secrets.token_hex(8)}", ON_POSTGRESQL)
    if server := os.environ.get("REDIS_URL", ""):
        part["REDIS_URL"] = part["BROKER_URL"] = new_redis_database(server)
    if (broker := os.environ.get("BROKER_URL", "")).startswith("amqp:"):
        part["BROKER_URL"] = broker
    return part


def empty_database() -> dict[str, str]:
    """Return the address of a PostgreSQL database that no migration has seen; none in a session on SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgresql:"):
        return {}
    return {"DATABASE_URL": new_database(server, f"empty_{secrets.token_hex(8)}", template="template0")}


def new_database(server: str, name: str, template: str = "template1") -> str:
    """Create a PostgreSQL database of that name, beside the one of the address, as a copy of another.

    One that is there already is of the same test's first try.
    """
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(create)
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def new_redis_database(server: str) -> str:
    """Return the next of that Redis' databases; the first one counts them."""
    address = urlsplit(server)
    with redis.Redis.from_url(address._replace(path="/0").geturl()) as client:
        return address._replace(path=f"/{client.incr('installations')}").geturl()
