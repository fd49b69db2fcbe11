"""The process that keeps models, without a process: what is asked and answered still passes as bytes."""

from __future__ import annotations

import socket
from typing import Any

import msgspec

from experiments.predictions.process_pool import Kept, NotLoaded
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Answer, Asked, Load, Question, Refused
from experiments.training.prediction.serving.prediction_server import PredictionServer

_asked: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
_answer: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


class Answering:
    """Answers as `ProcessPool.ask` does, in this process; `questions` are those that were asked."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.close()
        self._server = PredictionServer(theirs, 0)
        self._loaded: ModelSource | None = None
        self.questions: list[Question] = []

    def ask(self, _kept: Kept, source: ModelSource, question: Question, *_: Any) -> Answer:
        """Load the model, if it is another one, and answer."""
        if self._loaded != source:
            answer = self._answered(Load(source=source))
            if isinstance(answer, Refused):
                raise NotLoaded(answer.message)
            self._loaded = source
        self.questions.append(question)
        return self._answered(question)

    def _answered(self, question: Question) -> Answer:
        content = msgspec.msgpack.encode(Asked(question=question, cpu_seconds=1, seconds=1))
        answer = self._server._answer(_asked.decode(content).question)
        return _answer.decode(msgspec.msgpack.encode(answer))
