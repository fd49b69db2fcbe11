"""The operations about API tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from accounts.token_views import TokenOptions
from runs.api_reference.operation import NO_BODY, Operation

TAG = "Tokens"


class Token(TypedDict):
    """An API token, without its text; `project` is null where it is for all, `expires` where it never ends."""

    id: int
    name: str
    scope: Literal["read", "train", "admin"]
    project: str | None
    begins_with: str
    created: str
    last_used: str | None
    expires: str | None
    is_expired: bool


class NewToken(Token):
    """A token that was just made: `token` is what programs send, this once."""

    token: str


class Tokens(TypedDict):
    """One's own tokens, the newest first."""

    tokens: list[Token]


OPERATIONS: Mapping[str, Operation] = {
    "GET token-list": Operation(summary="List your tokens", answers={200: Tokens}),
    "POST token-list": Operation(
        summary="Make a token",
        description="One that is made with a token ends no later than that.",
        body=TokenOptions,
        answers={201: NewToken},
    ),
    "DELETE token-detail": Operation(summary="Revoke a token", answers={204: NO_BODY}),
}
