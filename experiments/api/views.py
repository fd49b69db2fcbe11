"""POST /api/experiments/centralized/train (validate, launch, 202; or a dry run's report), and what can be trained."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments.api.submission import accepted, in_words, submit
from experiments.datasets.serializers import builtin_summary
from experiments.models import Preflight
from experiments.preflights import requests
from experiments.training.contract import option_schema, splits
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.metrics import metric_catalogue, monitored
from experiments.training.contract.networks import network_catalogue, weight_files
from experiments.training.contract.networks.builtin_networks import CNN
from experiments.training.contract.networks.network_spec import AUTO, NetworkSpec
from experiments.training.data.files.catalogue import BUILTINS
from runs.api.async_view import AsyncView, release_connection
from runs.events import format_time, time_or_null
from runs.listing.filters import Parameters, validated
from runs.projects import project_choice
from runs.queries import may_change
from runs.stored_config import StoredConfig

DRY_RUN_WAIT_SECONDS = 20.0
METRICS_WAIT_SECONDS = 20.0
"""How long a request with metrics waits for their list: the first worker makes it seconds after the first start."""
LOOK_SECONDS = 0.2
WEIGHTS_SHOWN = 200
WAIT_CURE = f"Write seconds from 0 to {DRY_RUN_WAIT_SECONDS:g}."


class _Seconds(serializers.FloatField):
    """Plain digits: what Python takes for a number besides, people do not write."""

    def to_internal_value(self, data: Any) -> float:
        """Parse it; raises ValidationError."""
        if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", str(data), re.ASCII):
            self.fail("invalid")
        return float(data)


class TrainParameters(Parameters):
    """Whether only to try it, and how many seconds the answer may wait for the report."""

    dry_run = serializers.BooleanField(
        default=False,
        error_messages={"invalid": "Write true or false."},
        help_text="Only try it: the answer is the pre-flight report.",
    )
    wait = _Seconds(
        required=False,
        min_value=0,
        max_value=DRY_RUN_WAIT_SECONDS,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), WAIT_CURE),
        help_text="Seconds that the answer may wait for the report.",
    )


class CentralizedTrainView(AsyncView):
    """The endpoint that queues one training, or one per fold; with `?dry_run=true` it only tries it.

    400 names every wrong field with its cure and queues nothing.
    """

    async def post(self, request: Request) -> Response:
        """Queue the training (202), or make its pre-flight report and wait for it."""
        parameters = validated(TrainParameters, request)
        if await _metrics_listed(request.data):
            await sync_to_async(self.authenticate_again)()
        if not parameters["dry_run"]:
            runs = await sync_to_async(submit)(request, request.data)
            return Response(accepted(runs, request), status=202)
        seconds = parameters.get("wait", DRY_RUN_WAIT_SECONDS)
        asked, decided = await sync_to_async(_requested)(request)
        if not decided and "wait" not in parameters:
            seconds = 0.0  # such data take longer than anyone waits who did not ask for it
        known = await _ended(asked, seconds)
        if known is not asked:
            await sync_to_async(self._require_sight)(known)
        return Response(_described(known, request), status=200 if known.status in Preflight.ENDED else 202)

    def _require_sight(self, waited_for: Preflight) -> None:
        """Raise what a request that comes now would be refused with: rights may have ended while it was waited for."""
        self.authenticate_again()
        _found(self.request, waited_for.pk)


class PreflightView(APIView):
    """The endpoint of one requested pre-flight report, as far as it has come."""

    def get(self, request: Request, pk: int) -> Response:
        """Return the report; raises NotFound."""
        return Response(_described(_found(request, pk), request))

    def delete(self, request: Request, pk: int) -> Response:
        """Cancel it: one that waits or is being made ends without a report; the row stays."""
        found = _found(request, pk)
        requests.cancel(found, request.user)  # type: ignore[arg-type]  # logged in
        return Response(_described(found, request))


class ModelsView(APIView):
    """The endpoint of the networks that `model.name` may name, each with its options as a JSON schema."""

    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return all networks."""
        return Response(
            {"models": [network_catalogue.describe(spec) for spec in network_catalogue.networks().values()]}
        )


class MetricsView(APIView):
    """The endpoint of the metrics that `callbacks.metrics` may name, each with its options."""

    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return the metrics of the installed torchmetrics; null where no worker has listed them yet."""
        found = metric_catalogue.current()
        return Response(
            {
                "version": found.version if found else None,
                "metrics": None
                if found is None
                else [metric_catalogue.describe(found.find(n)) for n in found.usable()],
            }
        )


class OptionsView(APIView):
    """The endpoint of a training's options with help, defaults and bounds; built-in data sets; weights."""

    def get(self, request: Request) -> Response:
        """Return the options that a form of a new run shows to this user."""
        options = {name: option_schema.of_options(spec.options.model_json_schema()) for name, spec in _networks()}
        return Response(
            {
                "groups": option_schema.groups(project_choice.names_to_train_in(request.user)),
                "network_options": options | {AUTO: options[CNN.name]},
                "directions": monitored.directions(),
                "builtins": [builtin_summary(builtin) for builtin in BUILTINS.values()],
                "weights": weight_files.present(settings.MODELS_ROOT)[:WEIGHTS_SHOWN],
                "test_share": {"share": splits.USUAL_TEST_SHARE, "least": splits.LEAST_FOR_TEST},
                "may_hurry": bool(request.user.is_staff),
            }
        )


def _networks() -> Iterable[tuple[str, NetworkSpec]]:
    return network_catalogue.networks().items()


def _requested(request: Request) -> requests.Requested:
    with in_words():
        config, user = TrainingConfig.model_validate(request.data), request.user
        project = project_choice.to_train_in(user, config.project)
        asked = requests.ask(config, user, project_id=project.pk)  # type: ignore[arg-type]  # logged in
        asked.preflight.project = project  # known, where nothing may be read any more
        return asked


def _found(request: Request, pk: int) -> Preflight:
    found = requests.visible(request.user).select_related("owner", "project").filter(pk=pk).first()
    if found is None:
        raise NotFound(f"Pre-flight report {pk} does not exist.")
    return found


async def _ended(asked: Preflight, seconds: float) -> Preflight:
    """Wait at most `seconds` for the report to end, and return it; no connection is held between the looks."""
    deadline = time.monotonic() + seconds
    known = asked
    while known.status not in Preflight.ENDED and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
        known = await sync_to_async(_looked_up)(asked.pk)
    return known


async def _metrics_listed(body: Any) -> bool:
    """Wait for the list of metrics if the request names some and there is none yet; return whether it had to wait.

    No connection is held meanwhile.
    """
    callbacks = body.get("callbacks") if isinstance(body, Mapping) else None
    if not (isinstance(callbacks, Mapping) and callbacks.get("metrics")):
        return False
    deadline, waited = time.monotonic() + METRICS_WAIT_SECONDS, False
    while time.monotonic() < deadline and not await sync_to_async(_is_listed)():
        waited = True
        await asyncio.sleep(LOOK_SECONDS)
    return waited


def _is_listed() -> bool:
    try:
        return metric_catalogue.current() is not None
    finally:
        release_connection()


def _looked_up(pk: int) -> Preflight:
    try:
        return Preflight.objects.select_related("owner", "project").get(pk=pk)
    finally:
        release_connection()


def _may_cancel(preflight: Preflight, request: Request) -> bool:
    return preflight.status in Preflight.UNFINISHED and may_change(request.user, preflight)


def _described(preflight: Preflight, request: Request) -> dict[str, Any]:
    """Return a report as JSON; `report` and `problem` are null until it has ended, then one of them is set.

    `config` is the request with its defaults.
    """
    return {
        "preflight_id": preflight.pk,
        "status": preflight.status,
        "progress": preflight.progress,
        "problem": preflight.problem,
        "report": preflight.report,
        "config": preflight.config,
        "experiment_name": StoredConfig(preflight.config).experiment_name,
        "owner": preflight.owner.username,
        "project": preflight.project.name,
        "project_id": preflight.project_id,
        "may_cancel": _may_cancel(preflight, request),
        "created_at": format_time(preflight.created_at),
        "ended_at": time_or_null(preflight.ended_at),
        "links": {
            "self": request.build_absolute_uri(reverse("preflight", args=[preflight.pk])),
            "page": request.build_absolute_uri(reverse("preflight-page", args=[preflight.pk])),
        },
    }
