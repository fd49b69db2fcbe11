"""What can go wrong, as exceptions that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote


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
        type: the address of the problem's type, which programs may decide by; blank of another program's answer.
        title: what kind of problem it is, in a few words; blank as well.
        detail: its sentence.
        errors: the first mistakes as `(field, message)`; `field` is a path such as `trainer.max_epochs`, the name of a
            parameter or a header, or blank.
        more: how many others there are.
        questions: of data that can be read in several ways, as the server sent them.
        request_id: by which the server's log tells the request apart; blank where it is not known.
    """

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        self.status = status
        self.type, self.title, self.request_id = (_text(answer.get(name)) for name in ("type", "title", "request_id"))
        self.detail = _text(answer.get("detail")) or f"The server answered with status {status}."
        known = answer.get("errors")
        mistakes = known if isinstance(known, list) else []
        self.errors = [(_field(one), _message(one)) for one in mistakes if isinstance(one, dict)]
        self.more = int(answer.get("more") or 0)
        self.questions: list[dict[str, Any]] = answer.get("questions") or []
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> Iterator[str]:
        if self.errors:
            yield f"{self.title or 'The server refused the request'}:"
        else:
            yield f"{self.title}: {self.detail}" if self.title else self.detail
        yield from (f"  {field}: {message}" if field else f"  {message}" for field, message in self.errors)
        if self.errors and self.more:
            yield f"  and {self.more} more"
        if self.request_id:
            yield f"  (request {self.request_id})"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _message(mistake: dict[str, Any]) -> str:
    return _text(mistake.get("detail")) or _text(mistake.get("message"))


def _field(mistake: dict[str, Any]) -> str:
    """Return where a mistake is: the path of a JSON pointer with dots, or the name of a parameter or header."""
    pointer = mistake.get("pointer")
    if isinstance(pointer, str):
        parts = unquote(pointer.removeprefix("#")).split("/")[1:]
        return ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts)
    names = (_text(mistake.get(name)) for name in ("parameter", "header", "field"))
    return next((name for name in names if name), "")


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


class JobFailed(LivetrainError):
    """A job on a run's model that was waited for gave no result; `status` and `problem` tell how it ended."""

    def __init__(self, job_id: int, status: str, problem: str | None) -> None:
        self.job_id, self.status, self.problem = job_id, status, problem
        super().__init__(f"Model job {job_id} is {status}{f': {problem}' if problem else '.'}")


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
