"""The same training with everything real behind it: PostgreSQL, channels over Redis, and each broker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.installation import Installation

pytestmark = pytest.mark.services
REQUEST: dict[str, Any] = {
    "experiment_name": "services",
    "source_path": "builtin:breast-cancer",
    "trainer": {"max_epochs": 2},
}


@pytest.mark.parametrize("broker", ["redis_url", "rabbitmq_url"])
def test_a_training_over_real_services(
    tmp_path: Path, postgres_url: str, redis_url: str, broker: str, request: pytest.FixtureRequest
) -> None:
    installation = Installation(
        tmp_path / "home",
        DATABASE_URL=postgres_url,
        REDIS_URL=redis_url,
        BROKER_URL=request.getfixturevalue(broker),
    )
    with installation.serve() as server:
        run_id = server.train(**REQUEST)
        events: list[dict[str, Any]] = []
        headers = {"Authorization": f"Token {server.token}"}
        with connect(f"{server.websocket}/ws/runs/{run_id}/?after=0", additional_headers=headers) as socket:
            while not events or events[-1]["type"] != "training_end":
                events.extend(json.loads(socket.recv(timeout=120)))
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert events[-1]["data"]["status"] == "completed", events[-1]["data"]["reason"]
        detail = server.get(f"/api/runs/{run_id}/")
        assert detail["final"]["cm_tp"] + detail["final"]["cm_fn"] > 0
