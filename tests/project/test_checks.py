"""System checks: each combination that cannot work is refused with its cure, and the usual ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django.fixtures import Settings

from runs.files import checks
from tests.installation import Installation

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /srv/shared rw,relatime shared:2 - nfs4 server:/export rw,vers=4.2
41 40 8:2 / /srv/shared/local\\040disk rw - ext4 /dev/sdb1 rw
"""


def ours() -> dict[str, CheckMessage]:
    messages = run_checks()
    return {str(found.id): found for found in messages if str(found.id).startswith(("runs", "realtime", "experiments"))}


def test_the_default_settings_pass() -> None:
    assert ours() == {}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/x.sqlite3", "ext4"),
        ("/srv/shared/x.sqlite3", "nfs4"),
        ("/srv/shared/local disk/x.sqlite3", "ext4"),
        ("/srv/sharedness/x.sqlite3", "ext4"),
    ],
)
def test_the_file_system_is_that_of_the_deepest_mount(path: str, kind: str) -> None:
    assert checks.file_system(Path(path), MOUNTS) == kind


def test_sqlite_on_a_network_file_system_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(checks, "MOUNTS", mounts)
    sqlite = {"ENGINE": "django.db.backends.sqlite3"}
    monkeypatch.setitem(settings.DATABASES, "default", sqlite | {"NAME": "/srv/shared/x.sqlite3"})
    [found] = checks.check_database()
    assert found.id == "runs.E002"
    assert "nfs4" in found.msg
    monkeypatch.setitem(settings.DATABASES, "default", sqlite | {"NAME": "/home/x.sqlite3"})
    assert checks.check_database() == []


def test_a_public_address_is_an_origin_of_an_allowed_host(settings: Settings) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://trainings.example.org/live", ["trainings.example.org"]
    assert set(ours()) == {"realtime.E001"}
    settings.PUBLIC_URL = "https://trainings.example.org/"
    assert ours() == {}
    settings.ALLOWED_HOSTS = ["localhost"]
    assert "LIVETRAIN_ALLOWED_HOSTS" in str(ours()["realtime.E002"].hint)


def test_a_data_root_does_not_hold_the_secrets(settings: Settings) -> None:
    settings.LIVETRAIN_DATA_ROOTS = [settings.LIVETRAIN_HOME.parent]
    assert set(ours()) == {"experiments.E001"}
    settings.LIVETRAIN_DATA_ROOTS = [settings.LIVETRAIN_HOME / "data"]
    assert ours() == {}


def test_a_short_lease_is_a_warning(settings: Settings) -> None:
    settings.LEASE_SECONDS = 2.0
    assert set(ours()) == {"experiments.W001"}


def test_no_command_starts_over_a_database_in_memory(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"runs\.E001"):
        Installation(tmp_path, DATABASE_URL="sqlite://:memory:").manage("worker")


def test_our_commands_check_what_an_administrator_set_and_load_no_views(tmp_path: Path) -> None:
    """Views, their serializers and the admin's pages take most of the time that a command needs to start.

    Not `serve`, which loads what the web process and the workers share, before they are forked from it.
    """
    script = """
import sys, django
from django.core.checks import run_checks
from django.core.management import get_commands, load_command_class
django.setup()
load_command_class("experiments", "backup")
load_command_class("accounts", "apitoken")
print(sorted(found.id for found in run_checks(tags=["installation"])))
print(sorted({"project.urls", "rest_framework.views", "runs.admin", "experiments.admin"} & set(sys.modules)))
apps = ("experiments", "realtime", "accounts", "runs", "access", "audit", "notifications", "request_ids")
ours = {name: load_command_class(app, name) for name, app in get_commands().items() if app in apps}
print(sorted(name for name, command in ours.items() if command.requires_system_checks != ["installation"]))
"""
    faults = {"LIVETRAIN_LEASE_SECONDS": "2", "DATABASE_URL": "sqlite://:memory:", "LIVETRAIN_DATA_ROOTS": "/"}
    found, views, others = Installation(tmp_path, **faults).python(script).splitlines()
    assert found == "['experiments.E001', 'experiments.W001', 'runs.E001']"
    assert views == "[]"
    assert others == "['doctor', 'web']", "they make all checks: the one reports them, the other loads all views anyway"
