"""What passes between a server process and the process that looks at data for its requests."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class OfTraining(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Can this training be made of its data?

    `config` is a dumped TrainingConfig whose `source_path` lies in one of `roots`, all absolute; decoded images may
    take `cache_bytes` of the disk. The files must have `stamp`, if one is given. With `pictures_checked`, files with
    that stamp were checked before, and none of their images is opened again.
    """

    config: dict[str, object]
    roots: list[str]
    cache_bytes: int
    stamp: str | None = None
    pictures_checked: bool = False


class OfContainer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Can the files at `path`, which lies in one of `roots`, be listed?"""

    path: str
    roots: list[str]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at, and for how long at most: seconds of computing, and seconds in all."""

    about: OfTraining | OfContainer
    cpu_seconds: float
    seconds: float


class Started(msgspec.Struct, frozen=True, tag=True):
    """The question has a process of its own, whose time runs."""


class Fine(msgspec.Struct, frozen=True, tag=True):
    """Nothing speaks against it."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """It cannot be: `field` is the option that is wrong, `message` names the fault and its cure."""

    field: str
    message: str


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The question's process ended with this exit code (negative: the signal); what it found came before."""

    code: int


Answer: TypeAlias = Fine | Refused
Message: TypeAlias = Started | Fine | Refused | Ended
