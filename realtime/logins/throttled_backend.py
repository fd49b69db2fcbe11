"""The first of the authentication backends: lets a password be checked unless too many tries failed or are under way.

It knows no users, and passes on to Django's own backend. Hashing a password takes a core for some tenths of a second,
so few are hashed at once, and of one address one: strangers who try passwords leave the other cores to everybody else.

It guards `authenticate` alone, not `aauthenticate`: all views that take a password are synchronous.
"""

from __future__ import annotations

from axes.backends import AxesStandaloneBackend
from django.http import HttpRequest

from realtime.logins import failed_tries, refusals
from realtime.logins.bounded_hashing import AT_ONCE
from realtime.logins.client_address import address_of, is_this_machine
from runs.pauses import held_turns
from runs.pauses.turns import Turns, WaitingRoom

WAIT_SECONDS = 20.0
turns = Turns(AT_ONCE, 1, WaitingRoom(places=16, of_one_user=8))


class ThrottledLogins(AxesStandaloneBackend):  # type: ignore[misc]  # axes has no types
    """Refuses a login, or lets the next backend decide while the request holds a turn."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,  # noqa: ARG002  (Django asks backends that take what there is)
    ) -> None:
        """Return None where the password may be checked; raises PermissionDenied otherwise."""
        if request is None:  # a command of this machine
            return
        address = address_of(request)
        if not turns.has_room(address):  # the cheapest answer, where many ask
            raise refusals.refuse(request, refusals.busy())
        failed_tries.prepare(request)
        self._refuse_locked(request, address, username)
        turn = turns.take(address, WAIT_SECONDS)
        if turn is None:
            raise refusals.refuse(request, refusals.busy())
        held_turns.hold(request, turn)
        self._refuse_locked(request, address, username)  # others of this address may have failed meanwhile

    def _refuse_locked(self, request: HttpRequest, address: str, username: str | None) -> None:
        """Raise PermissionDenied where too many tries failed, of this name or of all names together.

        On this machine names are not taken together: a proxy on it that names no clients would lock out everybody.
        """
        if not is_this_machine(address) and failed_tries.is_locked(address, failed_tries.ANY_NAME):
            raise refusals.refuse(request, refusals.wrong_passwords())
        super().authenticate(request, username=username)
