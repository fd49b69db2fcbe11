"""Keeps the home private to the server's account, unless LIVETRAIN_GROUP_ACCESS says otherwise.

The database in it holds everybody's API tokens, and run files name patients. New files get their rights from the umask
that the settings set; files of earlier versions, and those that somebody copied in, are corrected here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from runs import private_files

logger = logging.getLogger(__name__)


def make_private() -> None:
    """Withhold files from other accounts; called at the start of every command that writes into the home.

    The contents of the folders are only corrected while the home itself is open: it is closed last, as a sign that all
    is done.
    """
    home = Path(settings.LIVETRAIN_HOME)
    was_open = private_files.exposed([home])
    done = [private_files.withhold(path) for path in keys()]
    if was_open:
        done += [private_files.withhold(path) for path in _contents()]
        done.append(private_files.withhold(home))
        logger.warning("%s could be read by other accounts of this machine; now it cannot", home)
    if not all(done):
        logger.error("Other accounts may use files in %s that are not this account's; run: manage.py doctor", home)


def keys() -> Iterator[Path]:
    """Yield what gives access to everything else: the database with SQLite's files beside it, and the secrets."""
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        yield from (database.with_name(f"{database.name}{end}") for end in ("", "-wal", "-shm", "-journal"))
    secrets = Path(settings.LIVETRAIN_HOME) / "secrets"
    yield secrets
    yield from private_files.inside(secrets)


def _contents() -> Iterator[Path]:
    """Yield our folders with all that is in them; anything else in a home is protected by the home's own rights."""
    for root in (
        settings.RUNS_ROOT,
        settings.DATASETS_ROOT,
        settings.MODELS_ROOT,
        settings.PREFLIGHTS_ROOT,
        settings.MODEL_JOBS_ROOT,
        settings.FETCHED_MODELS_ROOT,
    ):
        yield from private_files.inside(Path(root))
        yield Path(root)
    yield from (path for path in Path(settings.LIVETRAIN_HOME).iterdir() if path.is_file())
