"""What all tests share: a private home, users, and the rule that nothing real is skipped quietly.

Tests never touch `var/`, a configured database or a configured broker: the environment is made private here,
before Django reads it.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import django
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from experiments.training.contract import inspections
from tests import lean_lightning, prepared_database

REQUIRE_SERVICES = os.environ.pop("LIVETRAIN_REQUIRE_SERVICES", "").lower() in ("1", "true", "yes")
REAL_PARTS = ("browser", "services")
SERVICES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
CURE = "apt-get install chromium redis-server rabbitmq-server postgresql nginx caddy"


def _make_environment_private() -> None:
    """Give the tests a home, without the settings that this shell may have exported for a real server."""
    if "project.settings" in sys.modules:
        pytest.exit("Unset DJANGO_SETTINGS_MODULE: the tests make a private LIVETRAIN_HOME before settings load.", 4)
    given = {name: os.environ.get(f"LIVETRAIN_TEST_{name}") for name in SERVICES}
    for name in list(os.environ):
        if (name.startswith("LIVETRAIN_") and name != prepared_database.FOLDER) or name in SERVICES:
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="livetrain-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["LIVETRAIN_HOME"] = home
    os.environ["LIVETRAIN_DEFAULT_ROLE"] = "trainer"  # users of tests that are about something else
    os.environ.update({name: address for name, address in given.items() if address})
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two torch threads on two busy cores are ten times slower than one


# Nothing of what is loaded until the first test is garbage: looking for some, then and in every test, is left out.
gc.disable()
_make_environment_private()
# What a request says of data in a moment depends on how busy the machine is; the tests of that choose their own time.
inspections.DRY_RUN = inspections.TRAINING = inspections.UPLOAD = inspections.UNHURRIED
lean_lightning.install()
django.setup()

# Models can be imported only after the set-up above.
from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402

from tests import conforming_answers, emptied_tables, installed_tokens  # noqa: E402
from tests.tokens import new_token  # noqa: E402

emptied_tables.install()
conforming_answers.install()
installed_tokens.install()
PBKDF2PasswordHasher.iterations = 1000  # the hasher of the server, without the third of a second that each hash takes


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Begin with a copy of the database that was migrated once for all lanes.

    Nothing is migrated again: to find that nothing is missing takes Django most of a CPU second.
    """
    if connection.vendor == "sqlite":
        connection.creation.create_test_db = _copied_database  # type: ignore[method-assign]


def _copied_database(*_arguments: object, **_options: object) -> str:
    """Connect to a copy of the migrated database, and return its name."""
    name = str(connection.settings_dict["TEST"]["NAME"])
    shutil.copyfile(prepared_database.migrated(), name)
    connection.close()
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    return name


@pytest.fixture(autouse=True)
def _run_folders_of_this_test(tmp_path: Path, settings: Settings) -> None:
    """Give each test folders of its own, as ids start again in each."""
    settings.RUNS_ROOT = tmp_path / "runs"
    settings.PREFLIGHTS_ROOT = tmp_path / "preflights"
    settings.MODEL_JOBS_ROOT = tmp_path / "model-jobs"
    settings.FETCHED_MODELS_ROOT = tmp_path / "fetched_models"


@pytest.fixture
def user(db: None) -> User:
    """Create an active user without special rights."""
    return User.objects.create_user("ada")


@pytest.fixture
def api(user: User) -> Client:
    """Return a client that sends `user`'s API token with every request."""
    return Client(headers={"authorization": f"Token {new_token(user)}"})


@pytest.fixture
def browser_session(user: User) -> Client:
    """Return a client logged in as `user` by session cookie, as a browser is."""
    client = Client()
    client.force_login(user)
    return client


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `tests.integration` passes."""
    parser.addoption("--integration", action="store_true", help="only tests that go through the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by what they use, so that no list of tests must be kept."""
    if not config.getoption("integration"):
        return
    chosen = [item for item in items if _goes_through_the_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_collection_finish() -> None:
    """Leave what is loaded out of garbage collection for good; from here on it goes on as usual."""
    gc.freeze()
    gc.enable()


def _goes_through_the_database(item: pytest.Item) -> bool:
    """Return whether a test uses our database, here or in an installation; services of its own do not count."""
    if any(item.get_closest_marker(name) for name in (*REAL_PARTS, "chaos")):
        return False
    fixtures = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    runs_one = {"Installation", "prepared"} & vars(getattr(item, "module", None) or object).keys()
    return bool(fixtures or runs_one) or item.get_closest_marker("django_db") is not None


def pytest_report_header() -> str:
    """Report what the tests run on."""
    broker = urlsplit(settings.BROKER_URL).scheme
    return f"database: {connection.vendor}, broker: {broker}, layer: {'redis' if settings.REDIS_URL else 'memory'}"


def _real_part(item: pytest.Item) -> str | None:
    return next((name for name in REAL_PARTS if item.get_closest_marker(name)), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped real part into a failure where services are required."""
    report = yield
    if REQUIRE_SERVICES and report.skipped and _real_part(item):
        report.outcome = "failed"
        report.longrepr = f"Skipped, but LIVETRAIN_REQUIRE_SERVICES forbids it: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name loudly what this run did not test."""
    skipped = terminalreporter.stats.get("skipped", [])
    real = [report for report in skipped if any(part in report.keywords for part in REAL_PARTS)]
    if not real:
        return
    terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for report in real:
        terminalreporter.line(f"{report.nodeid}: {_reason(report)}", red=True)
    terminalreporter.line(f"{len(real)} tests of real services or a real browser did not run. Cure: {CURE}", bold=True)
