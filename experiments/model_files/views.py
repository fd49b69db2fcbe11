"""GET and POST /api/runs/<id>/model-files/: the model of a run as files that need no server."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api.run_actions import RunAction
from experiments.model_files import package, requests
from experiments.model_files.descriptions import described, file_of, model_files
from experiments.model_files.file_names import name_of
from experiments.model_jobs.descriptions import summary
from experiments.models import ModelJob
from experiments.training.exporting.file_request import FORMATS, ONNX
from experiments.training.exporting.model_facts import NOT_STATED
from runs.api.csv_download import attachment_headers
from runs.api.heavy_requests import DOWNLOADS
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView, one_of
from runs.files.local_files import Content, media_type, open_file
from runs.listing.filters import Parameters
from runs.models import Run

LONGEST_LICENCE = 2_000
LICENCE_CURE = f"Write the licence in at most {LONGEST_LICENCE:,} characters, or leave it out."


class ModelFileOptions(Parameters):
    """Which file is wanted."""

    format = serializers.ChoiceField(
        FORMATS, default=ONNX, help_text="onnx runs anywhere; pt2 is for those who go on with PyTorch."
    )
    licence = serializers.CharField(
        max_length=LONGEST_LICENCE,
        default=NOT_STATED,
        allow_blank=True,
        error_messages={"max_length": LICENCE_CURE},
        help_text="What the file says of its licence; blank: not stated.",
    )

    def validate_licence(self, text: str) -> str:
        """Say that a blank one is not stated."""
        return text.strip() or NOT_STATED


class RunModelFiles(RunAction):
    """The endpoint of a run's model files."""

    body = ModelFileOptions

    def get(self, request: Request, run_id: int) -> Response:
        """List the files that there are, the newest first, and the jobs that write some."""
        return Response(model_files(self.found(request, run_id), request))

    def act(self, run: Run, user: User, request: Request) -> Response:
        """Return the file, if there is one as asked for that holds what the run says now; else queue it (202)."""
        asked = requests.ask(run, user, self.asked["format"], self.asked["licence"])
        if asked.found:
            return Response({"run_id": run.pk, "file": described(asked.job, run, request), "job": None})
        return Response({"run_id": run.pk, "file": None, "job": summary(asked.job, request)}, status=202)


class ModelFileDownload(ReadingView):
    """One model file as an attachment, alone or, ending in .zip, with a script and a text for its user."""

    heavy = DOWNLOADS

    def get(self, request: Request, run_id: int, name: str) -> HttpResponseBase:
        """Stream the file; raises NotFound for any other than those that are listed."""
        run = one_of(self.visible(), run_id)
        job = requests.of_name(run, name)
        content = None if job is None else _opened(job)
        if job is None or content is None:
            raise NotFound(f"Run {run.pk} has no model file {name!r}; those that it has are listed in `files`.")
        headers = attachment_headers(name)
        if name == name_of(job):
            headers["Content-Length"] = str(content.size)
        if request.method == "HEAD":
            content.close()
            return HttpResponse(content_type=media_type(name), headers=headers)
        record_reading(request, "model_file.downloaded", [run], name=name, sha256=file_of(job)["sha256"])
        stream: Any = content
        if name != name_of(job):
            texts = package.texts(name_of(job), package.about(job), file_of(job)["sha256"])
            stream = package.PackageStream(name_of(job), content, texts)
        return StreamingHttpResponse(stream, content_type=media_type(name), headers=headers)


def _opened(job: ModelJob) -> Content | None:
    """Open the file that the job wrote; None where it was removed meanwhile."""
    try:
        return Content(open_file(job.folder, name_of(job)))
    except FileNotFoundError:
        return None
