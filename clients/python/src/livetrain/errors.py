"""What can go wrong, as exceptions that say what to do."""

from __future__ import annotations

from typing import Any


class LivetrainError(Exception):
    """The base of all exceptions of this package."""


class InsecureWarning(UserWarning):
    """A token can be read by others: in a file, or on its way."""


class Misconfigured(LivetrainError):
    """The client was not told where the server is, or how to log in."""


class ServerUnreachable(LivetrainError):
    """The server did not answer, although it was asked again for as long as the client is patient."""


class RequestError(LivetrainError):
    """The server refused a request.

    Attributes:
        status: the status of its answer.
        detail: its sentence.
        errors: the first mistakes as `(field, message)`; `field` is a path such as `trainer.max_epochs`, or blank.
        more: how many others there are.
        questions: of data that can be read in several ways, as the server sent them.
    """

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        self.status = status
        self.detail = str(answer.get("detail") or f"The server answered with status {status}.")
        known = answer.get("errors")
        self.errors = [(str(one["field"]), str(one["message"])) for one in known] if isinstance(known, list) else []
        self.more = int(answer.get("more") or 0)
        self.questions: list[dict[str, Any]] = answer.get("questions") or []
        super().__init__(self._text())

    def _text(self) -> str:
        if not self.errors:
            return self.detail
        lines = ["The server refused the request:"]
        lines += [f"  {field}: {message}" if field else f"  {message}" for field, message in self.errors]
        if self.more:
            lines.append(f"  and {self.more} more")
        return "\n".join(lines)


class BadRequest(RequestError):
    """A field or a parameter is wrong; `errors` names each with its cure."""


class NotLoggedIn(RequestError):
    """The token is missing, wrong, revoked or expired."""


class NotAllowed(RequestError):
    """The token's user, or its scope, does not allow that."""


class NotFound(RequestError):
    """There is no such thing, or it was deleted."""


class Conflict(RequestError):
    """It is in a state in which that cannot be done, such as cancelling a run that has ended."""


class TooManyRequests(RequestError):
    """The server asks to be asked less often, for longer than the client is patient."""


class ServerFault(RequestError):
    """The server failed; its log says why."""


class RunFailed(LivetrainError):
    """A run that was waited for did not complete; `status` and `reason` tell how it ended."""

    def __init__(self, run_id: int, status: str, reason: str | None) -> None:
        self.run_id, self.status, self.reason = run_id, status, reason
        super().__init__(f"Run {run_id} is {status}{f': {reason}' if reason else '.'}")


class WaitedTooLong(LivetrainError):
    """A run had not ended when the time to wait for it was over; it goes on."""


_BY_STATUS: dict[int, type[RequestError]] = {
    400: BadRequest,
    401: NotLoggedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}


def refused(status: int, answer: dict[str, Any]) -> RequestError:
    """Return the exception of an answer's status."""
    if status >= 500:
        return ServerFault(status, answer)
    return _BY_STATUS.get(status, RequestError)(status, answer)
