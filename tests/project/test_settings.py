"""Wrong settings: the start stops with their name, and without their secrets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import ROOT, Installation


@pytest.mark.parametrize(
    ("name", "value", "told", "hidden"),
    [
        ("DATABASE_URL", "mysql://ada:hunter2@db/x", "mysql://…@db/x", "hunter2"),
        ("REDIS_URL", "http://:hunter2@cache", "http://…@cache", "hunter2"),
        ("LIVETRAIN_METRICS_TOKEN", "hunter2", "16 characters or more", "hunter2"),
        ("LIVETRAIN_FILES", "s3://ada:hunter2@bucket/x", "expected s3://bucket or s3://bucket/prefix", "hunter2"),
        ("LIVETRAIN_FILES", "s3://bucket/../x", "'s3://bucket/../x': expected s3://bucket", "Traceback"),
        ("AWS_ENDPOINT_URL_S3", "http://ada:hunter2@minio:9000", "http://…@minio:9000", "hunter2"),
        ("LIVETRAIN_EMAIL_URL", "http://ada:hunter2@mail", "http://…@mail", "hunter2"),
        ("LIVETRAIN_LEASE_SECONDS", "soon", "'soon': expected seconds above 0", "Traceback"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_is_told(
    tmp_path: Path, name: str, value: str, told: str, hidden: str
) -> None:
    installation = Installation(tmp_path / "home", **{name: value})
    command = [sys.executable, str(ROOT / "manage.py"), "check"]
    done = subprocess.run(command, env=installation.environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert name in done.stderr
    assert told in done.stderr
    assert hidden not in done.stderr + done.stdout
