"""Who writes what, as modules claim of themselves: each claim is compared with the code, by its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache

import pytest

from tests.syntax_trees import parsed
from tests.test_architecture import APPS, python_files, relative

CREATE = {"create", "acreate", "bulk_create", "get_or_create", "update_or_create"}
CHANGE = {"update", "aupdate", "bulk_update", "save", "asave"}
PLAIN = {"BulkInsert", "change"}
"""Of `runs.statements`: they take the model as their first argument, and columns as texts."""
LEASES = {"claim", "renew", "release", "_end", "_change"}
"""Of `runs.leases`, and of its users: what a holder writes goes through these."""


@cache
def trees() -> list[tuple[str, ast.Module]]:
    """Parse the apps' code, file by file."""
    return [(relative(path), parsed(path)) for path in python_files(*APPS)]


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    """List the calls with their files and the called function's or method's own name."""
    found = [(file, node) for file, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(file, call, name_of(call.func)) for file, call in found]


def name_of(function: ast.expr) -> str:
    """Return the last part of a name."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def words(node: ast.AST) -> set[str]:
    """Return all names and attributes in a piece of code."""
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return found | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def texts(nodes: Iterable[ast.AST]) -> set[object]:
    """Return all constants in some pieces of code."""
    return {part.value for node in nodes for part in ast.walk(node) if isinstance(part, ast.Constant)}


def writers_of_column(column: str) -> set[str]:
    """Find the files that give this column a value: by keyword, by its name as text, or by attribute."""
    found = set()
    for file, call, name in calls():
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        by_keyword = name in CREATE | CHANGE | LEASES and column in keywords
        by_text = name in {"setattr", "bulk_update", *PLAIN} and column in texts(call.args)
        by_fields = "update_fields" in keywords and column in texts([keywords["update_fields"]])
        if by_keyword or by_text or by_fields:
            found.add(file)
    for file, tree in trees():
        assigned = [target for node in ast.walk(tree) for target in targets(node)]
        if any(isinstance(target, ast.Attribute) and target.attr == column for target in assigned):
            found.add(file)
    return found


def targets(node: ast.AST) -> list[ast.expr]:
    """Return what a statement assigns to, if it does."""
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign) else []


def writers_of_rows(model: str, related: str, methods: set[str]) -> set[str]:
    """Find the files that construct the model, or call one of these methods on its rows, also by a related name.

    Plain statements count with those that create rows.
    """
    return {
        file
        for file, call, name in calls()
        if (isinstance(call.func, ast.Name) and name == model and file.startswith(("runs/", "experiments/")))
        or (name == "BulkInsert" and methods & CREATE and words(call.args[0]) == {model})
        or (isinstance(call.func, ast.Attribute) and name in methods and words(call.func.value) & {model, related})
    }


def test_a_status_is_written_by_its_lifecycle_alone() -> None:
    """Of runs, and of those that have a column of the same name: queued work, and notes of runs' changes."""
    others = {"experiments/queued_work/state.py", "runs/changes/status_changes.py"}
    assert writers_of_column("status") == {"runs/lifecycle.py"} | others


def test_the_state_of_a_data_set_is_written_by_its_checks_alone() -> None:
    """Messages to subscribers have a column of the same name."""
    assert writers_of_column("state") == {"experiments/datasets/checks.py", "notifications/outbox.py"}


@pytest.mark.parametrize(
    ("model", "related", "file"),
    [
        ("Run", "no related name", "runs/lifecycle.py"),
        ("Preflight", "preflights", "experiments/preflights/state.py"),
        ("ModelJob", "model_jobs", "experiments/model_jobs/state.py"),
        ("Dataset", "datasets", "experiments/datasets/checks.py"),
    ],
)
def test_rows_with_states_come_to_be_in_one_place(model: str, related: str, file: str) -> None:
    # These hold a key alone.
    unsaved = {
        *(f"runs/api/{name}.py" for name in ("views", "insight_views", "run_archive")),
        "runs/quotas/disk_usage.py",
    }
    assert writers_of_rows(model, related, CREATE) - unsaved == {file}


@pytest.mark.parametrize(("model", "related"), [("RunEvent", "events"), ("RunMetric", "metrics")])
def test_journal_and_metrics_are_written_by_the_recorder_alone(model: str, related: str) -> None:
    unsaved = {"runs/packed_journal/packed_events.py"}  # made of what is packed, for readers
    assert writers_of_rows(model, related, CREATE | CHANGE) - unsaved == {"runs/recorder.py"}


def test_packed_events_are_written_and_removed_in_two_places() -> None:
    """By the one that removes their rows in the same transaction, and by the one that prunes them."""
    assert writers_of_rows("PackedEvents", "packed_events", CREATE) == {"runs/curves/journal_packing.py"}
    assert writers_of_rows("PackedEvents", "packed_events", CHANGE) <= {"runs/packed_journal/packed_events.py"}


def test_looks_at_test_splits_are_written_in_one_place() -> None:
    assert writers_of_rows("SplitLook", "no related name", CREATE | CHANGE) == {"runs/evaluated_splits/split_looks.py"}


def test_saved_points_are_written_in_one_place_and_never_changed() -> None:
    file = "runs/saved_points/point_history.py"
    assert writers_of_rows("SavedPoint", "saved_points", CREATE | CHANGE) == {file}
    assert writers_of_rows("SavedPoint", "saved_points", CHANGE - CREATE) == set()


@pytest.mark.parametrize(
    ("model", "related", "file"),
    [
        ("ReportVersion", "report_versions", "report_versions"),
        ("ReportFile", "files", "report_versions"),
        ("ReportText", "report_texts", "report_texts"),
    ],
)
def test_reports_are_written_in_one_place_and_never_changed(model: str, related: str, file: str) -> None:
    assert writers_of_rows(model, related, CREATE | CHANGE) == {f"experiments/reports/{file}.py"}
    changing = {
        place
        for place, call, name in calls()
        if isinstance(call.func, ast.Attribute) and name in CHANGE and words(call.func.value) & {model, related}
    }
    assert changing == set()


def test_signals_connect_none_of_the_apps() -> None:
    """An effect that nobody sees at the place of its cause; Django's own signals may be listened to."""
    modules = {
        (file, name)
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [part.name for part in node.names])
    }
    assert len(modules) > 1000
    assert {file for file, name in modules if name.startswith("django.dispatch")} == set()


def test_events_of_the_audit_trail_are_added_in_one_place_removed_in_one_and_never_changed() -> None:
    """The one that removes them says so first, and the triggers of the database let it go no further."""
    of_trail = {"AuditEvent", "Repeats"}
    made = {file for file, call, name in calls() if name in of_trail and isinstance(call.func, ast.Name)}
    touched = [
        (file, name, words(call.func.value) & of_trail)
        for file, call, name in calls()
        if isinstance(call.func, ast.Attribute) and words(call.func.value) & of_trail
    ]
    assert made == {"audit/recording.py"}
    assert {file for file, name, _ in touched if name in CREATE | CHANGE} == set()
    assert {file for file, _, name in calls() if name == "count_again"} == {"audit/recording.py"}
    assert {file for file, name, _ in touched if name in {"delete", "adelete", "_raw_delete"}} == {"audit/pruning.py"}
    deleting = {"audit/pruning.py", "audit/append_only.py", "audit/models.py"}
    named = {file for file, tree in trees() if texts([tree]) & {"audit_auditevent", "audit_repeats"}}
    assert named <= deleting


def test_the_triggers_of_the_audit_trail_are_dropped_by_their_own_module_alone() -> None:
    files = {file for file, _, name in calls() if name == "drop_triggers"}
    assert files == {"audit/append_only.py", "runs/summaries/listed_runs.py"}
