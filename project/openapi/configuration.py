"""What drf-spectacular is told. It is loaded when somebody asks for the schema, not with these settings."""

from __future__ import annotations

from typing import Any

INTRODUCTION = """
Start trainings, follow them, and read what is known of them. Bodies and answers are JSON in UTF-8; unknown is null,
times are UTC in ISO 8601 with `Z`, epochs count from 0. Fields may be added to answers within a version: ignore those
that you do not know. The events of the WebSockets are described by [/api/asyncapi/](/api/asyncapi/). See
[the API in prose](/help/reference/rest-api.html), [what may change between versions](/help/reference/api.html), and
[the runs](/).
"""
TAGS = {
    "Trainings": "Start a training or try it, and see which options there are.",
    "Runs": "Find runs, and read what is known of them.",
    "Actions": "Stop, resume, move, copy, tag, delete and restore runs.",
    "Curves": "Curves, epochs and the journal of a run.",
    "Results": "The evaluation of the best checkpoint.",
    "Models": "Work on the models of runs that have ended.",
    "Reports": "Reports on runs as frozen versions, the texts in them, and model cards.",
    "Comparisons": "Differences between runs, and suspected label errors.",
    "Data sets": "Register, upload, check and look at data.",
    "Queue": "Who waits, who trains, and on which machines.",
    "Projects": "Projects, their quotas and members.",
    "Share links": "Links that show runs without an account.",
    "Notifications": "Who is told of what, and how.",
    "Audit": "What was done by whom.",
    "Tokens": "API tokens, and tickets for WebSockets.",
    "Server": "The API itself, and figures for Prometheus.",
}

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Livetrain",
    "DESCRIPTION": " ".join(INTRODUCTION.split()),
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "EXTERNAL_DOCS": {"url": "/help/reference/rest-api.html", "description": "The API in prose"},
    "TAGS": [{"name": name, "description": words} for name, words in TAGS.items()],
    "SERVERS": [{"url": "/"}],
    "SCHEMA_PATH_PREFIX": "/api/",
    "POSTPROCESSING_HOOKS": ["project.openapi.document.finish"],
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # a test does that, and more
    "SWAGGER_UI_DIST": "SIDECAR",  # nothing is loaded from elsewhere
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True, "validatorUrl": None},
}
