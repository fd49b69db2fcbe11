"""Start, follow and read trainings of a Livetrain server.

```python
from livetrain import Client

client = Client("https://trainings.example.org", token="…")
run = client.train(experiment_name="Pneumonia", source_path="dataset:chest-xrays", trainer={"max_epochs": 20})
for event in run.events(types=["epoch_end"]):
    print(event.data["epoch"], event.data["metrics"])
```
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from livetrain.client import Client
from livetrain.errors import (
    BadRequest,
    Conflict,
    InsecureWarning,
    JobFailed,
    LivetrainError,
    Misconfigured,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    RequestError,
    RunFailed,
    ServerFault,
    ServerUnreachable,
    TooManyRequests,
    WaitedTooLong,
)
from livetrain.events import Event
from livetrain.run import Run

if TYPE_CHECKING:
    from livetrain.async_client import AsyncClient
    from livetrain.async_run import AsyncRun

__all__ = [
    "AsyncClient",
    "AsyncRun",
    "BadRequest",
    "Client",
    "Conflict",
    "Event",
    "InsecureWarning",
    "JobFailed",
    "LivetrainError",
    "Misconfigured",
    "NotAllowed",
    "NotFound",
    "NotLoggedIn",
    "RequestError",
    "Run",
    "RunFailed",
    "ServerFault",
    "ServerUnreachable",
    "TooManyRequests",
    "WaitedTooLong",
]


AWAITED = {"AsyncClient": "livetrain.async_client", "AsyncRun": "livetrain.async_run"}


def __getattr__(name: str) -> Any:
    """Import the client for asyncio when it is asked for: asyncio takes as long to import as all else here."""
    if name in AWAITED:
        return getattr(importlib.import_module(AWAITED[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
