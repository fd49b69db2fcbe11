#!/usr/bin/env bash
set -euo pipefail
# Version: django 5.2.19, with the SQLite of Python
# One would guess: of two transactions that write, the second waits for the first, up to the seconds of the database
#   option `timeout`.
# Seen: where both have read before they write, as `atomic` does with Django's default transaction mode, one fails at
#   once with "database is locked", after no waiting at all. With the write-ahead log (WAL) no waiting could help: the
#   snapshot that was read is out of date.
# Cost: most transactions of a few busy workers failed under load. The option "transaction_mode": "IMMEDIATE" takes the
#   lock first, and then `timeout` holds.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet django==5.2.19

cat > finding.py <<'PYTHON'
import sqlite3
import sys
import threading
import time

import django
from django.conf import settings

mode = sys.argv[1]
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"{mode}.sqlite3",
            "OPTIONS": {"timeout": 20, **({"transaction_mode": mode} if mode != "default" else {})},
        }
    }
)
django.setup()

from django.db import OperationalError, connection, transaction

with connection.cursor() as cursor:
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("CREATE TABLE counter (value integer)")
    cursor.execute("INSERT INTO counter VALUES (0)")
both_have_read = threading.Barrier(2)
seen = []


def increment():
    begin = time.monotonic()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            value = cursor.execute("SELECT value FROM counter").fetchone()[0]
            if mode == "default":
                both_have_read.wait()
            cursor.execute("UPDATE counter SET value = %s", [value + 1])
            time.sleep(0.5)
        seen.append("committed")
    except OperationalError as error:
        seen.append(f"{error} after {time.monotonic() - begin:.0f} s")
    finally:
        connection.close()


threads = [threading.Thread(target=increment) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"SQLite {sqlite3.sqlite_version}, {mode}: {sorted(seen)}")
expected = ["committed", "database is locked after 0 s" if mode == "default" else "committed"]
if sorted(seen) != expected:
    sys.exit(f"Changed: expected {expected}.")
PYTHON
venv/bin/python finding.py default
venv/bin/python finding.py IMMEDIATE
