"""GET /api/runs/…: find a run that the user may see, one query, respond."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs import queries, serializers
from runs.api import ended_runs, hint_evidence
from runs.api.async_view import AsyncView, called, release_connection
from runs.api.attachments import attachment
from runs.api.entity_tags import ASKED_AGAIN, NOT_KEPT, entity_tag, not_modified, tagged, tagged_content, unless_known
from runs.api.heavy_requests import DOWNLOADS, LISTS, HeavyView, Kind
from runs.api.journal_watch import journal_watch
from runs.api.recorded_reading import action_of_file, record_download
from runs.api.renderers import JSONRenderer
from runs.files import run_files
from runs.files import serializers as file_serializers
from runs.files.local_files import Content
from runs.files.store import StoreError
from runs.groups import statistics
from runs.groups.serializers import group_detail, group_summary
from runs.hints.early_stopping_countdown import countdown
from runs.listing.facets import facets
from runs.listing.filters import (
    METRIC_LOOKUPS,
    Choice,
    EventsParameters,
    GroupedParameters,
    GroupParameters,
    MetricParameters,
    Parameters,
    RunParameters,
    are_chosen,
    chooses_projects,
    narrowed,
    project_limits,
    validated,
)
from runs.listing.grouping import page_of_groups
from runs.listing.list_serializers import grouped
from runs.listing.pagination import NEWEST_FIRST, Part, page_of
from runs.listing.run_lines import run_lines
from runs.listing.run_pages import run_page
from runs.models import Run, RunMetric

LARGE_PAGE = 100
"""Runs; a larger page counts as a large list."""
MANY_EVENTS = 1_000


class ReadingView(HeavyView):
    """The base of the views that answer GET and HEAD in JSON.

    404 for what does not exist and for what the user may not see.
    """

    http_method_names = ["get", "head", "options"]
    renderer_classes = [JSONRenderer]
    parameters: type[Parameters] = Parameters

    def check_parameters(self, request: Request) -> None:
        """Read what is asked for; raises InvalidRequest."""
        self.asked = validated(self.parameters, request)

    def visible(self) -> QuerySet[Run]:
        """Select the runs that the user may see."""
        return queries.visible_runs(self.request.user)

    def head_of(self, run_id: int) -> queries.Head:
        """Read the run's head; raises NotFound for a run that the user may not see."""
        found = queries.head_of(self.request.user, run_id)
        if found is None:
            raise NotFound(f"Run {run_id} does not exist.")
        return found

    def few_columns_of(self, run_id: int) -> Run:
        """Read the same and little more in a prepared query; raises NotFound."""
        run = queries.curve_run(self.request.user, run_id)
        if run is None:
            raise NotFound(f"Run {run_id} does not exist.")
        return run


class WaitingView(AsyncView, ReadingView):
    """The base of those that may wait for news of a run."""

    def require_sight(self, run_id: int) -> None:
        """Raise NotFound where the user no longer sees a run that was found before; to be called after a wait.

        Raises as a request without a login where that ended.
        """
        self.authenticate_again()
        if not queries.still_sees(self.request.user, run_id):
            raise NotFound(f"Run {run_id} does not exist.")


class RunList(ReadingView):
    """One page of summaries, newest first by default, with the columns and curves that were asked for."""

    parameters = RunParameters

    def kind_of_request(self) -> Kind | None:
        """Count large pages."""
        return LISTS if self.asked["page_size"] > LARGE_PAGE else None

    def get(self, request: Request) -> HttpResponseBase:
        """Return the page."""
        asked = self.asked
        # First the ids, then their rows: sorting whole rows takes many times as long.
        page = run_page(request.user, asked)
        links = page.links(request.build_absolute_uri())
        lines = run_lines([row["id"] for row in page.rows], asked.get("columns", ()), asked["sparkline"])
        return HttpResponse(JSONRenderer().render({**links, "results": lines}), content_type=JSONRenderer.media_type)


class Facets(ReadingView):
    """The values by which the list can be filtered, with counts, and the columns it can have."""

    parameters = Choice
    heavy = LISTS

    def get(self, request: Request) -> Response:
        """Count the facets of the chosen runs."""
        condition = are_chosen(request.user, self.asked)
        user, asked = request.user, self.asked
        whole, projects = chooses_projects(user, asked), project_limits(user, asked)
        return Response(facets(condition, whole=whole, projects=projects, searched="search" in asked))


class Grouped(ReadingView):
    """One page of groups of runs that have something in common."""

    parameters = GroupedParameters
    heavy = LISTS

    def get(self, request: Request) -> Response:
        """Return the page."""
        asked = self.asked
        page = page_of_groups(
            are_chosen(request.user, asked),
            asked["by"],
            asked["page_size"],
            asked.get("cursor"),
            whole=chooses_projects(request.user, asked),
            projects=project_limits(request.user, asked),
            searched="search" in asked,
        )
        links = page.links(request.build_absolute_uri())
        return Response({**links, "by": asked["by"], "results": [grouped(row, asked["by"]) for row in page.rows]})


def one_of(runs: QuerySet[Run], run_id: int) -> Run:
    """Return the run; raises NotFound if it is not among `runs`."""
    run = runs.filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"Run {run_id} does not exist.")
    return run


class RunDetail(ReadingView):
    """Everything known of one run except its journal, metrics and files."""

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Return the run with its early stopping countdown; 304 for an ended one that the client has as it is."""
        tag = ended_runs.version(request, queries.curve_run(request.user, run_id))
        return unless_known(request, tag, lambda: self.detail(run_id), NOT_KEPT)

    def detail(self, run_id: int) -> Response:
        """Build the answer; raises NotFound."""
        run = one_of(self.visible().select_related("owner", "project", "revised_by"), run_id)
        patience = countdown(run.config, run.max_epochs, hint_evidence.monitored(run))
        return Response(serializers.run_detail(run) | {"patience": patience})


class GroupList(ReadingView):
    """One page of groups, newest first, each with mean and spread over its completed runs."""

    parameters = GroupParameters
    heavy = LISTS

    def get(self, request: Request) -> Response:
        """Return the page."""
        found = queries.visible_groups(request.user).select_related("owner", "project")
        page = page_of([Part(found)], NEWEST_FIRST, self.asked["page_size"], self.asked.get("cursor"))
        links = page.links(request.build_absolute_uri())
        return Response({**links, "results": [group_summary(report) for report in statistics.reports(page.rows)]})


class GroupDetail(ReadingView):
    """One group with its runs, mean and spread, and the summed matrix."""

    def get(self, request: Request, group_id: int) -> Response:
        """Return the group."""
        group = queries.visible_groups(request.user).select_related("owner", "project").filter(pk=group_id).first()
        if group is None:
            raise NotFound(f"Group {group_id} does not exist.")
        return Response(group_detail(statistics.report(group)))


class RunMetrics(ReadingView):
    """All epochs of the run's metrics, one series per name, split, context and class."""

    parameters = MetricParameters
    heavy = LISTS

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Return the series that the parameters ask for; 304 where the client has those of an ended run."""
        run = self.few_columns_of(run_id)
        return unless_known(request, ended_runs.version(request, run), lambda: self._series(run), ASKED_AGAIN)

    def _series(self, run: Run) -> Response:
        metrics = narrowed(RunMetric.objects.filter(run_id=run.pk), METRIC_LOOKUPS, self.asked)
        series = serializers.metric_series(queries.metric_series(metrics))
        return Response({"run_id": run.pk, "status": run.status, "last_seq": run.last_seq, "series": series})


class RunFinalStats(ReadingView):
    """The best checkpoint's evaluation, per split; `splits` is empty until there is one."""

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Return the evaluated splits; 304 where the client has those of an ended run."""
        run = self.few_columns_of(run_id)
        return unless_known(request, ended_runs.version(request, run), lambda: self._splits(run), ASKED_AGAIN)

    def _splits(self, run: Run) -> Response:
        splits = {result.split: serializers.final_split(result) for result in queries.final_results(run.pk)}
        return Response({"run_id": run.pk, "status": run.status, "splits": splits})


class RunFiles(ReadingView):
    """Every file of the run; those of an unfinished run are whole too."""

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Return the list of files; 304 where the client has it as it is."""
        run = Run(pk=self.head_of(run_id).id)
        listed = {"run_id": run.pk, "files": file_serializers.described(run.pk, run_files.listed(run))}
        return tagged_content(request, JSONRenderer().render(listed), NOT_KEPT)


class StoreUnavailable(APIException):
    """503: the object store failed; the sentence says what to do."""

    status_code = 503


class RunFileDownload(ReadingView):
    """One file, streamed as an attachment."""

    heavy = DOWNLOADS

    def get(self, request: Request, run_id: int, name: str) -> HttpResponseBase:
        """Stream the file; 304 where the client has it as it is, 404 without one, 503 when the object store fails."""
        run = Run(pk=self.head_of(run_id).id)
        try:
            known = entity_tag(request, run_files.version(run, name))
            answer = not_modified(request, known, ASKED_AGAIN) or _streamed(request, run_files.opened(run, name), name)
        except FileNotFoundError:
            raise NotFound(f"Run {run_id} has no file {name!r}.") from None
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        record_download(request, action_of_file(name), run_id, file=name)
        return answer


def _streamed(request: Request, content: Content, name: str) -> HttpResponseBase:
    """Stream an open file, with the tag of what was opened: it may have been replaced since it was looked at."""
    response = attachment(content, name.rpartition("/")[2])
    return tagged(response, entity_tag(request, content.version), ASKED_AGAIN)


class RunEvents(WaitingView):
    """The journal after a seq; with `wait`, the answer comes when there is something new, or the run has ended.

    Asynchronous, so that waiting clients cost no query and no thread of their own while they wait.
    """

    parameters = EventsParameters
    waits_only_if_asked = True

    def kind_of_request(self) -> Kind | None:
        """Count large pages, but no request that waits: it would hold its turn meanwhile."""
        return LISTS if self.asked["limit"] > MANY_EVENTS and not self.asked["wait"] else None

    async def get(self, _request: Request, run_id: int) -> Response:
        """Return the next page of the journal, waiting for it if asked to."""
        asked = self.asked
        head = await called(self.head_of, run_id)
        if head.last_seq <= asked["after"] and head.status not in Run.ENDED and asked["wait"]:
            await sync_to_async(release_connection)()
            head = await journal_watch().wait_for_growth(run_id, asked["after"], asked["wait"]) or head
            await sync_to_async(self.require_sight)(run_id)
        return Response(await called(_journal_page, head, asked))


def _journal_page(head: queries.Head, asked: dict[str, Any]) -> dict[str, Any]:
    """Read events up to the head that was seen, so that status and events are of the same moment."""
    events = queries.events_after(head.id, asked["after"], asked["limit"], until=head.last_seq, types=asked["types"])
    last_seq = events[-1].seq if len(events) == asked["limit"] else head.last_seq
    return serializers.journal_page(events, last_seq, head.status)
