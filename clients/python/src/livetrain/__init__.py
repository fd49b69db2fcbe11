"""Start, follow and read trainings of a Livetrain server.

```python
from livetrain import Client

client = Client("https://trainings.example.org", token="…")
run = client.train(source_path="chest-xrays", trainer={"max_epochs": 20})
for event in run.events(types=["epoch_end"]):
    print(event.data["epoch"], event.data["metrics"])
```
"""

from livetrain.async_client import AsyncClient, AsyncRun
from livetrain.client import Client, Run
from livetrain.errors import (
    BadRequest,
    Conflict,
    InsecureWarning,
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

__all__ = [
    "AsyncClient",
    "AsyncRun",
    "BadRequest",
    "Client",
    "Conflict",
    "Event",
    "InsecureWarning",
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
