"""Requests that take long, by kind: so many are answered at once, of each user fewer, and the others wait their turn.

A short queue beyond which the answer is 429. What waits, waits in a thread of the web process, so all kinds share its
places; `project.request_threads` has twice as many threads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from runs.pauses import held_turns
from runs.pauses.rate_limits import LEFT, Limit
from runs.pauses.turns import Turns, WaitingRoom

WAIT_SECONDS = 20.0
RETRY_SECONDS = 5
ROOM = WaitingRoom()


class TooMany(APIException):
    """429: the user has too many such requests under way; the sentence says which, and what to do."""

    status_code = 429
    default_code = "too_many"

    def __init__(self, kind: Kind) -> None:
        self.wait = RETRY_SECONDS  # what becomes `Retry-After`
        self.headers = kind.limit.left(0, RETRY_SECONDS)
        super().__init__(
            f"Too many requests for {kind.what} are under way. Send fewer at once, and try this one again in "
            f"{RETRY_SECONDS} seconds, when some of the others are answered."
        )


class Kind(NamedTuple):
    """Requests that are counted together; with `until_sent` a streamed answer counts until its end."""

    what: str
    turns: Turns
    until_sent: bool = False

    @property
    def limit(self) -> Limit:
        """What a user may have under way at once."""
        return Limit(self.what.replace(" ", "-"), self.turns.of_one_user)

    def wait_for_turn(self, request: HttpRequest, user: int | None) -> None:
        """Wait until it is the user's turn, which the request then holds; raises TooMany."""
        turn = self.turns.take(user, WAIT_SECONDS)
        if turn is None:
            raise TooMany(self)
        held_turns.hold(request, turn, until_sent=self.until_sent)


LISTS = Kind("large lists", Turns(at_once=10, of_one_user=4, room=ROOM))
STATISTICS = Kind("statistics", Turns(at_once=3, of_one_user=2, room=ROOM))
SAMPLES = Kind("samples of data", Turns(at_once=3, of_one_user=2, room=ROOM))
EXPORTS = Kind("exports", Turns(at_once=64, of_one_user=2, room=ROOM), until_sent=True)
"""A client that reads slowly holds its turn for long, and costs little: only its own user waits for it."""
DOWNLOADS = Kind("files", Turns(at_once=64, of_one_user=4, room=ROOM), until_sent=True)
KINDS = (LISTS, STATISTICS, SAMPLES, EXPORTS, DOWNLOADS)


class HeavyView(APIView):
    """The base of views whose requests may take long: such a request waits for its user's turn before any work."""

    heavy: Kind | None = None
    _took: Kind | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check login, rights, method and parameters first: what is refused needs no turn."""
        super().initial(request, *args, **kwargs)
        if not self._answers(request):
            return
        self.check_parameters(request)
        kind = self.kind_of_request()
        if kind is not None:
            kind.wait_for_turn(request._request, request.user.pk)
            self._took = kind

    def _answers(self, request: Request) -> bool:
        """Tell whether a handler will do something; another method has no parameters that could be wrong."""
        method = (request.method or "").lower()
        return method != "options" and method in self.http_method_names and hasattr(self, method)

    def check_parameters(self, request: Request) -> None:
        """Raise InvalidRequest for wrong parameters."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say how many more of the kind the user may have beside this one; a refusal has said it."""
        found = super().finalize_response(request, response, *args, **kwargs)
        if self._took is not None and LEFT not in found:
            for name, value in self._took.limit.left(self._took.turns.left_to(request.user.pk)).items():
                found[name] = value
        return found

    def kind_of_request(self) -> Kind | None:
        """Return which kind this request is of; None: it is answered at once, however many there are."""
        return self.heavy
