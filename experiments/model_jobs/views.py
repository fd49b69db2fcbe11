"""The REST API of jobs on finished runs' models: list, look, cancel, delete, and download files of the result."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.recording import record
from experiments.model_jobs import requests
from experiments.model_jobs.descriptions import detail, summary
from experiments.models import ModelJob
from runs.api.attachments import attachment
from runs.api.bodies import body_of
from runs.api.heavy_requests import DOWNLOADS, HeavyView
from runs.api.views import ReadingView
from runs.files.local_files import Content, open_file
from runs.listing.filters import Listed, Parameters
from runs.listing.pagination import NEWEST_FIRST, Part, page_of


class JobsParameters(Parameters):
    """Which jobs of a run are listed."""

    kind = Listed(help_text="Any of these kinds.")
    status = Listed(ModelJob.Status.values, help_text="Any of these states.")
    page_size = serializers.IntegerField(min_value=1, max_value=200, default=50, help_text="Jobs on a page.")
    cursor = serializers.CharField(max_length=1_000, required=False, help_text="From a link `next` or `previous`.")


class RunModelJobs(ReadingView):
    """The endpoint of a run's jobs."""

    parameters = JobsParameters

    def get(self, request: Request, run_id: int) -> Response:
        """Return a page of the jobs without their results, the newest first; raises NotFound."""
        run = self.head_of(run_id)
        asked = {f"{name}__in": self.asked[name] for name in ("kind", "status") if self.asked.get(name)}
        jobs = _with_what_is_shown(ModelJob.objects.filter(run=run.id, **asked)).defer("result")
        page = page_of([Part(jobs)], NEWEST_FIRST, self.asked["page_size"], self.asked.get("cursor"))
        links = page.links(request.build_absolute_uri())
        return Response({**links, "results": [summary(job, request) for job in page.rows]})


class ModelJobView(APIView):
    """The endpoint of one job: as far as it has come, and its removal."""

    def get(self, request: Request, pk: int) -> Response:
        """Return the job; raises NotFound."""
        return Response(detail(found(request, pk), request))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove the job and its files; one that is being done ends."""
        requests.delete(found(request, pk), request.user)  # type: ignore[arg-type]  # logged in
        return Response(status=204)


class CancelModelJob(APIView):
    """The endpoint that cancels a job: one that waits or is being done ends without a result; the row stays."""

    def post(self, request: Request, pk: int) -> Response:
        """Cancel the job and return it; 409 where it has ended otherwise."""
        job = found(request, pk)
        body_of(request)
        requests.cancel(job, request.user)  # type: ignore[arg-type]  # logged in
        return Response(detail(job, request))


class ModelJobFile(HeavyView):
    """One file of a job's result, streamed as an attachment."""

    http_method_names = ["get", "head", "options"]
    heavy = DOWNLOADS

    def get(self, request: Request, pk: int, name: str) -> HttpResponseBase:
        """Stream the file; raises NotFound for any other than those that the job lists."""
        job = found(request, pk)
        if all(file["name"] != name for file in job.files):
            raise NotFound(f"Model job {pk} has no file {name!r}; its files are listed in `files`.")
        try:
            content = Content(open_file(job.folder, name))
        except FileNotFoundError:
            raise NotFound(f"The file {name!r} of model job {pk} is gone; ask for the job again.") from None
        if request.method != "HEAD":
            record("model_job.downloaded", target=job, run=job.run_id, file=name)
        return attachment(content, name)


def found(request: Request, pk: int) -> ModelJob:
    """Return the job; raises NotFound unless the user sees its run."""
    job = _with_what_is_shown(requests.visible(request.user)).filter(pk=pk).first()
    if job is None:
        raise NotFound(f"Model job {pk} does not exist.")
    return job


def _with_what_is_shown(jobs: QuerySet[ModelJob]) -> QuerySet[ModelJob]:
    owners = Prefetch("owner", User.objects.only("username"))
    return jobs.select_related("run").only(*_SHOWN, "run__project_id").prefetch_related(owners)


_SHOWN = tuple(field.attname for field in ModelJob._meta.concrete_fields)
