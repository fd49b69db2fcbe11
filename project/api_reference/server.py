"""The operations that describe the API itself, and the figures for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.api_reference.operation import Content, Operation

TAG = "Server"

OPERATIONS: Mapping[str, Operation] = {
    "GET api-schema": Operation(
        summary="Read the OpenAPI document",
        answers={200: (dict[str, Any], Content(media_type="application/yaml", description="As YAML.", is_text=True))},
    ),
    "GET api-events": Operation(
        summary="Read the AsyncAPI document of the WebSockets",
        answers={200: dict[str, Any]},
    ),
    "GET prometheus": Operation(
        summary="Read figures for Prometheus",
        description="Also with `Authorization: Bearer` and the token of `LIVETRAIN_METRICS_TOKEN`.",
        answers={200: Content(media_type="text/plain", description="The figures.", is_text=True)},
    ),
}
