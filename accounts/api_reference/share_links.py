"""The operations about links that show runs without an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from accounts.share_links.link_views import ComparisonOptions, LinkOptions
from runs.api_reference.operation import NO_BODY, Operation

TAG = "Share links"


class ShareLink(TypedDict):
    """A link that shows runs, without its secret."""

    id: int
    runs: list[int]
    with_samples: bool
    created_at: str
    created_by: str
    expires_at: str
    last_used: str | None


class NewShareLink(ShareLink):
    """A link that was just made: `link` is its address, this once."""

    link: str


class ShareLinks(TypedDict):
    """Links that hold, the newest first."""

    results: list[ShareLink]


OPERATIONS: Mapping[str, Operation] = {
    "GET share-link-list": Operation(summary="List the links that you made", answers={200: ShareLinks}),
    "POST share-link-list": Operation(
        summary="Share runs",
        description="Makes a link that shows one run, or a comparison, until it ends or is revoked.",
        body=ComparisonOptions,
        answers={201: NewShareLink},
        refusals={404: "One of the runs does not exist, or is not yours to see."},
    ),
    "DELETE share-link-detail": Operation(summary="Revoke a link", answers={204: NO_BODY}),
    "GET run-share-links": Operation(summary="List the links to a run", answers={200: ShareLinks}),
    "POST run-share-links": Operation(
        summary="Share a run",
        body=LinkOptions,
        is_body_required=False,
        answers={201: NewShareLink},
    ),
}
