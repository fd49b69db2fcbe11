"""What passes between the web server and the process that keeps a model: questions down, answers up. Pure: no torch.

Each message is one frame: its length in eight bytes, then MessagePack, which carries files as they are. A further kind
of question is a further `Question` here, and a handler of the server's.
"""

from __future__ import annotations

import socket
from typing import Any, TypeAlias, TypeVar

import msgspec

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


Question: TypeAlias = Load | PredictImages | PredictRows | PredictTable


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and after how long the kernel is to end the process that has not answered it."""

    question: Question
    cpu_seconds: float
    seconds: float


class Ready(Message, frozen=True, kw_only=True):
    """The model is loaded: its `kind` is `image` or `table`."""

    kind: str


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


class Refused(Message, frozen=True, kw_only=True):
    """The question cannot be answered: a field of the request, blank for none, and a sentence with the cure."""

    field: str
    message: str


Answer: TypeAlias = Ready | Predicted | Refused


def send(connection: socket.socket, message: msgspec.Struct) -> None:
    """Send a message. Raises OSError, TimeoutError among them."""
    content = msgspec.msgpack.encode(message)
    connection.sendall(len(content).to_bytes(HEAD_BYTES, "big") + content)


def receive(connection: socket.socket, decoder: msgspec.msgpack.Decoder[T]) -> T:
    """Receive a message. Raises EOFError at the end, OSError (TimeoutError among them) and msgspec.DecodeError."""
    length = int.from_bytes(_exactly(connection, HEAD_BYTES), "big")
    if length > MOST_BYTES:
        raise msgspec.DecodeError(f"A message of {length:,} bytes is none of ours")
    return decoder.decode(_exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytearray:
    content = bytearray(length)
    rest = memoryview(content)
    while rest:
        received = connection.recv_into(rest, min(PIECE, len(rest)))
        if not received:
            raise EOFError
        rest = rest[received:]
    return content
