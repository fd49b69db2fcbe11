"""The header fields that tell a client its limits, as draft-ietf-httpapi-ratelimit-headers-11 (May 2026) defines them.

`RateLimit-Policy` says what is allowed, `RateLimit` what is left of it. Both are lists of strings with parameters
(RFC 9651). Only what the asker may know is told: what is left of a limit that others at the same address use too, when
nothing is left. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

POLICY, LEFT = "RateLimit-Policy", "RateLimit"
AT_ONCE = "concurrent-requests"
"""The unit of what is counted while it is under way."""


class Limit(NamedTuple):
    """A limit: how many in a window of so many seconds, or at once, where there is no window."""

    name: str
    quota: int
    window: int | None = None

    def policy(self) -> dict[str, str]:
        """Return the header that says what is allowed."""
        how = f';qu="{AT_ONCE}"' if self.window is None else f";w={self.window}"
        return {POLICY: f'"{self.name}";q={self.quota}{how}'}

    def left(self, remaining: int, seconds: int | None = None) -> dict[str, str]:
        """Return both headers: how many more are accepted now, and in how many seconds there will be more."""
        until = "" if seconds is None else f";t={seconds}"
        return {**self.policy(), LEFT: f'"{self.name}";r={max(0, remaining)}{until}'}
