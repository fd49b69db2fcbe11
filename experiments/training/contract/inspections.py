"""What passes between a server process and the process that looks at data for its requests."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import msgspec

from experiments.training.contract.reading import Question


class OfTraining(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Can this training be made of its data?

    `config` is a dumped TrainingConfig whose `source_path` lies in one of `roots`, all absolute; decoded images may
    take `cache_bytes` of the disk. Unless `answered` is False, a question that the data raise must be answered. The
    files must have `stamp`, if one is given. With `pictures_checked`, files with that stamp were checked before, and
    none of their images is opened again.
    """

    config: dict[str, object]
    roots: list[str]
    cache_bytes: int
    answered: bool
    stamp: str | None = None
    pictures_checked: bool = False


class OfContents(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Can the files at `path`, which lies in one of `roots`, be listed?"""

    path: str
    roots: list[str]


class Patience(NamedTuple):
    """How long an inspection may take: seconds of computing; seconds in all; those on a busy machine.

    There, data that have hardly been looked at after `seconds` get more time, up to `busy_seconds`: small ones need no
    more than a moment, whenever it comes.
    """

    cpu_seconds: float
    seconds: float
    busy_seconds: float


DRY_RUN = Patience(0.4, 0.6, 3.0)
TRAINING = Patience(1.5, 3.0, 6.0)
UPLOAD = Patience(1.5, 3.0, 6.0)
UNHURRIED = Patience(30.0, 60.0, 60.0)


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at, and after how many seconds the kernel ends it: of computing, and in all."""

    of: OfTraining | OfContents
    cpu_seconds: float
    seconds: float


TOO_LONG = "it takes longer than a request may"


class Started(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The inspection has a process of its own, whose time runs."""

    pid: int


class Fine(msgspec.Struct, frozen=True, tag=True):
    """Nothing speaks against it."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """It cannot be: `field` is the option that is wrong, `message` names the fault and its cure.

    `questions` are those that the data raise and the request does not answer, if that is the fault; `possible` what
    the option may be instead.
    """

    field: str
    message: str
    questions: list[Question] = []
    possible: list[str] = []


class Undecided(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The process could not tell; `why` is for the server's log, which expects `TOO_LONG` alone."""

    why: str


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The inspection's process ended with this exit code (negative: the signal); what it found came before."""

    code: int


Message: TypeAlias = Started | Fine | Refused | Undecided | Ended
