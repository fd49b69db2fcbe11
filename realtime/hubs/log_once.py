"""Logging of something outside that may fail for a while: once when it begins to fail, once when it works again."""

from __future__ import annotations

import logging


class LogOnce:
    """One such thing; `what` completes the sentence "… fails"."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        self._logger = logger
        self._what = what
        self._failing = False

    def failed(self, error: BaseException) -> None:
        """Log the error, unless the last try failed too."""
        if not self._failing:
            self._failing = True
            self._logger.warning("%s fails and is tried again: %s: %s", self._what, type(error).__name__, error)

    def recovered(self) -> None:
        """Log that it works again, if the last try failed."""
        if self._failing:
            self._failing = False
            self._logger.warning("%s works again.", self._what)
