"""What a request for an external test may say, and what is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers

from experiments.api.operating_point import NUMBERS, Number, require_number
from experiments.api.submission import in_words
from experiments.datasets import lookup
from experiments.model_jobs import requests
from experiments.model_jobs.refusals import require_trainer
from experiments.models import ModelJob
from experiments.trained_models.sources import source_of
from experiments.training.contract.config import DataConfig, TrainingConfig
from experiments.training.contract.inspections import TRAINING
from experiments.training.contract.reading import Unanswered
from experiments.training.contract.source_errors import SourceError
from experiments.training.external_testing.asked import KEPT, RECHOSEN
from runs.errors import Conflict, InvalidRequest
from runs.listing.filters import Parameters
from runs.models import Run
from runs.operating_points.point_views import HIGHEST_RATIO, LEAST_RATIO, LEAST_SHARE
from runs.statistics.operating_points.rules import COST, F1, SENSITIVITY, SPECIFICITY, YOUDEN
from runs.stored_config import StoredConfig

KIND = "external_test"
RULES = (COST, SENSITIVITY, SPECIFICITY, YOUDEN, F1)
NUMBERS_HERE = ("at_least", "cost_ratio")
OF_READING = (
    *("id_column", "target_column", "patient_column", "split_column", "layout", "table", "missing_images"),
    *("class_folder", "patient_folder", "ignore", "finding", "several_findings", "missing_labels", "uncertain_labels"),
    *("label_spellings", "class_names", "patients", "subgroup_columns", "subgroup_bands", "subgroup_folder"),
    "skip_unreadable",
)
"""The options of `data` that say how other data are read; the others are of a training alone."""
MOST_COLUMNS = 10
TWO_ALONE = "Only a run of two classes has a threshold to choose; this one has {}. Leave it out."
NO_POINT = "This run has no operating point that could be kept: its best checkpoint was not evaluated."
ONLY_RECHOSEN = "It belongs to a threshold that is chosen on these data; set threshold to rechosen, or leave it out."


class EvaluateBody(Parameters):
    """Which data, how they are read, and where two classes are decided."""

    source_path = serializers.CharField(
        max_length=4096,
        help_text="dataset:<name> of the run's project, a path inside the data roots, or builtin:<name>.",
    )
    name = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="What the test is called, such as the hospital."
    )
    note = serializers.CharField(
        max_length=2000, required=False, allow_blank=True, help_text="What readers should know of these data."
    )
    class_names = serializers.ListField(
        child=serializers.CharField(max_length=401),
        max_length=1000,
        required=False,
        help_text="Where these data spell classes otherwise: theirs, then the run's, as in tumour=malignant.",
    )
    site = serializers.CharField(
        max_length=200, required=False, help_text="The column that says of which site a sample is."
    )
    subgroup_columns = serializers.ListField(
        child=serializers.CharField(max_length=200),
        max_length=MOST_COLUMNS,
        required=False,
        help_text="Columns by whose values the result is told apart.",
    )
    data = serializers.DictField(
        required=False, help_text="Further options of `data`, as of a training, that say how these data are read."
    )  # type: ignore[assignment]  # DRF takes it out again
    threshold = serializers.ChoiceField(
        [KEPT, RECHOSEN],
        default=KEPT,
        help_text="kept: the operating point that holds. rechosen: another one too, chosen on these very data.",
    )
    rule = serializers.ChoiceField(RULES, required=False, help_text="How it is chosen.")
    at_least = Number(
        min_value=LEAST_SHARE, max_value=1, required=False, help_text="The least sensitivity or specificity."
    )
    cost_ratio = Number(
        min_value=LEAST_RATIO,
        max_value=HIGHEST_RATIO,
        required=False,
        help_text="What a missed positive costs in false alarms, for the rule cost.",
    )

    def validate_data(self, value: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is no option of reading."""
        unknown = [name for name in value if name not in OF_READING]
        if unknown:
            raise serializers.ValidationError(
                {unknown[0]: f"It says nothing of how other data are read; there are {', '.join(OF_READING)}."}
            )
        return value

    def validate(self, attrs: Any) -> Any:
        """Require the rule of a re-chosen threshold and its number, and neither otherwise."""
        if attrs["threshold"] != RECHOSEN:
            for name in ("rule", *NUMBERS_HERE):
                if name in attrs:
                    raise serializers.ValidationError({name: ONLY_RECHOSEN})
        elif "rule" not in attrs:
            raise serializers.ValidationError({"rule": f"Say how it is chosen: one of {', '.join(RULES)}."})
        else:
            require_number(attrs, NUMBERS_HERE)
        return attrs


def ask(run: Run, user: User, asked: dict[str, Any]) -> ModelJob:
    """Queue an external test of a run that `user` sees.

    Args:
        run: the run.
        user: trains in its project.
        asked: the validated fields of `EvaluateBody`.

    Raises:
        PermissionDenied: the user may not train in the project.
        Conflict: the run has no model that could be used.
        InvalidRequest: what is wrong with the data, by field; questions that the data raise have their choices.
        TooManyJobs: as many of the user's jobs are unfinished as this server allows.
    """
    require_trainer(run, user)
    source = source_of(run)
    if asked["threshold"] == RECHOSEN and len(source.classes) != 2:
        raise InvalidRequest([{"field": "threshold", "message": TWO_ALONE.format(len(source.classes))}])
    if len(source.classes) == 2 and source.threshold is None:
        raise Conflict(NO_POINT)
    options = _options(asked)
    with in_words():
        config = TrainingConfig.model_validate(
            with_reading(source.config, options) | {"source_path": options["source_path"]}
        )
        _require_answers(config, user, run)
    return requests.enqueue(run, user, KIND, options)


def _options(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the job is told: all of it decides whether another request asks the same."""
    data = dict(asked.get("data", {}))
    if "class_names" in asked:
        data["class_names"] = asked["class_names"]
    named: list[str] = asked.get("subgroup_columns") or data.get("subgroup_columns") or []
    columns = list(named)
    if (site := asked.get("site")) and site not in columns:
        columns.insert(0, site)
    # Those of the run need not be there, and say nothing that was asked for.
    data = {"subgroup_columns": columns, "subgroup_bands": [], "subgroup_folder": None} | {
        name: value for name, value in data.items() if name != "subgroup_columns"
    }
    number = asked.get(NUMBERS.get(asked.get("rule", ""), ""))
    return {
        "source_path": asked["source_path"].strip(),
        "name": asked.get("name", "").strip(),
        "note": asked.get("note", "").strip(),
        "data": data,
        "site": site or None,
        "threshold": asked["threshold"],
        "rule": asked.get("rule"),
        "number": number,
    }


def with_reading(config: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's configuration with what was asked of reading; options that are unknown here are left out."""
    own = StoredConfig(config).section("data")
    shared = {name: value for name, value in own.items() if name in DataConfig.model_fields}
    return {**config, "data": {**shared, **options["data"]}}


def _require_answers(config: TrainingConfig, user: User, run: Run) -> None:
    """Raise Unanswered for questions that the data raise, and SourceError where they are not to be had.

    Whether they can be scored is decided by the job: a training would ask for more than a test needs.
    """
    lookup.locate(config.source_path, run.project.pk)
    try:
        lookup.inspect(config, user.pk, run.project.pk, answered=True, patience=TRAINING)
    except Unanswered:
        raise
    except SourceError:
        return
