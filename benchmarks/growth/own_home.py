"""Sets up Django in a home of its own when it is imported; the database is that of DATABASE_URL, if it is set."""

from __future__ import annotations

import os
import tempfile

import django

HOME = tempfile.TemporaryDirectory(prefix="livetrain-growth-")
os.environ |= {
    "LIVETRAIN_HOME": HOME.name,
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "LIVETRAIN_DEFAULT_ROLE": "trainer",
}
os.environ |= {"LIVETRAIN_LOG_LEVEL": "ERROR", "LIVETRAIN_ALLOWED_HOSTS": "testserver"}
django.setup()
