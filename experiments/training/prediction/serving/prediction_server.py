"""Keep a run's model, and predict what arrives over the socket that is the standard input. A process of its own.

What it opens is foreign: it has none of the server's secrets, bounded memory, and the kernel ends it where a question
takes too long. It serves one user, so what a file does to it harms no one else's answers. It ends when the other side
has closed the socket, or has asked nothing for a while.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.inspection import isolation
from experiments.training.prediction import trained_model
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.serving import explained_scores, item_scores, messages
from experiments.training.prediction.serving.messages import (
    Answer,
    Asked,
    Explained,
    ExplainFile,
    ExplainRow,
    ExplainSample,
    Load,
    Message,
    Predicted,
    PredictImages,
    PredictRows,
    PredictTable,
    RankColumns,
    Ranked,
    Ready,
    Refused,
)
from experiments.training.prediction.trained_model import TrainedModel

logger = logging.getLogger(__name__)

_ASKED: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
TOO_MUCH = "This needs more memory than predictions may take; send less at once, or smaller files."
NOT_LOADED = "No model is loaded."


class PredictionServer:
    """Answers the questions of one connection, one after the other."""

    def __init__(self, connection: socket.socket, idle_seconds: float) -> None:
        self._connection, self._idle_seconds = connection, idle_seconds
        self._model: TrainedModel | None = None
        self._handlers: Mapping[type[Message], Callable[[Any], Answer]] = {
            Load: self._load,
            PredictImages: self._images,
            PredictRows: self._rows,
            PredictTable: self._table,
            ExplainFile: self._file_explained,
            ExplainRow: self._row_explained,
            ExplainSample: self._sample_explained,
            RankColumns: self._columns_ranked,
        }

    def serve(self) -> None:
        """Answer until the other side is gone or has been idle."""
        while True:
            self._connection.settimeout(self._idle_seconds)
            try:
                asked = messages.receive(self._connection, _ASKED)
            except (EOFError, OSError):
                return
            isolation.end_after(cpu_seconds=asked.cpu_seconds, seconds=asked.seconds)
            answer = self._answer(asked.question)
            isolation.end_after(cpu_seconds=0, seconds=0)
            self._connection.settimeout(None)
            try:
                messages.send(self._connection, answer)
            except OSError:
                return

    def _answer(self, question: Message) -> Answer:
        """Answer a question; what is wrong with it is an answer, too."""
        try:
            return self._handlers[type(question)](question)
        except (ModelError, SourceError) as error:
            return Refused(field=error.field, message=error.message)
        except MemoryError:
            return Refused(field="", message=TOO_MUCH)
        except READ_ERRORS as error:
            return Refused(field="", message=f"This cannot be read: {error}.")
        except RuntimeError as error:  # torch has no other for an allocation that fails
            if "allocate" not in str(error):
                raise
            return Refused(field="", message=TOO_MUCH)

    def _load(self, question: Load) -> Ready:
        self._model = None  # its memory first
        model = trained_model.load(question.source)
        model.prefer_onnx()
        self._model = model
        return Ready()

    def _images(self, question: PredictImages) -> Predicted:
        return Predicted(items=item_scores.of_images(self._loaded(), question.files))

    def _rows(self, question: PredictRows) -> Predicted:
        return Predicted(items=item_scores.of_rows(self._loaded(), question.rows))

    def _table(self, question: PredictTable) -> Predicted:
        return Predicted(items=item_scores.of_table(self._loaded(), question.file, question.most))

    def _file_explained(self, question: ExplainFile) -> Explained:
        return explained_scores.of_file(self._loaded(), question)

    def _row_explained(self, question: ExplainRow) -> Explained:
        return explained_scores.of_row(self._loaded(), question)

    def _sample_explained(self, question: ExplainSample) -> Explained:
        return explained_scores.of_sample(self._loaded(), question)

    def _columns_ranked(self, question: RankColumns) -> Ranked:
        return explained_scores.of_columns(self._loaded(), question)

    def _loaded(self) -> TrainedModel:
        if self._model is None:
            raise ModelError("", NOT_LOADED)
        return self._model


def main() -> None:
    """Run the server over the standard input; its arguments: the seconds it may be idle, and how many there may be."""
    os.dup2(2, 1)  # what libraries print is for the server's log
    idle_seconds, at_once = float(sys.argv[1]), int(sys.argv[2])
    memory = max(isolation.LEAST_MEMORY_BYTES, isolation.half_of_the_memory() // at_once)
    isolation.bound(memory=memory, niceness=0)  # somebody waits for it
    PredictionServer(socket.socket(fileno=os.dup(0)), idle_seconds).serve()


if __name__ == "__main__":
    main()
