"""How a data set was read: its layout, table, columns, classes, patients and pixels, and everything left unused.

It is the section `reading` of the pre-flight report, and `reading.json` of a run. Where the data allow several
readings, it lists them as questions: a training starts once the request has answered each. Pure: no torch, no NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import msgspec

from experiments.training.contract.source_errors import SourceError

READING_FILE = "reading.json"  # of a run

Level: TypeAlias = Literal["blocks", "confirm", "warning", "info"]
Layout: TypeAlias = Literal["class_folders", "split_folders", "table", "rows", "arrays", "builtin"]
Role: TypeAlias = Literal["id", "target", "patient", "split"]
HowFound: TypeAlias = Literal["named", "exact", "alias", "pattern"]
PatientSource: TypeAlias = Literal["column", "folder", "ids", "headers"]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of all parts of the report."""


class Finding(Part, frozen=True, kw_only=True):
    """A fact to know, in a sentence that names counts, examples and the cure.

    Level `blocks` ends the run; `confirm` asks for an option of the request.
    """

    code: str
    level: Level
    text: str


class Choice(Part, frozen=True, kw_only=True):
    """One answer to a question: the options that a request sets to give it, and what it means for the training."""

    options: dict[str, Any]
    consequence: str


class Question(Part, frozen=True, kw_only=True):
    """Something that the data leave open; `text` names the option that answers it.

    The report is made by the first of the choices. A question exists only as long as the request does not answer it.
    """

    code: str
    text: str
    choices: list[Choice]

    @property
    def field(self) -> str:
        """The option that answers it."""
        return next(iter(self.choices[0].options))


class RoleColumn(Part, frozen=True, kw_only=True):
    """The column used for a role.

    `found`: named in the request, has exactly the default name, has a common name for it, or looks like it.
    """

    role: Role
    column: str
    found: HowFound


class Unused(Part, frozen=True, kw_only=True):
    """Files or rows of one kind that are not learned from, e.g. kind `extension`, what `.webp`."""

    kind: str
    what: str
    count: int
    examples: list[str]


class Usage(Part, frozen=True, kw_only=True):
    """How many files, or rows, are samples or describe them, and what becomes of all others.

    Raises ValueError unless used and unused ones add up to all.
    """

    total: int
    used: int
    unused: list[Unused] = []

    def __post_init__(self) -> None:
        if self.used + sum(part.count for part in self.unused) != self.total:
            raise ValueError(f"{self.used} used and the unused ones are not {self.total}: {self.unused}")


class MergedClass(Part, frozen=True, kw_only=True):
    """A class whose name the data spell in several ways."""

    name: str
    spellings: list[str]


class PatientFacts(Part, frozen=True, kw_only=True):
    """Where patients are known from, e.g. the column `name`; `count` is null where they are not known."""

    count: int | None = None
    source: PatientSource | None = None
    name: str = ""
    why: str = ""


class SubgroupColumn(Part, frozen=True, kw_only=True):
    """A column, or folder, that tells subgroups of samples apart.

    `groups` counts the samples of each by name, `rule` says in words how values became groups, and `learned` whether
    the column is learned from, too.
    """

    column: str
    rule: str
    learned: bool
    groups: dict[str, int]


class PixelFacts(Part, frozen=True, kw_only=True):
    """What the pixels of the files are, and how they become the network's numbers.

    `scale` says in words how stored values become 0 to 255, `constants` holds the numbers of that.
    """

    size: int
    size_why: str
    channels: int
    channels_why: str
    stored_bits: int | None
    lowest: float | None
    highest: float | None
    scale: str
    constants: dict[str, float] = {}


class Reading(Part, frozen=True, kw_only=True):
    """How a data set was read. Lists show the first few; classes are in label order.

    `folder` is the one, below the source, in which the data lie. `header` are the columns of the table, `features`
    those to learn from. `classes_from` says in words what was taken for the classes. `positive` is the one that scores
    stand for, null unless there are two.
    """

    layout: Layout | None = None
    why: str = ""
    folder: str = ""
    table: str | None = None
    columns: list[RoleColumn] = []
    header: list[str] = []
    features: list[str] = []
    feature_count: int = 0
    classes: list[str] = []
    classes_from: str = ""
    positive: str | None = None
    positive_why: str = ""
    merged: list[MergedClass] = []
    files: Usage | None = None
    rows: Usage | None = None
    patients: PatientFacts = PatientFacts()
    pixels: PixelFacts | None = None
    subgroups: list[SubgroupColumn] = []
    questions: list[Question] = []
    findings: list[Finding] = []

    def extended(
        self, *, questions: Iterable[Question] = (), findings: Iterable[Finding] = (), **changed: Any
    ) -> Reading:
        """Return a copy with further questions and findings, and with other fields changed."""
        added = {"questions": [*self.questions, *questions], "findings": [*self.findings, *findings]}
        return msgspec.structs.replace(self, **added, **changed)


UNKNOWN = Reading()


class Unanswered(SourceError):
    """Questions that the data raise and the request does not answer; `field` is that of the first, the text names all.

    A request is answered with `questions`, so that a form can offer their choices.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__(questions[0].field, " ".join(question.text for question in questions))
        self.questions = questions


def require_answers(reading: Reading) -> None:
    """Raise Unanswered where there are open questions."""
    if reading.questions:
        raise Unanswered(reading.questions)


@contextmanager
def naming_questions(reading: Reading) -> Iterator[None]:
    """Add the open questions to a SourceError: the answers may be its cure, as the first choices led to it."""
    try:
        yield
    except SourceError as error:
        if not reading.questions:
            raise
        open_ = " ".join(question.text for question in reading.questions)
        raise SourceError(error.field, f"{error.message} It was not yet said: {open_}", error.possible) from error


def asked(questions: Sequence[Question]) -> list[Finding]:
    """Express the questions as findings."""
    return [Finding(code=question.code, level="confirm", text=question.text) for question in questions]
