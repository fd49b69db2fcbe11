"""The REST API of external tests: ask for one, list, look, download the predictions, remove."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.request_user import logged_in
from audit.recording import record
from experiments.api.run_actions import RunAction
from experiments.external_tests import asking, queries
from experiments.external_tests.asking import EvaluateBody
from experiments.external_tests.descriptions import detail, summary
from experiments.model_jobs import descriptions, requests
from experiments.models import ExternalTest
from runs.api.attachments import attachment
from runs.api.heavy_requests import DOWNLOADS, HeavyView
from runs.api.views import ReadingView, one_of
from runs.files.local_files import Content, open_file
from runs.listing.filters import Parameters
from runs.models import Run
from runs.projects.refusals import why_not
from runs.queries import may_change, visible_runs

MOST_RUNS = 100
GONE = "The predictions of external test {number} of run {run} are gone: remove the test and ask for it again."


class Evaluate(RunAction):
    """The endpoint that tests a run's model on another data set."""

    body = EvaluateBody

    def act(self, run: Run, user: User, request: Request) -> Response:
        """Queue the test, and return its job (202)."""
        job = asking.ask(run, user, dict(self.asked))
        return Response(descriptions.summary(job, request), status=202)


class RunExternalTests(ReadingView):
    """The endpoint of a run's external tests."""

    def get(self, request: Request, run_id: int) -> Response:
        """Return them, the oldest first, with the numbers of lists; raises NotFound."""
        run = self.head_of(run_id)
        return Response(
            {"run_id": run.id, "results": [summary(test) for test in queries.listed(request.user, [run.id])]}
        )


class ManyParameters(Parameters):
    """Of which runs."""

    runs = serializers.RegexField(
        r"\A\d{1,18}(,\d{1,18})*\Z", max_length=1000, help_text=f"Numbers of at most {MOST_RUNS} runs, with commas."
    )

    def validate_runs(self, text: str) -> list[int]:
        """Read the numbers."""
        numbers = list(dict.fromkeys(map(int, text.split(","))))
        if len(numbers) > MOST_RUNS:
            raise serializers.ValidationError(f"Name at most {MOST_RUNS} runs.")
        return numbers


class ExternalTestsOfRuns(ReadingView):
    """The endpoint of the external tests of several runs, to be compared."""

    parameters = ManyParameters

    def get(self, request: Request) -> Response:
        """Return those of the runs that the user sees."""
        return Response({"results": [summary(test) for test in queries.listed(request.user, self.asked["runs"])]})


class ExternalTestView(APIView):
    """The endpoint of one external test: all its numbers, and its removal."""

    def get(self, request: Request, run_id: int, number: int) -> Response:
        """Return the test; raises NotFound."""
        return Response(detail(found(request, run_id, number), request.user))

    def delete(self, request: Request, run_id: int, number: int) -> Response:
        """Remove the test with its predictions; that it was a look at the data stays counted."""
        test = found(request, run_id, number)
        user = logged_in(request)
        if not may_change(user, test.job):
            raise PermissionDenied(why_not(user, test.job, f"External test {number}", test.owner))
        requests.delete(test.job, user)
        return Response(status=204)


class ExternalPredictions(HeavyView):
    """The scores behind all numbers of one external test, streamed as an attachment."""

    http_method_names = ["get", "head", "options"]
    heavy = DOWNLOADS

    def get(self, request: Request, run_id: int, number: int) -> HttpResponseBase:
        """Stream `predictions.parquet`; raises NotFound."""
        test = found(request, run_id, number)
        path = test.predictions
        try:
            content = Content(open_file(path.parent, path.name))
        except FileNotFoundError:
            raise NotFound(GONE.format(number=number, run=run_id)) from None
        if request.method != "HEAD":
            record("external_test.downloaded", target=test.run, number=number)
        return attachment(content, f"run-{run_id}-external-{number}.parquet")


def found(request: Request, run_id: int, number: int) -> ExternalTest:
    """Return the test; raises NotFound, also for a run that the user does not see."""
    test = queries.seen(request.user, run_id, number)
    if test is None:
        one_of(visible_runs(request.user), run_id)
        raise NotFound(f"External test {number} of run {run_id} does not exist.")
    return test
