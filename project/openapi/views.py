"""GET /api/schema/, /api/asyncapi/ and /api/docs/: what the API is, for programs and for people.

They need a login, as everything that can be read: they tell the version of the server, by which strangers would look
for its known faults. `manage.py spectacular` writes the same without a server.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page
from rest_framework import renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.renderers import JSONRenderer
from runs.api.views import ReadingView
from runs.listing.filters import Parameters


class SchemaParameters(Parameters):
    """In which form; by default as `Accept` asks for."""

    format = serializers.ChoiceField(["json", "yaml"], required=False, help_text="By default, as `Accept` asks for.")


class Text(renderers.BaseRenderer):
    """A renderer of what is JSON or YAML text already."""

    charset = None

    def render(self, data: Any, *_context: Any) -> bytes:
        """Return the text; what is none is a refusal."""
        return data if isinstance(data, bytes) else JSONRenderer().render(data)


class JSONText(Text):
    """The document as JSON."""

    media_type = "application/json"
    format = "json"


class YAMLText(Text):
    """The document as YAML."""

    media_type = "application/yaml"
    format = "yaml"


@method_decorator(gzip_page, name="dispatch")
@method_decorator(conditional_page, name="dispatch")
class OpenAPISchema(ReadingView):
    """The OpenAPI document of this version."""

    parameters = SchemaParameters
    renderer_classes = [JSONText, YAMLText]

    def get(self, request: Request) -> Response:
        """Return the document; the first request of a process builds it."""
        from project.openapi import document  # noqa: PLC0415  # brings a library that no other request needs

        chosen = self.asked.get("format", request.accepted_renderer.format)
        if chosen == "yaml":
            return Response(document.as_yaml(), content_type=YAMLText.media_type)
        return Response(document.as_json(), content_type=JSONText.media_type)


@method_decorator(gzip_page, name="dispatch")
@method_decorator(conditional_page, name="dispatch")
class AsyncAPISchema(ReadingView):
    """The AsyncAPI document of the WebSockets."""

    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return the document."""
        from project.openapi import asyncapi  # noqa: PLC0415

        return Response(asyncapi.document())


@login_required
def docs_page(request: HttpRequest) -> HttpResponseBase:
    """Answer with Swagger's page, or with its script: the page's security policy takes none that is inline."""
    from drf_spectacular.views import SpectacularSwaggerSplitView  # noqa: PLC0415

    return SpectacularSwaggerSplitView.as_view(url_name="api-schema")(request)
