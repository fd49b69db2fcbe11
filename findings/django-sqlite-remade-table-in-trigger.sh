#!/usr/bin/env bash
set -euo pipefail
# Versions: django 5.2.19, SQLite 3.40 and later
# One would guess: a migration that alters a column of a table on SQLite (which Django does by making the table again,
#   under its name) works whatever else is in the database: triggers of other tables name it, and its name stays.
# Seen: where a trigger of another table writes to it, the migration fails with "error in trigger …: no such table". While
#   the old table is gone and the new one has its temporary name, SQLite refuses to rename anything.
# Cost: tables that triggers keep cannot be altered by later migrations as they are. Drop such triggers before the
#   operation, and make them again behind it.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet django==5.2.19

cat > finding.py <<'PYTHON'
import sqlite3
import sys

import django
from django.conf import settings

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "finding.sqlite3"}})
django.setup()

from django.db import OperationalError, connection, models


class Run(models.Model):
    name = models.CharField(max_length=10)

    class Meta:
        app_label = "finding"


class ShortRow(models.Model):
    name = models.CharField(max_length=10)

    class Meta:
        app_label = "finding"


TRIGGER = (
    "CREATE TRIGGER keeps AFTER INSERT ON finding_run BEGIN "
    "INSERT INTO finding_shortrow (name) VALUES (new.name); END"
)


def altered(length):
    """Alter the column, and say what came of it."""
    wider = models.CharField(max_length=length)
    wider.set_attributes_from_name("name")
    wider.model = ShortRow
    try:
        with connection.schema_editor() as editor:
            editor.alter_field(ShortRow, ShortRow._meta.get_field("name"), wider, strict=True)
    except OperationalError as error:
        return str(error)
    return "altered"


with connection.schema_editor() as editor:
    editor.create_model(Run)
    editor.create_model(ShortRow)
without = altered(20)
with connection.cursor() as cursor:
    cursor.execute(TRIGGER)
beside = altered(30)
print("SQLite", sqlite3.sqlite_version)
print("without the trigger:", without)
print("with it:", beside)
if without != "altered" or "no such table" not in beside:
    sys.exit("Changed: Django makes a table again although a trigger of another one names it.")
PYTHON
venv/bin/python finding.py
