"""A back-up of a server in use, brought back elsewhere as docs/how-to/back-up.md says: its runs continue from there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests import slow_network
from tests.installation import Installation, Server
from tests.prepared_home import prepared
from tests.services.parts import empty_database
from tests.services.servers import postgresql_binaries
from tests.waiting import eventually

REQUEST: dict[str, Any] = {
    "experiment_name": "to be restored",
    "source_path": "builtin:breast-cancer",
    "trainer": {"max_epochs": 10_000},
    "callbacks": {"early_stopping": False},
    "model": slow_network.MODEL,
}


def test_a_run_of_a_restored_backup_is_resumed(tmp_path: Path) -> None:
    """Its old checkpoints were pruned before, which takes none that a resumed run needs."""
    original = prepared(tmp_path / "home", **slow_network.SETTING)
    restored = Installation(tmp_path / "copy", **slow_network.SETTING, **empty_database())
    with original.serve() as server:
        run_id = server.train(**REQUEST)
        eventually(lambda: (server.get(f"/api/runs/{run_id}/")["progress"]["epoch"] or 0) >= 2, within=180)
        server.post(f"/api/runs/{run_id}/kill/", {})
        before = eventually(lambda: ended(server, run_id), within=60)
        numbers = server.get(f"/api/runs/{run_id}/metrics/")
        assert "checkpoints" in original.manage("prune", "--days", "0", "--checkpoints", "--yes")
        back_up(original, restored)
    with restored.serve() as server:
        after = server.get(f"/api/runs/{run_id}/")
        assert {**after, "links": None} == {**before, "links": None}
        assert server.get(f"/api/runs/{run_id}/metrics/") == numbers
        server.post(f"/api/runs/{run_id}/resume/", {})
        start = eventually(lambda: starts(server, run_id)[1:], within=180)[0]
        assert 0 <= start["data"]["resumed_from_epoch"] <= before["progress"]["epoch"]
        server.post(f"/api/runs/{run_id}/finish/", {})
        detail = server.wait_for(run_id, "completed")
        assert detail["attempt"] == 2
        assert [note for note in detail["notes"] if note["code"] != "shifted_scores"] == before["notes"]  # an end's own
        [series] = server.get(f"/api/runs/{run_id}/metrics/?name=val_loss")["series"]
        assert series["epochs"] == list(range(len(series["epochs"])))


def back_up(original: Installation, restored: Installation) -> None:
    """Back up files by the command, and PostgreSQL, where the session has it, by its own programs before."""
    if source := original.environment.get("DATABASE_URL"):
        binaries, dump = postgresql_binaries(), original.home / "livetrain.dump"
        target = restored.environment["DATABASE_URL"]
        subprocess.run([binaries / "pg_dump", "--format=custom", f"--file={dump}", source], check=True, timeout=60)
        options = ["--no-owner", "--exit-on-error", f"--dbname={target}", str(dump)]
        subprocess.run([str(binaries / "pg_restore"), *options], check=True, timeout=60)
    printed = original.manage("backup", str(restored.home))
    assert ("dump PostgreSQL with pg_dump" in printed) == bool(source)


def ended(server: Server, run_id: int) -> Any:
    detail = server.get(f"/api/runs/{run_id}/")
    return detail if detail["status"] == "cancelled" else None


def starts(server: Server, run_id: int) -> list[Any]:
    found: list[Any] = server.get(f"/api/runs/{run_id}/events/?after=0&limit=1000&types=training_start")["events"]
    return found
