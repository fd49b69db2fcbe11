"""GET /api/experiments/data-roots/: what lies in the data roots, for a form in which a path is picked."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.decisions import access_of
from access.roles import Role
from experiments.api import root_listing
from experiments.api.submission import in_words
from runs.listing.filters import Parameters, validated
from runs.projects.project_choice import NOWHERE


class FolderParameters(Parameters):
    """`path` is a folder inside the data roots; without it, the roots are listed."""

    path = serializers.CharField(max_length=4096, default="", trim_whitespace=False)


class DataRootsView(APIView):
    """The endpoint of folders below the data roots, for everyone who may train: a training reads the same ones."""

    def get(self, request: Request) -> Response:
        """List one folder; 403 for users who train nowhere, 400 for a path that is none, or lies outside the roots."""
        if access_of(request.user).with_role(Role.TRAINER) == []:
            raise PermissionDenied(NOWHERE)
        path = validated(FolderParameters, request)["path"]
        with in_words():
            found = root_listing.listed(path, settings.LIVETRAIN_DATA_ROOTS)
        return Response(asdict(found))
