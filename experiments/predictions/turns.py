"""How many predictions are made at once, and of one user: what is beyond waits, as with all requests that take long."""

from __future__ import annotations

from runs.api.heavy_requests import ROOM, Kind
from runs.pauses.turns import Turns

PREDICTIONS = Kind("predictions", Turns(at_once=4, of_one_user=2, room=ROOM))
