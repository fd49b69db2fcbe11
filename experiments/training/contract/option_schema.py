"""Describe the options of a training for a form: groups of fields with help, defaults, choices and bounds.

Help, defaults and bounds are those that `config` declares; only what readers of a form need in addition is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.image_options import MAX_IMAGE_SIZE, MIN_IMAGE_SIZE
from experiments.training.contract.trainer_config import MAX_DEVICES

TOP = "top"
LEFT_TO_OPTIONS = frozenset({"model.width", "model.dropout"})  # short for what model.options holds

FIRST = ("trainer.max_epochs", "data.test_fraction")
"""The fields shown first; a form may fold the others away."""

TITLES = {
    "experiment_name": "Name of the experiment",
    "source_path": "Data set",
    "data.val_fraction": "Share for validation",
    "data.test_fraction": "Share for the test",
    "data.num_workers": "Loader processes",
    "data.id_column": "Column of ids",
    "data.target_column": "Column of classes",
    "data.patient_column": "Column of patients",
    "data.split_column": "Column of splits",
    "data.ct_window": "Window of CT",
    "data.layout": "Layout of the data",
    "data.class_folder": "Folder of classes",
    "data.patient_folder": "Folder of patients",
    "data.split_folders": "Folders of splits",
    "data.ignore": "Files and folders to leave out",
    "data.finding": "Finding to look for",
    "data.patients": "What a patient is",
    "data.class_names": "Names of classes",
    "data.ignore_columns": "Columns not to learn from",
    "data.use_columns": "Columns to learn from all the same",
    "data.subgroup_columns": "Columns of subgroups",
    "data.subgroup_bands": "Bands of subgroups",
    "data.subgroup_folder": "Folder of subgroups",
    "data.folds": "Folds (cross-validation)",
    "data.fold": "One fold alone",
    "model.name": "Network",
    "model.weights_file": "Starting weights",
    "model.trainable": "Layers that learn",
    "model.pos_weight": "Weight of positives",
    "loss.name": "Loss",
    "loss.focal_gamma": "Gamma of the focal loss",
    "loss.focal_alpha": "Alpha of the focal loss",
    "augmentation.preset": "Augmentation",
    "augmentation.mixup_alpha": "Mix-up",
    "optimizer.name": "Optimizer",
    "optimizer.scheduler": "Schedule of the learning rate",
    "trainer.max_epochs": "Epochs",
    "trainer.max_hours": "Time limit",
    "trainer.num_nodes": "Machines",
    "trainer.sync_batchnorm": "Batch normalisation over all devices",
    "trainer.gradient_clip_val": "Clip gradients at",
    "trainer.accumulate_grad_batches": "Batches per optimizer step",
    "trainer.ema_decay": "Moving average of the weights",
    "callbacks.metrics": "Further metrics",
    "callbacks.monitor": "Best epoch by",
    "callbacks.save_top_k": "Checkpoints to keep",
    "callbacks.min_delta": "Least improvement",
}
"""Titles of fields whose names do not make good ones."""

OPTION_TITLES = {"width": "Size of the network"}
"""Titles of options of networks whose names do not make good ones."""

BLANKS = {
    "project": "Default, if you train there",
    "data.table": "the one there is",
    "data.class_folder": "by the data",
    "data.ignore": "asked for where it matters",
    "data.finding": "each cell is one class",
    "data.patient_column": "found by its name",
    "data.patient_folder": "by the data",
    "data.subgroup_folder": "none",
    "model.positive_class": "by rule",
}
"""What a blank field stands for, where null would not say it."""

UNITS = {
    "data.image_size": "pixels",
    "data.batch_size": "samples",
    "trainer.max_hours": "hours",
    "optimizer.warmup_epochs": "epochs",
    "optimizer.restart_epochs": "epochs",
    "optimizer.plateau_patience": "epochs",
    "optimizer.step_size": "epochs",
    "model.unfreeze_every": "epochs",
    "callbacks.patience": "epochs",
    "callbacks.batch_metrics_every": "batches",
    "callbacks.gradient_stats_every": "steps",
    "callbacks.progress_interval": "seconds",
    "callbacks.resource_interval": "seconds",
}

_EXTENDED = {"callbacks.monitor": "callbacks.metrics"}
"""Fields whose choices grow with what another field asks for."""

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")
_BOUNDS_OF_VALIDATORS: dict[str, dict[str, float]] = {
    "data.image_size": {"minimum": MIN_IMAGE_SIZE, "maximum": MAX_IMAGE_SIZE},
    "trainer.devices": {"minimum": 1, "maximum": MAX_DEVICES},
    "model.pos_weight": {"exclusiveMinimum": 0, "maximum": 1e6},
}


def groups(projects: Sequence[str] = ()) -> list[dict[str, Any]]:
    """List all groups in the order of the request, each `{name, title, help, fields}`, ungrouped fields first.

    `projects` can be chosen from; where there are not several, the form does not ask.
    """
    schema = TrainingConfig.model_json_schema()
    loose = {name: found for name, found in schema["properties"].items() if "$ref" not in found}
    required = set(schema["required"])
    if len(projects) > 1:
        loose["project"] = {**loose["project"], "anyOf": [{"type": "string", "enum": [*projects]}, {"type": "null"}]}
    else:
        del loose["project"]
    described = [_group(TOP, "This run", "", [_field(name, found, name in required) for name, found in loose.items()])]
    for name, found in schema["properties"].items():
        if "$ref" in found:
            section = schema["$defs"][found["$ref"].rpartition("/")[2]]
            described.append(_group(name, name.capitalize(), section["description"], list(_fields(name, section))))
    return described


def _fields(group: str, section: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, found in section["properties"].items():
        if (path := f"{group}.{name}") not in LEFT_TO_OPTIONS:
            yield _field(path, found, False)


def of_options(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the fields of a network's own options, given as their JSON schema."""
    found = schema.get("properties", {})
    fields = [_field(f"model.options.{name}", option, False) for name, option in found.items()]
    return [
        field | {"title": OPTION_TITLES.get(name, field["title"])} for name, field in zip(found, fields, strict=True)
    ]


def _group(name: str, title: str, words: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "title": title, "help": words, "fields": fields}


def _field(path: str, schema: Mapping[str, Any], required: bool) -> dict[str, Any]:
    """Describe one field; `kinds` are the accepted forms, each with a `type`, and `choices` or bounds."""
    kinds = [_kind(path, kind) for kind in schema.get("anyOf", [schema])]
    if path in _EXTENDED:
        kinds = [kind for kind in kinds if "choices" in kind]
    return {
        "path": path,
        "title": TITLES.get(path) or path.rpartition(".")[2].replace("_", " ").capitalize(),
        "help": schema.get("description", ""),
        "unit": UNITS.get(path),
        "blank": BLANKS.get(path),
        "first": path in FIRST,
        "required": required,
        "default": schema.get("default"),
        "kinds": [kind for kind in kinds if kind["type"] != "null"],
        "extended_by": _EXTENDED.get(path),
        "nullable": any(kind["type"] == "null" for kind in kinds),
    }


def _kind(path: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": schema.get("type", "string")}
    if "const" in schema or "enum" in schema:
        choices = schema.get("enum") or [schema["const"]]
        mixed = "type" not in schema and not all(isinstance(choice, str) for choice in choices)
        return kind | ({"type": "integer"} if mixed else {}) | {"choices": choices}
    if "items" in schema:
        members = schema["items"].get("anyOf", [schema["items"]])
        kind |= {"items": _kind(path, members[0])}
        kind |= {"objects": True} if any(member.get("type") == "object" for member in members) else {}
    bounds = {name: schema[name] for name in _BOUNDS if name in schema}
    if kind["type"] in ("integer", "number"):
        bounds = _BOUNDS_OF_VALIDATORS.get(path, {}) | bounds
    return kind | bounds
