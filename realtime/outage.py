"""Something outside that may fail for a while: the log hears of it once, and once more when it is over."""

from __future__ import annotations

import logging


class Outage:
    """`what` completes the sentence "… fails"."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        self._logger = logger
        self._what = what
        self._failing = False

    def failed(self, error: BaseException) -> None:
        if not self._failing:
            self._failing = True
            self._logger.warning("%s fails and is tried again: %s: %s", self._what, type(error).__name__, error)

    def recovered(self) -> None:
        if self._failing:
            self._failing = False
            self._logger.warning("%s works again.", self._what)
