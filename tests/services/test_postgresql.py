"""The tests of `runs` and of data sets once more, on real PostgreSQL: what SQLite forgives must not be relied on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.services
def test_the_run_tables_work_on_postgresql(postgres_url: str) -> None:
    """Migrations, lifecycle, recorder, queries and views: every test of that app, in a process of its own."""
    require_success(postgres_url, "tests/runs", "--ignore=tests/runs/test_statistics.py")


@pytest.mark.services
def test_data_sets_work_on_postgresql(postgres_url: str) -> None:
    """The examiner's claims and its lease, and those tests whose queries are not the plainest."""
    chosen = "examiner or file_in_pieces or without_room or expire or pages_of or which_version"
    require_success(postgres_url, "tests/experiments/datasets", "-k", chosen)


def require_success(postgres_url: str, *arguments: str) -> None:
    environment = os.environ | {"LIVETRAIN_TEST_DATABASE_URL": postgres_url}
    del environment["DJANGO_SETTINGS_MODULE"]  # so that its conftest makes its own home first
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    assert "database: postgresql" in done.stdout, "the tests ran on another database"
