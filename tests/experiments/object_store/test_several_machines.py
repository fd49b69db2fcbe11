"""A training on two machines that share no folder: the second one is a process with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pytest_django.fixtures import Settings

from runs.models import Run
from tests.experiments.object_store.server import BUCKET, PREFIX, ObjectStore
from tests.experiments.supervision.test_several_machines import queue
from tests.experiments.supervision.test_supervisor import Background
from tests.installation import ROOT
from tests.servers import server_environment
from tests.waiting import eventually


def test_each_machine_stores_its_own_log_and_keeps_nothing(
    transactional_db: None, warm: None, object_store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    settings.NODE_ADDRESS = "127.0.0.1"
    run = queue(max_epochs=1)
    home = tmp_path / "home of the second machine"
    environment = server_environment(tmp_path) | {
        "LIVETRAIN_HOME": str(home),
        "LIVETRAIN_FILES": f"s3://{BUCKET}/{PREFIX}",
        "AWS_ENDPOINT_URL_S3": object_store.address,
    }
    command = [sys.executable, str(ROOT / "manage.py"), "join", str(run.pk), "--node", "1"]
    with (tmp_path / "join.log").open("wb") as log:
        second = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
    try:
        background = Background()
        eventually(lambda: Run.objects.get(pk=run.pk).status in Run.ENDED, within=240)
        background.wait()
        assert second.wait(60) == 0, (tmp_path / "join.log").read_text()
    finally:
        second.kill()
    run.refresh_from_db()
    assert run.status == "completed", run.reason
    logs = {name: content for name, content in stored(run, object_store).items() if name.endswith(".log")}
    assert set(logs) == {"train.log", "train.rank1.log"}
    assert b"=== attempt 1" in logs["train.rank1.log"]
    assert not (home / "runs" / str(run.pk)).exists()
    assert not run.folder.exists()


def stored(run: Run, store: ObjectStore) -> dict[str, bytes]:
    objects = store.objects()
    return {row.name: objects[row.key] for row in run.stored_files.all()}
