"""What may go wrong with a login at the provider, in words. Pure: it loads nothing of the library."""

from __future__ import annotations

import re


class LoginFailure(Exception):
    """The provider's answer proves nothing. The exception's own text is for the log."""

    title = "This login was not accepted"
    sentence = "What came back from {name} could not be verified. Try again; if it stays so, tell the administrator."


class NotBegunHere(LoginFailure):
    """No login of this browser belongs to the callback: it is forged, was used before, or is too old."""

    title = "This login was not begun here"
    sentence = (
        "It was begun in another browser, has been used already, or took more than ten minutes. Nothing is lost: log "
        "in again."
    )

    def __init__(self) -> None:
        super().__init__("a callback to which no login belongs")


class Cancelled(LoginFailure):
    """The user did not want to, or the provider does not let them."""

    title = "You are not logged in"
    sentence = "{name} did not let you in, or you cancelled there."

    def __init__(self) -> None:
        super().__init__("cancelled at the provider (access_denied)")


class RefusedByProvider(LoginFailure):
    """The provider answered with an error, to the browser or when the code was exchanged."""

    sentence = "{name} answered with an error. Try again; if it stays so, tell the administrator, whose log says more."

    def __init__(self, code: str) -> None:
        self.code = re.sub(r"[^\x21-\x7e]+", "?", code)[:80] or "none"
        super().__init__(f"the provider answers with the error {self.code}")

    @classmethod
    def of(cls, text: str) -> RefusedByProvider:
        """Find the code in what the token endpoint answered; the rest may hold secrets."""
        found = re.search(r'"error"\s*:\s*"([^"]{1,80})"', text)
        return cls(found[1] if found else "")
