"""What people read of a message: a headline and a few lines, the same in chats and e-mails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from notifications.models import Message
from notifications.occasions import TEST, Occasion

_HEADLINES = {
    Occasion.COMPLETED: "{run} ended well.",
    Occasion.FAILED: "{run} failed.",
    Occasion.CANCELLED: "{run} was cancelled.",
    Occasion.STALLED: "{run} has made no progress for {minutes} minutes.",
    Occasion.LOST: "{run} was interrupted and waits to be continued.",
    Occasion.RESUMED: "{run} continues (attempt {attempt}).",
    Occasion.QUEUED_LONG: "{run} has waited in the queue for {minutes} minutes.",
    Occasion.METRIC: "{run}: {metric} reached {value:.4g} (threshold {threshold:.4g}).",
}
OF_A_TEST = "This is a test message of Livetrain: messages arrive here."


def headline(message: Message) -> str:
    """Return one sentence that says what happened."""
    if message.occasion == TEST:
        return OF_A_TEST
    content = message.content
    run = f"Run {content['run_id']} “{content['name']}”"
    return _HEADLINES[Occasion(message.occasion)].format(**content | {"run": run})


def details(message: Message) -> list[str]:
    """Return further lines, none of a test."""
    return [] if message.occasion == TEST else list(_details(message.content))


def _details(content: Mapping[str, Any]) -> Iterator[str]:
    if content["reason"]:
        yield f"Reason: {content['reason']}"
    if content["best_value"] is not None and content["best_epoch"] is not None:
        yield f"Best {content['monitor']}: {content['best_value']:.4g} (epoch {content['best_epoch'] + 1})"
    if content["seconds"] is not None:
        trained = f", {content['epochs']} of {content['max_epochs']} epochs" if content["epochs"] else ""
        yield f"Time: {_duration(content['seconds'])}{trained}"
    yield f"Project: {content['project']}, by {content['owner']}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
