"""What passes between the web server and the process that keeps a model: questions down, answers up. Pure: no torch.

Each message is one frame: its length in eight bytes, then MessagePack, which carries files as they are. A further kind
of question is a further `Question` here, and a handler of the server's.
"""

from __future__ import annotations

import socket
import time
from typing import Any, TypeAlias, TypeVar

import msgspec

from experiments.training.explanation.findings import ImageMap, Importances, RowShares
from experiments.training.model_source import ModelSource

T = TypeVar("T")
PIECE = 2**20
HEAD_BYTES = 8
MOST_BYTES = 2**30  # of one message; more than any request has


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of questions and answers, which are told apart by the names of their types."""


class UploadedFile(msgspec.Struct, frozen=True):
    """A file that somebody sent, with the name that it had there."""

    name: str
    content: bytes


class Load(Message, frozen=True, kw_only=True):
    """Make this model ready, in place of another one."""

    source: ModelSource


class PredictImages(Message, frozen=True, kw_only=True):
    """Predict each of these images."""

    files: list[UploadedFile]


class PredictRows(Message, frozen=True, kw_only=True):
    """Predict each of these rows: values by the names of their columns."""

    rows: list[dict[str, Any]]


class PredictTable(Message, frozen=True, kw_only=True):
    """Predict each row of a table in a file, which may have so many."""

    file: UploadedFile
    most: int


class StoredData(msgspec.Struct, frozen=True, kw_only=True):
    """Where the data lie that a run read: `source_path` in one of `roots`, whose files must have `stamp` if it is set.

    `source_path` may be a built-in's name, which is exported below `datasets_dir`. Images that were written after
    `read_at`, in nanoseconds since 1970, are others than those that the run read.
    """

    source_path: str
    roots: list[str]
    datasets_dir: str
    stamp: str | None = None
    read_at: int | None = None


class ExplainFile(Message, frozen=True, kw_only=True):
    """Explain the score of this image, for class `label`: None means the one that is predicted."""

    file: UploadedFile
    label: int | None


class ExplainRow(Message, frozen=True, kw_only=True):
    """Explain the score of this row: values by the names of their columns."""

    row: dict[str, Any]
    label: int | None


class ExplainSample(Message, frozen=True, kw_only=True):
    """Explain the score of a sample that the run read; `file` is that of an image, of `size` bytes, if it has one."""

    data: StoredData
    id: str
    file: str | None
    size: int | None
    label: int | None


class RankColumns(Message, frozen=True, kw_only=True):
    """Compute the permutation importance of the columns on samples that the run read.

    `ids`, `labels`, `patients` (None where it is not known) and `logits`, those that the run stored of class 1 of two
    or of class 0 of more, have an element for each sample.
    """

    data: StoredData
    ids: list[str]
    labels: list[int]
    patients: list[str | None]
    logits: list[float]


Question: TypeAlias = (
    Load | PredictImages | PredictRows | PredictTable | ExplainFile | ExplainRow | ExplainSample | RankColumns
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and after how long the kernel is to end the process that has not answered it."""

    question: Question
    cpu_seconds: float
    seconds: float


class Ready(Message, frozen=True, kw_only=True):
    """The model is loaded."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What was predicted of an image or row; where `problem` says why nothing was, all numbers are None.

    Of two classes `logit`, `score` and `probability` are those of the positive class; of more there is one for each
    class, in `logits`, `scores` and `probabilities`. `scores` are raw, and `probabilities` recalibrated; None where no
    recalibration was fitted. `read` says what was read of a file.
    """

    name: str
    problem: str | None = None
    predicted: str | None = None
    logit: float | None = None
    logits: dict[str, float] | None = None
    score: float | None = None
    scores: dict[str, float] | None = None
    probability: float | None = None
    probabilities: dict[str, float] | None = None
    read: dict[str, Any] | None = None


class Predicted(Message, frozen=True, kw_only=True):
    """An item for each image or row, in their order."""

    items: list[Item]


class Explained(Message, frozen=True, kw_only=True):
    """What was predicted of an image or row, and what the logit of class `label` depends on: `image` or `row`.

    `logit` is that class's: of two classes, class 0 has minus the network's output.
    """

    item: Item
    label: int
    logit: float
    image: ImageMap | None = None
    row: RowShares | None = None


class Ranked(Message, frozen=True, kw_only=True):
    """The importance of the columns."""

    found: Importances


class Refused(Message, frozen=True, kw_only=True):
    """The question cannot be answered: a field of the request, blank for none, and a sentence with the cure."""

    field: str
    message: str


Answer: TypeAlias = Ready | Predicted | Explained | Ranked | Refused


def send(connection: socket.socket, message: msgspec.Struct) -> None:
    """Send a message. Raises OSError, TimeoutError among them."""
    content = msgspec.msgpack.encode(message)
    connection.sendall(len(content).to_bytes(HEAD_BYTES, "big"))
    connection.sendall(content)


def receive(connection: socket.socket, decoder: msgspec.msgpack.Decoder[T], until: float | None = None) -> T:
    """Receive a message, whole by `until` of the monotonic clock; None: each piece in the connection's own time.

    Raises EOFError at the end, OSError (TimeoutError among them) and msgspec.DecodeError.
    """
    length = int.from_bytes(_exactly(connection, HEAD_BYTES, until), "big")
    if length > MOST_BYTES:
        raise msgspec.DecodeError(f"A message of {length:,} bytes is none of ours")
    return decoder.decode(_exactly(connection, length, until))


def _exactly(connection: socket.socket, length: int, until: float | None) -> bytearray:
    content = bytearray(length)
    rest = memoryview(content)
    while rest:
        if until is not None:
            connection.settimeout(max(0.001, until - time.monotonic()))
        received = connection.recv_into(rest, min(PIECE, len(rest)))
        if not received:
            raise EOFError
        rest = rest[received:]
    return content
