#!/usr/bin/env bash
set -euo pipefail
# Version: django 5.2.19, with the SQLite of Python
# One would guess: tests with several threads meet the database that the settings describe: a reader is not kept out by
#   a writer beyond the option `timeout`.
# Seen: whatever file the settings name, Django's test database lies in memory with a cache that the threads share.
#   There tables are locked, `timeout` does not hold, and a reader beside a writer fails at once with "database table is
#   locked".
# Cost: tests with threads failed of what cannot happen outside tests. Name a file in
#   DATABASES["default"]["TEST"]["NAME"].

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet django==5.2.19

cat > finding.py <<'PYTHON'
import sys
import threading
import time

import django
from django.conf import settings

in_file = sys.argv[1] == "file"
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "site.sqlite3",
            "OPTIONS": {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL"},
            "TEST": {"NAME": "test.sqlite3"} if in_file else {},
        }
    }
)
django.setup()

from django.db import OperationalError, connection, transaction

connection.creation.create_test_db(verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE run (name text)")
written = threading.Event()
looked = threading.Event()
seen = []


def write():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO run VALUES ('first')")
        written.set()
        looked.wait(30)
    connection.close()


def read():
    written.wait(30)
    begin = time.monotonic()
    try:
        with connection.cursor() as cursor:
            seen.append(f"{cursor.execute('SELECT count(*) FROM run').fetchone()[0]} rows")
    except OperationalError as error:
        seen.append(f"{error} after {time.monotonic() - begin:.0f} s")
    looked.set()
    connection.close()


threads = [threading.Thread(target=write), threading.Thread(target=read)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{sys.argv[1]}: a reader beside a writer in {connection.settings_dict['NAME']} sees: {seen[0]}")
if seen != ["0 rows" if in_file else "database table is locked: run after 0 s"]:
    sys.exit("Changed: threads meet another test database than they did.")
PYTHON
venv/bin/python finding.py default
venv/bin/python finding.py file
