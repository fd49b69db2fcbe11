"""Take the examples of the OpenAPI document again: `python -m tests.openapi.taken_examples`.

A server of its own trains a small run, and is asked for everything. Lists are cut to their first items, and what is of
the machine is replaced.
"""

from __future__ import annotations

import json
import platform
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from project.openapi.answer_examples import EXAMPLES
from tests.installation import Installation, Server

ITEMS = 2
"""Of each list."""
OPTIONS = 12
"""Of each object with more entries than a shape has fields."""
MOST_FIELDS = 60
TRAIN = "/api/experiments/centralized/train"
REQUEST = {
    "experiment_name": "digits",
    "source_path": "builtin:digits-is-8",
    "data": {"batch_size": 64, "test_fraction": 0.2},
    "trainer": {"max_epochs": 3},
}
POINT = {"rule": "sensitivity", "at_least": 0.95, "reason": "A missed eight costs most."}
Asked = tuple[str, str, str, Any]


def asked(run: int, other: int, preflight: int) -> Iterator[Asked]:
    """Yield operation, method, address and body, in an order in which each can be answered."""
    of = f"/api/runs/{run}/"
    yield "GET preflight", "GET", f"/api/experiments/preflights/{preflight}/", None
    for name in ("options", "metrics", "models", "data-roots"):
        yield f"GET {name}", "GET", f"/api/experiments/{name}/", None
    yield "GET run-list", "GET", "/api/runs/?sparkline=true", None
    yield "GET run-facets", "GET", "/api/runs/facets/", None
    yield "GET run-grouped", "GET", "/api/runs/grouped/?by=dataset", None
    yield "GET run-detail", "GET", of, None
    for name in (
        *("hints", "test-split", "files", "reading", "metrics", "snapshot", "epoch-matrices", "final-stats"),
        *("operating-points", "operating-point", "final-curves", "final-subgroups"),
    ):
        yield f"GET run-{name}", "GET", f"{of}{name}/", None
    yield "GET run-log", "GET", f"{of}log/?limit=2", None
    yield "GET run-events", "GET", f"{of}events/?limit=2", None
    yield "GET run-series", "GET", f"{of}series/?name=batch/loss&points=10", None
    yield "GET series", "GET", f"/api/runs/series/?runs={run},{other}&name=batch/loss&points=10", None
    yield "GET run-final-samples", "GET", f"{of}final-samples/?cell=errors", None
    yield "GET run-final-pictures", "GET", f"{of}final-samples/pictures/?cell=errors&page_size=2", None
    yield "GET run-differences", "GET", f"/api/runs/differences/?runs={run},{other}", None
    yield "GET run-paired-differences", "GET", f"/api/runs/differences/paired/?runs={run},{other}", None
    flipped = f"?reference={run}&run={other}"
    yield "GET run-flipped-samples", "GET", f"/api/runs/differences/samples/{flipped}", None
    yield "GET run-flipped-pictures", "GET", f"/api/runs/differences/samples/pictures/{flipped}", None
    yield "GET label-errors", "GET", f"/api/runs/label-errors/?runs={run},{other}", None
    yield "GET dataset-list", "GET", "/api/datasets/", None
    yield "GET builtin-detail", "GET", "/api/datasets/builtin:digits-is-8/", None
    yield "GET builtin-samples", "GET", "/api/datasets/builtin:digits-is-8/samples/", None
    yield "GET builtin-features", "GET", "/api/datasets/builtin:breast-cancer/features/", None
    yield "GET queue", "GET", "/api/queue/", None
    yield "GET queue-runs", "GET", "/api/queue/runs/", None
    yield "GET queue-gpus", "GET", "/api/queue/gpus/", None
    yield "GET group-list", "GET", "/api/runs/groups/", None
    yield "POST tickets", "POST", "/api/tickets/", {"run": run}
    yield "POST run-tags", "POST", "/api/runs/tags/", {"runs": [run], "add": ["baseline"], "remove": []}
    yield "POST run-bulk", "POST", "/api/runs/bulk/", {"action": "tag", "runs": [run], "tags": ["digits"]}
    yield "PATCH run-detail", "PATCH", of, {"description": "The first one.", "revision": 0}
    yield "POST run-operating-point", "POST", f"{of}operating-point/", POINT
    yield "POST run-withdraw-operating-point", "POST", f"{of}operating-point/withdraw/", {"reason": "A mistake."}
    yield "POST upload-list", "POST", "/api/datasets/uploads/", {"filename": "x-rays.zip", "size": 1_048_576}
    yield "GET upload-list", "GET", "/api/datasets/uploads/", None
    yield "POST run-clone", "POST", f"{of}clone/", {"trainer": {"max_epochs": 2}}
    yield "POST run-retry", "POST", f"{of}retry/", None
    yield "POST run-delete", "POST", f"{of}delete/", None
    yield "POST run-restore", "POST", f"{of}restore/", None


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Installation(Path(folder) / "home")
        with home.serve() as server:
            found: dict[str, Any] = {}
            _note(server, found, ("POST centralized-train", "POST", TRAIN, REQUEST))
            run = server.get("/api/runs/")["results"][0]["id"]
            other = server.train(**REQUEST | {"seed": 7})
            dry = server.post(f"{TRAIN}?dry_run=true", REQUEST)
            for number in (run, other):
                server.wait_for(number, "completed")
            for one in asked(run, other, dry["preflight_id"]):
                _note(server, found, one)
        machine = {str(home.home): "/var/lib/livetrain", server.address: "http://localhost:8000"}
        machine |= {server.address.replace("http", "ws"): "ws://localhost:8000", platform.node(): "gpu1"}
    EXAMPLES.write_text(_without(machine, json.dumps(found, indent=1, sort_keys=True)) + "\n")


def _note(server: Server, found: dict[str, Any], one: Asked) -> None:
    """Ask, and keep the answer; what is refused is no example."""
    key, method, path, body = one
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Token {server.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(server.address + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            status, answer = response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{key}: {error.code} {error.read().decode()[:500]}") from error
    found[key] = {str(status): _short(answer)} | ({} if body is None else {"body": body})


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(item) for item in value[:ITEMS]]
    if isinstance(value, dict):
        kept = list(value.items())
        return {name: _short(one) for name, one in (kept[:OPTIONS] if len(kept) > MOST_FIELDS else kept)}
    return value


def _without(machine: dict[str, str], text: str) -> str:
    """Replace what is of this machine."""
    for known, said in machine.items():
        text = text.replace(known, said)
    return re.sub(r'"ticket": "[^"]*"', '"ticket": "3Jx9…"', text)


if __name__ == "__main__":
    main()
