"""/api/datasets/builtin:<name>/: the built-in data sets, in the shape of any data set."""

from __future__ import annotations

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments.datasets import serializers
from experiments.training.data.files.catalogue import BUILTINS, Builtin
from runs.listing.filters import Parameters, validated


def builtin_called(name: str) -> Builtin:
    """Return the built-in data set of this name, without its prefix; raises NotFound."""
    if name not in BUILTINS:
        raise NotFound(f"There is no built-in data set {name!r}; there are {' and '.join(BUILTINS)}.")
    return BUILTINS[name]


class BuiltinDetail(APIView):
    """The endpoint of one built-in data set: its classes, and the runs on it."""

    def get(self, request: Request, name: str) -> Response:
        """Return everything known of the built-in data set."""
        validated(Parameters, request)
        return Response(serializers.builtin_detail(builtin_called(name), request.user))
