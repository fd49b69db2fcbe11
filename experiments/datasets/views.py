"""/api/datasets/…: validate, one call, respond."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from experiments.datasets import checks, deletion, registration, serializers, uploads
from experiments.datasets.parameters import (
    DeleteParameters,
    ListParameters,
    RegistrationBody,
    UploadBody,
    offset_of,
)
from experiments.datasets.queries import uploads_of, visible_datasets
from experiments.models import Dataset, Upload
from runs.api.bodies import body_of
from runs.errors import Conflict
from runs.listing.filters import Parameters, validated
from runs.projects import project_choice
from runs.projects.project_names import numbers_of
from runs.projects.refusals import why_not
from runs.queries import may_change


class TooLarge(APIException):
    """413: the piece is too large."""

    status_code = 413


class DatasetView(APIView):
    """An endpoint about data sets: 404 for one that does not exist, 403 for a change of somebody else's."""

    def dataset(self, name: str, *, to_change: bool = False) -> Dataset:
        """Return the data set of this name; raises NotFound, and PermissionDenied for a change of another user's."""
        dataset = visible_datasets(self.request.user).filter(name=name).first()
        if dataset is None:
            raise NotFound(f"There is no data set {name!r}.")
        if to_change and not may_change(self.request.user, dataset):
            raise PermissionDenied(why_not(self.request.user, dataset, repr(name), dataset.owner.username))
        return dataset

    def upload(self, upload_id: uuid.UUID) -> Upload:
        """Return this user's upload; raises NotFound."""
        found = uploads_of(self.request.user).filter(pk=upload_id).first()
        if found is None:
            raise NotFound("You have no such upload: it is complete, was dropped, or expired.")
        return found


class DatasetList(DatasetView):
    """The endpoint of all data sets by name, and of the registration of a path."""

    def get(self, request: Request) -> Response:
        """Return a page of data sets."""
        asked = validated(ListParameters, request)
        rows = visible_datasets(request.user).filter(name__gt=asked["after"]).order_by("name")
        if "project" in asked:
            rows = rows.filter(project_id__in=numbers_of(asked["project"]))
        found = list(rows[: asked["page_size"] + 1])
        page = found[: asked["page_size"]]
        more = len(found) > len(page)
        url = replace_query_param(request.build_absolute_uri(), "after", page[-1].name) if more else None
        return Response({"next": url, "results": [serializers.dataset_summary(row, request.user) for row in page]})

    def post(self, request: Request) -> Response:
        """Register a path in a data root as a data set (201)."""
        body = body_of(request, RegistrationBody)
        project = project_choice.to_train_in(request.user, body.get("project"))
        dataset = registration.register(request.user, body["path"], project, name=body.get("name"))  # type: ignore[arg-type]
        return Response(serializers.dataset_detail(dataset, request.user), status=201)


class DatasetDetail(DatasetView):
    """The endpoint of one data set."""

    def get(self, request: Request, name: str) -> Response:
        """Return everything known of the data set."""
        validated(Parameters, request)
        return Response(serializers.dataset_detail(self.dataset(name), request.user))

    def delete(self, request: Request, name: str) -> Response:
        """Delete the data set (204), or answer 409 while unfinished runs use it."""
        asked = validated(DeleteParameters, request)
        try:
            deletion.delete(self.dataset(name, to_change=True), force=asked["force"])
        except deletion.InUse as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


class DatasetCheck(DatasetView):
    """The endpoint that has a data set checked again, after a change of its files."""

    def post(self, request: Request, name: str) -> Response:
        """Request a check (202), or answer 409 while the data are uploaded or checked."""
        dataset = self.dataset(name, to_change=True)
        if not checks.request(dataset):
            raise Conflict(f"{name!r} is being uploaded or checked; wait for the end.")
        return Response(serializers.dataset_detail(self.dataset(name), request.user), status=202)


class UploadList(DatasetView):
    """The endpoint of the user's own unfinished uploads."""

    def get(self, request: Request) -> Response:
        """Return the user's unfinished uploads."""
        validated(Parameters, request)
        return Response({"results": [serializers.upload(row) for row in uploads_of(request.user)]})

    def post(self, request: Request) -> Response:
        """Open a new upload (201)."""
        body = body_of(request, UploadBody)
        project = project_choice.to_train_in(request.user, body.pop("project", None))
        opened = uploads.open_upload(request.user, project, **body)  # type: ignore[arg-type]
        return Response(serializers.upload(opened), status=201, headers=_offset(opened.received))


class UploadDetail(DatasetView):
    """The endpoint of one upload."""

    body_limit = uploads.PIECE_LIMIT

    def get(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Return how far the upload is."""
        validated(Parameters, request)
        found = self.upload(upload_id)
        return Response(serializers.upload(found), headers=_offset(found.received))

    def patch(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Store a piece: the body itself, read from the request block by block and never parsed."""
        upload, offset = self.upload(upload_id), offset_of(request)
        try:
            dataset = uploads.append(upload, offset, request)  # a request passes read() on
        except uploads.WrongOffset as error:
            body = {"detail": str(error), "received": error.received}
            return Response(body, status=409, headers=_offset(error.received))
        except uploads.NotThatLong as error:
            raise TooLarge(str(error)) from error
        except Upload.DoesNotExist:
            raise NotFound("The upload was dropped; open a new one.") from None
        if dataset is None:
            return Response(serializers.upload(upload), headers=_offset(upload.received))
        return Response(serializers.dataset_detail(self.dataset(dataset.name), request.user), status=201)

    def delete(self, _request: Request, upload_id: uuid.UUID) -> Response:
        """Drop the upload (204)."""
        uploads.drop(self.upload(upload_id))
        return Response(status=204)


def _offset(received: int) -> dict[str, Any]:
    return {"Upload-Offset": str(received)}
