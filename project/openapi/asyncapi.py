"""The AsyncAPI document of the WebSockets, made of what `runs.events` and `realtime.wire.messages` declare."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings

from project.openapi.components import PLACE, answer_schemas
from project.openapi.document import version
from realtime.consumers import ClientMessage
from realtime.wire import close_codes, messages
from runs.events import EVENT_TYPES, Event, RunStatus

Schema = dict[str, Any]
ASYNCAPI = "3.0.0"
OF_A_RUN = (messages.Skipped, messages.Large, messages.Pong)
OF_THE_LIST = (
    *(messages.SummaryMessage, messages.DeletedMessage, messages.WithdrawnMessage, messages.AccessMessage),
    *(messages.QueueMessage, messages.PongOfList),
)
CLOSES = {
    close_codes.BAD_REQUEST: "a parameter or a message is malformed",
    close_codes.NO_LOGIN: "no valid login, token or ticket, or no longer",
    close_codes.WRONG_ORIGIN: "a page of another origin, or a host that is not allowed",
    close_codes.UNKNOWN_RUN: "no such run or path, or the run was deleted",
    close_codes.ACCESS_ENDED: "you may no longer see the run",
    close_codes.FAILED: "a fault of the server: connect again",
}
CLOSING = "The server closes with " + "; ".join(f"{code}: {words}" for code, words in CLOSES.items()) + "."
FRAMES = "Each message of the server is a JSON array of these, in order. "


@cache
def document() -> Schema:
    """Build the document."""
    kinds = (*EVENT_TYPES.values(), *OF_A_RUN, *OF_THE_LIST, ClientMessage)
    schemas, components = answer_schemas(kinds)
    references = dict(zip(kinds, schemas, strict=True))
    components |= {_name(kind): _envelope(kind, references[kind]) for kind in EVENT_TYPES.values()}
    of_a_run = [PLACE + _name(kind) for kind in EVENT_TYPES.values()] + [references[kind]["$ref"] for kind in OF_A_RUN]
    of_the_list = [PLACE + _name(RunStatus)] + [references[kind]["$ref"] for kind in OF_THE_LIST]
    components |= {"FrameOfRun": _frame(of_a_run), "FrameOfList": _frame(of_the_list)}
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Livetrain",
            "version": version(),
            "description": f"The live events of runs. {CLOSING}",
            "license": {"name": "Apache-2.0"},
        },
        "servers": {"this": _server()},
        "channels": {"run": _channel_of_run(), "runs": _channel_of_list()},
        "operations": _operations(),
        "components": {
            "messages": {
                "frameOfRun": _message("Events of a run", "FrameOfRun"),
                "frameOfList": _message("Changes of the list of runs, and the queue", "FrameOfList"),
                "client": _message("What a client may send", "ClientMessage"),
            },
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "httpApiKey", "in": "header", "name": "Authorization"},
                "ticket": {"type": "httpApiKey", "in": "query", "name": "ticket"},
                "session": {"type": "httpApiKey", "in": "cookie", "name": "sessionid"},
            },
        },
    }


def _name(kind: type[Event]) -> str:
    return f"{kind.__name__}Event"


def _envelope(kind: type[Event], data: Schema) -> Schema:
    """Return the schema of an event as it is sent."""
    number = {"type": "integer", "minimum": 0}
    properties = {
        "type": {"const": kind.type},
        "run_id": number,
        "seq": number | {"minimum": 1, "description": "Counts 1, 2, 3, … per run."},
        "attempt": number,
        "timestamp": {"type": "string", "format": "date-time"},
        "data": data,
    }
    description = " ".join((kind.__doc__ or "").split())
    return {"type": "object", "description": description, "properties": properties, "required": list(properties)}


def _frame(references: list[str]) -> Schema:
    return {"type": "array", "minItems": 1, "items": {"anyOf": [{"$ref": one} for one in references]}}


def _message(title: str, name: str) -> Schema:
    return {
        "name": name,
        "title": title,
        "contentType": "application/json",
        "payload": {"$ref": PLACE + name},
    }


def _server() -> Schema:
    return {
        "host": settings.PUBLIC_URL.partition("://")[2].rstrip("/") or "localhost:8000",
        "protocol": "wss" if settings.HTTPS else "ws",
        "description": "This server, at its public address.",
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("token", "ticket", "session")],
    }


def _channel_of_run() -> Schema:
    query = {
        "after": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Number of the last event you have.",
        },
        "ack": {"type": "integer", "enum": [1], "description": "You acknowledge from the beginning."},
    }
    return {
        "address": "/ws/runs/{run_id}/",
        "title": "The events of a run",
        "description": f"{FRAMES}Every number after `after` comes exactly once. {CLOSING}",
        "parameters": {"run_id": {"description": "Number of the run."}},
        "messages": {
            "events": {"$ref": "#/components/messages/frameOfRun"},
            "client": {"$ref": "#/components/messages/client"},
        },
        "bindings": _query(query),
    }


def _channel_of_list() -> Schema:
    only = {"only": {"type": "string", "enum": ["queue"], "description": "The queue alone."}}
    return {
        "address": "/ws/runs/",
        "title": "The list of runs",
        "description": f"{FRAMES}First up to 50 unfinished runs, then each run that changes. {CLOSING}",
        "messages": {
            "changes": {"$ref": "#/components/messages/frameOfList"},
            "client": {"$ref": "#/components/messages/client"},
        },
        "bindings": _query(only),
    }


def _query(properties: Schema) -> Schema:
    ticket = {"type": "string", "description": "Of `POST /api/tickets/`, where no header can be sent."}
    return {"ws": {"method": "GET", "query": {"type": "object", "properties": properties | {"ticket": ticket}}}}


def _operations() -> Schema:
    def operation(action: str, channel: str, message: str, summary: str) -> Schema:
        return {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
            "summary": summary,
            "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
        }

    return {
        "sendEvents": operation("send", "run", "events", "Send what happens in a run."),
        "acknowledge": operation("receive", "run", "client", "Take acknowledgements and pings."),
        "sendChanges": operation("send", "runs", "changes", "Send what changes in the list."),
        "ping": operation("receive", "runs", "client", "Take pings."),
    }
