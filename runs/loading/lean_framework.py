"""Loads what of Django and of the REST framework looks for optional libraries, without those.

Together they are a fifth of what a web process loads, and a tenth of its memory: the client of an API (requests), YAML,
Markdown with highlighting, docutils, and the fields of PostgreSQL with its driver, also where the database is SQLite.
Imported before the apps are loaded.
"""

from __future__ import annotations

from runs.loading.optional_libraries import without

OPTIONAL = (
    "django.contrib.postgres",
    "docutils",
    "inflection",
    "markdown",
    "pygments",
    "requests",
    "uritemplate",
    "yaml",
)

with without(*OPTIONAL):
    import django.contrib.admindocs.utils  # noqa: F401
    import rest_framework.compat  # noqa: F401
