"""What views have in common that ask a run's model about what a request brings."""

from __future__ import annotations

from django.conf import settings
from rest_framework.request import Request

from experiments.predictions.request_inputs import UploadParser
from runs.api.heavy_requests import HeavyView
from runs.api.parsers import JSONParser
from runs.api.renderers import JSONRenderer
from runs.listing.filters import Parameters, validated


class ModelView(HeavyView):
    """The base of views that take JSON, or files as a form, and no parameters of the address."""

    parser_classes = [JSONParser, UploadParser]
    renderer_classes = [JSONRenderer]
    parameters = Parameters
    body_limit = settings.PREDICT_BYTES

    def check_parameters(self, request: Request) -> None:
        """Refuse parameters of the address: there are none."""
        validated(Parameters, request)
