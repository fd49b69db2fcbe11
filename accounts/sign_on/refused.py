"""A login that is refused though the provider knows who it is. Pure."""

from __future__ import annotations


class Refused(Exception):
    """Why somebody is not logged in, in words for the person; `command` is what the administrator can run."""

    def __init__(self, title: str, sentence: str, command: str = "") -> None:
        super().__init__(sentence)
        self.title, self.sentence, self.command = title, sentence, command
