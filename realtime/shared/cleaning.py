"""What a share link shows of a run: what was asked for and what came out, and nothing of the server or other people.

Everything is left out that is not named here: paths of data, reasons and notes, which may repeat them, tags and
descriptions, who revised, decided or cancelled something, files, and links to what a visitor may not see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runs.models import Run
from runs.serializers import run_detail

KEPT: Final = (
    "id", "run_id", "experiment_name", "training_mode", "model_name", "status", "fold", "folds", "owner", "created_at",
    "start_time", "end_time", "duration_seconds", "spent_seconds", "attempt_start", "attempt", "last_seq", "progress",
    "monitor", "best", "final", "seed", "dataset", "positive_class", "model", "total_epochs", "deleted_at",
)  # fmt: skip
BLANK: Final[Mapping[str, Any]] = {
    "source_path": "", "dataset_hash": None, "reason": None, "notes": [], "tags": [], "description": "",
    "revision": 0, "revised_by": None, "revised_at": None, "execution": [], "recalibration": None, "test_split": None,
    "queue_position": None, "estimated_start": None, "waits_for": None, "queued_at": None, "stop_request": None,
    "best_checkpoint": None, "last_checkpoint": None,
}  # fmt: skip
"""What scripts expect of a run, without what it says."""
WORDS: Final[Mapping[str, frozenset[str]]] = {
    "model": frozenset({"name", "trainable", "pos_weight"}),
    "loss": frozenset({"name", "class_weights"}),
    "optimizer": frozenset({"name", "scheduler"}),
    "augmentation": frozenset({"preset"}),
    "trainer": frozenset({"precision", "accelerator"}),
    "callbacks": frozenset({"monitor", "mode"}),
    "data": frozenset({"patients", "missing_labels", "uncertain_labels", "missing_images"}),
}
"""Options whose values are words of ours; texts of others may be names of columns, folders, files or people."""
_OF_POINT: Final = ("rule", "number", "label", "threshold", "log_odds", "probability", "summary", "origin", "splits")


def shared_detail(run: Run) -> dict[str, Any]:
    """Build a run as a share link shows it, in the form of `run_detail`."""
    whole = run_detail(run)
    point = whole["operating_point"]
    return {
        **BLANK,
        **{name: whole[name] for name in KEPT},
        "config": shared_config(run.config),
        "operating_point": point and _shared_point(point),
        "links": {},
    }


def shared_config(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Keep numbers, switches and words of ours of the groups of options."""
    found = {name: _shown(group, WORDS[name]) for name, group in config.items() if name in WORDS}
    return {name: group for name, group in found.items() if group}


def _shown(group: Any, words: frozenset[str]) -> dict[str, Any]:
    if not isinstance(group, Mapping):
        return {}
    return {name: value for name, value in group.items() if _is_number(value) or (name in words and value is not None)}


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def _shared_point(point: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what was decided, without by whom and why."""
    return {**{name: point[name] for name in _OF_POINT}, "decided": "", "at": "", "reason": "", "shifts": []}
