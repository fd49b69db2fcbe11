"""Which scope a token needs at which address: decided here alone, for REST, files, metrics and WebSockets.

By name of the address and method; HEAD is as GET. An address without a row takes no tokens, and a method without one
needs the widest scope, so what is forgotten is closed. A page is for sessions: it has no row.
"""

from __future__ import annotations

from collections.abc import Mapping

from rest_framework.exceptions import PermissionDenied

from accounts.models import APIToken
from accounts.scopes import Scope, includes

WEBSOCKET = "websocket"
"""The name of all WebSockets; opening one is a GET."""
_SEE = (
    "run-model-card", "run-report", "run-report-figure", "run-report-file",
    "dataset-features", "dataset-sample-image", "dataset-samples",
    "builtin-detail", "builtin-features", "builtin-sample-image", "builtin-samples",
    "api-events", "api-schema", "data-roots", "metrics", "models", "options",
    "external-curves", "external-operating-points", "external-predictions", "external-samples",
    "external-samples-export", "external-subgroups", "external-tests", "run-external-tests",
    "group-detail", "group-list", "label-errors", "label-errors-export", "prometheus", "queue-gpus", "queue-runs",
    "run-archive", "run-differences", "run-epoch-matrices", "run-events", "run-facets", "run-file", "run-files",
    "run-final-curves", "run-final-picture", "run-final-pictures", "run-final-samples", "run-final-samples-export",
    "run-final-stats", "run-final-subgroups", "run-flipped-pictures", "run-flipped-samples", "run-flipped-table",
    "run-grouped", "run-hints", "run-list", "run-log", "run-metrics", "run-operating-points", "run-paired-differences",
    "model-job-file", "run-column-importance", "run-model-file", "run-model-jobs", "run-predictions",
    "run-reading", "run-series", "run-snapshot", "run-test-split", "series", WEBSOCKET,
)  # fmt: skip
_ACT = (
    "centralized-train", "dataset-check", "run-evaluate", "model-job-cancel",
    "run-bulk", "run-cancel", "run-clone", "run-delete", "run-finish", "run-kill",
    "run-move", "run-priority", "run-restore", "run-resume", "run-retry", "run-tags", "run-withdraw-operating-point",
)  # fmt: skip
NEEDED: Mapping[str, Mapping[str, Scope]] = {
    **{name: {"GET": Scope.READ} for name in _SEE},
    **{name: {"POST": Scope.TRAIN} for name in _ACT},
    "audit-list": {"GET": Scope.ADMIN},
    "dataset-detail": {"GET": Scope.READ, "DELETE": Scope.TRAIN},
    "dataset-list": {"GET": Scope.READ, "POST": Scope.TRAIN},
    "external-test": {"GET": Scope.READ, "DELETE": Scope.TRAIN},
    "model-job": {"GET": Scope.READ, "DELETE": Scope.TRAIN},
    "run-model-files": {"GET": Scope.READ, "POST": Scope.TRAIN},
    "notification-deliveries": {"GET": Scope.READ},
    "notification-detail": {"GET": Scope.READ, "PATCH": Scope.ADMIN, "DELETE": Scope.ADMIN},
    "notification-list": {"GET": Scope.READ, "POST": Scope.ADMIN},  # what is sent goes on when the token has ended
    "notification-redeliver": {"POST": Scope.TRAIN},
    "notification-secret": {"POST": Scope.ADMIN},
    "notification-test": {"POST": Scope.TRAIN},
    "preflight": {"GET": Scope.READ, "DELETE": Scope.TRAIN},
    "queue": {"GET": Scope.READ, "POST": Scope.ADMIN},
    "run-detail": {"GET": Scope.READ, "PATCH": Scope.TRAIN},
    "run-report-texts": {"GET": Scope.READ, "PATCH": Scope.TRAIN, "PUT": Scope.TRAIN},
    "run-reports": {"GET": Scope.READ, "POST": Scope.TRAIN},
    "run-explain": {"POST": Scope.READ},
    "run-operating-point": {"GET": Scope.READ, "POST": Scope.TRAIN},
    "run-predict": {"GET": Scope.READ, "POST": Scope.READ},  # to queue one, the user and the token must train
    "member-detail": {"PUT": Scope.ADMIN, "DELETE": Scope.ADMIN},
    "member-list": {"GET": Scope.READ},
    "project-detail": {"GET": Scope.READ, "PATCH": Scope.ADMIN},
    "project-list": {"GET": Scope.READ, "POST": Scope.ADMIN},
    "run-share-links": {"GET": Scope.READ, "POST": Scope.ADMIN},  # as with tokens: who has a link needs no account
    "share-link-detail": {"DELETE": Scope.ADMIN},
    "share-link-list": {"GET": Scope.READ, "POST": Scope.ADMIN},
    "tickets": {"POST": Scope.READ},  # to open a WebSocket is to see
    "token-detail": {"DELETE": Scope.ADMIN},
    "token-list": {"GET": Scope.READ, "POST": Scope.ADMIN},
    "upload-list": {"GET": Scope.READ, "POST": Scope.TRAIN},
    "upload-detail": {"GET": Scope.READ, "PATCH": Scope.TRAIN, "DELETE": Scope.TRAIN},
}


def check(token: APIToken, address: str, method: str = "GET") -> None:
    """Raise PermissionDenied where the token's scope does not suffice."""
    needed = needed_scope(address, method)
    if needed is None:
        raise PermissionDenied("This address takes no API tokens.")
    if not includes(token.scope, needed):
        raise PermissionDenied(
            f"This token has the scope {token.scope}, and this needs {needed}; make one with that scope at /account/."
        )


def needed_scope(address: str, method: str) -> Scope | None:
    """Return the scope that a method of an address needs; None where no token will do."""
    methods = NEEDED.get(address)
    if methods is None:
        return None
    if method == "OPTIONS":
        return Scope.READ
    return methods.get("GET" if method == "HEAD" else method, Scope.ADMIN)
