"""Exit codes: a script that waits for a run can tell how it ended."""

from __future__ import annotations

DONE = 0
FAILED = 1
"""The run failed, or the server refused."""
WRONG_USE = 2
"""An argument, the address or the token is wrong; click's own."""
CANCELLED = 3
"""The run was cancelled."""
UNREACHABLE = 4
"""Nobody answered."""
INTERRUPTED = 130
"""Ctrl-C. The run goes on."""
UNREAD = 141
"""Whoever read the output has closed it, as `head` does; what a shell says of its own commands then."""

OF_STATUS = {"completed": DONE, "failed": FAILED, "cancelled": CANCELLED}
