"""Homes as they are after a first start, for tests of what comes later.

Tests of a first start, and those that look for something in a home which nobody has used, take an `Installation`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dj_database_url

from runs import schema
from tests import prepared_database
from tests.installation import Installation

ON_DEMAND = {"LIVETRAIN_FORK_SERVER_IDLE_SECONDS": "600"}
"""The default: a worker loads torch with its first training. Else each one would, also where nothing is trained."""


def prepared(home: Path, **environment: str) -> Installation:
    """Make an installation whose database is migrated and has the list of metrics."""
    installation = Installation(home, **ON_DEMAND | environment)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    fill(installation, home)
    return installation


def fill(installation: Installation, folder: Path) -> None:
    """Write what a first start leaves; `folder` is the installation's home, maybe as seen from another place."""
    database: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "HOST": "", "PORT": ""}
    if address := installation.environment.get("DATABASE_URL"):
        database |= dj_database_url.parse(address)
    else:
        database["NAME"] = installation.home.resolve() / "livetrain.sqlite3"
        shutil.copyfile(prepared_database.listed(), folder / "livetrain.sqlite3")
        (folder / "livetrain.sqlite3").chmod(0o600)
    (folder / "migrate.lock").write_text(schema.fingerprint(database))
