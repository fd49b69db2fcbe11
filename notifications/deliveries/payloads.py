"""The bodies of webhooks: JSON as Standard Webhooks says, and the form that Slack and chats like it take."""

from __future__ import annotations

from typing import Any

import msgspec

from notifications.contents import run_number
from notifications.deliveries.texts import details, headline
from notifications.links import run_link
from notifications.models import Message
from runs.events import format_time

LONGEST_SLACK_TEXT = 2_900
"""A section takes 3,000 characters."""


def webhook_body(message: Message) -> str:
    """Return the JSON of a message: `type`, `timestamp` and `data`, the facts and in `text` what they come to."""
    data = {**message.content, "text": headline(message), "url": run_link(run_number(message.content)) or None}
    return _json({"type": message.occasion, "timestamp": format_time(message.created_at), "data": data})


def slack_body(message: Message) -> str:
    """Return the JSON of a chat's message: `text`, which notifications show, and `blocks`."""
    said = _escaped(headline(message))
    lines = "\n".join(map(_escaped, details(message)))
    link = run_link(run_number(message.content))
    blocks: list[dict[str, Any]] = [_section(f"*{said}*")]
    if lines:
        blocks.append(_section(lines[:LONGEST_SLACK_TEXT]))
    if link:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{link}|Open the run>"}]})
    return _json({"text": said, "blocks": blocks})


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _escaped(text: str) -> str:
    """Escape the three signs by which these chats mention people and make links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
