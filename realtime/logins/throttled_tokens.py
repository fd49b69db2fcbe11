"""Wrong API tokens, counted per address: beyond some the answer is 429, which a program understands as "slow down".

A right token is accepted at any time, whatever came from its address before: tokens cannot be guessed, and a stranger
behind the same proxy must lock out nobody.
"""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from audit.recording import record
from realtime.logins import failed_tries, refusals
from realtime.logins.client_address import address_of
from runs.problems import problem_types


class TooManyWrongTokens(APIException):
    """429: too many wrong tokens came from this address; the sentence has the cure."""

    status_code = 429
    default_code = "too_many_wrong_tokens"
    problem = problem_types.TOO_MANY_WRONG_TOKENS

    def __init__(self) -> None:
        self.wait = failed_tries.lock_seconds()  # what becomes `Retry-After`
        self.headers = failed_tries.limit_of(failed_tries.TOKENS).left(0, self.wait)
        super().__init__(
            "Too many requests with a wrong API token came from this address. Check the token: a right one is accepted "
            f"at once; wrong ones have this answer for {refusals.minutes()}."
        )


class ThrottledTokens(BaseAuthentication):
    """Counts what the authentication by token behind it refuses."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return what that finds; raises AuthenticationFailed, TooManyWrongTokens."""
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            count_wrong(request)
            raise


def count_wrong(request: Request) -> None:
    """Count and record a wrong token; raises TooManyWrongTokens."""
    record("token.refused")
    if failed_tries.too_many(address_of(request._request), failed_tries.TOKENS):
        raise TooManyWrongTokens
