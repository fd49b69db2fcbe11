"""`/api/share-links/` and `/api/runs/<id>/share-links/`: links that show runs, read-only, without an account."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ShareLink
from accounts.request_user import logged_in
from accounts.share_links import links
from runs.api.bodies import body_of
from runs.api.views import ReadingView, one_of
from runs.errors import InvalidRequest
from runs.events import format_time, time_or_null
from runs.listing.filters import Parameters
from runs.models import Run

NOT_ALLOWED = "Only the owner of a run, while they are trainer of its project, and the project's admins may share it."


class LinkOptions(Parameters):
    """For how many days the link holds, and whether it shows pictures and predictions of samples too."""

    days = serializers.FloatField(default=links.DAYS, help_text="For how many days the link holds.")
    with_samples = serializers.BooleanField(
        default=False, help_text="Whether it shows pictures and predictions of samples, too."
    )


class ComparisonOptions(LinkOptions):
    """The runs to compare, and the rest of a link."""

    runs = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=links.MOST_RUNS,
        help_text="Numbers of the runs that it shows.",
    )


class LinkView(ReadingView):
    """The base of the endpoints of links."""

    def made(self, runs: list[Run], asked: dict[str, Any]) -> Response:
        """Make a link (201), whose address stands in `link` this once."""
        user = logged_in(self.request)
        if not links.may_share(user, runs):
            raise PermissionDenied(NOT_ALLOWED)
        try:
            link, token = links.make(user, runs, days=asked["days"], with_samples=asked["with_samples"])
        except links.Refused as refused:
            raise InvalidRequest([{"field": refused.field, "message": str(refused)}]) from refused
        address = self.request.build_absolute_uri(reverse("shared", args=[token]))
        return Response(described(link, user) | {"link": address}, status=201)


class RunLinks(LinkView):
    """The endpoint of the links to one run, for those who may share it."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the links that hold and show the run, the newest first, those of comparisons too."""
        run, user = self._run(run_id), logged_in(self.request)
        return Response({"results": [described(link, user) for link in links.of_run(run.pk)]})

    def post(self, request: Request, run_id: int) -> Response:
        """Make a link to the run."""
        return self.made([self._run(run_id)], body_of(request, LinkOptions))

    def _run(self, run_id: int) -> Run:
        run = one_of(self.visible(), run_id)
        if not links.may_share(logged_in(self.request), [run]):
            raise PermissionDenied(NOT_ALLOWED)
        return run


class LinkList(LinkView):
    """The endpoint of the links that a user has made."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: Request) -> Response:
        """Return the user's links that hold, the newest first."""
        user = logged_in(request)
        return Response({"results": [described(link, user) for link in links.of_maker(user)]})

    def post(self, request: Request) -> Response:
        """Make a link to a comparison of runs, or to one run."""
        asked = body_of(request, ComparisonOptions)
        numbers = list(dict.fromkeys(asked["runs"]))
        found = self.visible().in_bulk(numbers)
        if missing := [number for number in numbers if number not in found]:
            raise NotFound(f"Run {missing[0]} does not exist.")
        return self.made([found[number] for number in numbers], asked)


class LinkDetail(LinkView):
    """The endpoint that revokes a link."""

    http_method_names = ["delete", "options"]

    def delete(self, request: Request, link_id: int) -> Response:
        """Revoke a link (204): of others, the admins of a project of its runs may; 404 for everybody else."""
        user = logged_in(request)
        link = links.holding().filter(pk=link_id).first()
        if link is None or not links.may_revoke(user, link):
            raise NotFound(f"You have no link {link_id}: it has ended, or is somebody else's.")
        links.revoke(link, user)
        return Response(status=204)


def described(link: ShareLink, user: User) -> dict[str, Any]:
    """Describe a link to somebody, without its secret, and without runs of projects that they do not see."""
    return {
        "id": link.pk,
        "runs": sorted(run.pk for run in links.runs_shown_to(user, link)),
        "with_samples": link.with_samples,
        "created_at": format_time(link.created_at),
        "created_by": link.created_by.get_username(),
        "expires_at": format_time(link.expires_at),
        "last_used": time_or_null(link.last_used),
    }
