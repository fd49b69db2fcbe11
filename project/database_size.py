"""Measure the size of the database, SQLite or PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from django.db import connection


def database_bytes() -> int | None:
    """Return the bytes on disk, SQLite's write-ahead log included; None if they cannot be determined."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        parts = (Path(name + suffix) for suffix in ("", "-wal"))
        return sum(part.stat().st_size for part in parts if part.is_file())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    return None
