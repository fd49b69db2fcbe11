"""The table of API tokens as earlier versions had it, each in clear."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

TEXT = "9c4d1f0b7a6e5d4c3b2a19080f7e6d5c4b3a2910"


def add_table(user_id: int, made: datetime) -> None:
    """Make the table with the token of one user, as it would be there after its migrations."""
    kind = "timestamp with time zone" if connection.vendor == "postgresql" else "datetime"
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TABLE authtoken_token ("key" varchar(40) NOT NULL PRIMARY KEY, created {kind} NOT NULL, '
            "user_id integer NOT NULL UNIQUE REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, %s, %s)", [TEXT, made, user_id])
    for name in ("0001_initial", "0002_auto_20160226_1747", "0003_tokenproxy", "0004_alter_tokenproxy_options"):
        MigrationRecorder(connection).record_applied("authtoken", name)
