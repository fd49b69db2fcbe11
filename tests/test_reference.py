"""The tables of the documentation that are written by hand say what the code says, and all of it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec

from experiments.training.contract.inference import Inference, NetworkInput, Output
from experiments.training.contract.reports import Execution
from experiments.training.data.files import archives
from experiments.training.data.tables.formats import table_limits
from project import metrics
from realtime.wire import close_codes
from runs.curves.sampled_events import SAMPLED_EVENTS
from runs.files import exports
from runs.hints import all as all_hints
from runs.hints.hint import Severity
from runs.listing.filters import RunParameters
from runs.listing.grouping import BY
from runs.statistics.fold_statistics import Spread
from runs.statistics.intervals.bootstrap_intervals import OF_TWO
from runs.statistics.matrix_statistics import FINAL_METRICS
from runs.statistics.metric_names import COUNTS, FINAL_STATISTICS
from runs.statistics.operating_points.rules import RULES
from runs.statistics.score_statistics import EVALUATION_METRICS, TRAIN_METRICS
from tests.documentation import ROOT, code, first_column, page, section, table
from tests.syntax_trees import parsed

APPS = ("project", "experiments", "runs", "realtime", "accounts", "access", "audit", "notifications", "request_ids")
WIRING = {"application", "http_application", "websocket_application", "urlpatterns", "register"}
STATELESS = {"_encoder", "_decoder"}


def trees(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))):
        if "migrations" not in path.parts and path.name != "settings.py":
            yield path, parsed(path)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_parameters_of_the_list() -> None:
    assert set(first_column("reference/run-list", "Parameters of the list")) == set(RunParameters().fields)


def test_rules_of_operating_points() -> None:
    assert first_column("reference/metrics", "Operating points") == list(RULES)


def test_parameters_of_groups() -> None:
    [by] = re.findall(r"Its `by` is ([^.]*)\.", section("reference/run-list", "Groups"))
    assert code(by) == list(BY)


def severities(codes_of: ast.Call) -> tuple[str, set[str]]:
    """Return the code of a hint that is made there, and the severities it may have."""
    given = {keyword.arg: keyword.value for keyword in codes_of.keywords}
    names = {str(node.value) for node in ast.walk(given["severity"]) if isinstance(node, ast.Constant)}
    return ast.literal_eval(given["code"]), names & set(get_args(Severity))


def test_hints() -> None:
    made: dict[str, set[str]] = {}
    for _, tree in trees(str(Path(inspect.getfile(all_hints)).parent.relative_to(ROOT))):
        for call in calls(tree):
            if isinstance(call.func, ast.Name) and call.func.id == "Hint":
                name, found = severities(call)
                made[name] = made.get(name, set()) | found
    documented = {code(name)[0]: set(words.split(", ")) for name, words, _ in table("reference/hints")}
    assert len(made) > 10
    assert documented == made


def test_epoch_metrics_and_their_phases() -> None:
    documented = {code(name)[0]: phases.split(", ") for name, phases, _ in table("reference/metrics", "Of each epoch")}
    evaluated = {"loss", *EVALUATION_METRICS, *COUNTS}
    trained = {"loss", *TRAIN_METRICS}
    assert documented == {
        name: ["train", "val", "test"] if name in trained else ["val", "test"] for name in evaluated | trained
    }


def test_final_statistics_have_formulas() -> None:
    found = table("reference/metrics", "Final statistics")
    assert [code(cells[0])[0] for cells in found] == list(FINAL_METRICS)
    assert all(cells[2] for cells in found)
    wilson = {"precision", "recall", "specificity", "npv", "accuracy"}
    named = {FINAL_METRICS[code(cells[0])[0]]: cells[3] for cells in found if cells[3]}
    drawn = {*OF_TWO} - wilson
    assert named == dict.fromkeys(wilson, "Wilson") | {"auroc": "Newcombe"} | dict.fromkeys(
        drawn, "bootstrap"
    ) | dict.fromkeys(("calibration_slope", "calibration_intercept", "calibration_in_the_large"), "sandwich")


def test_final_statistics_are_named_as_on_pages_and_compared() -> None:
    found = table("reference/metrics", "Names and comparisons")
    assert {code(name)[0]: label for name, label, _ in found} == FINAL_STATISTICS
    assert all(compared for _, _, compared in found)


def test_methods_of_intervals_are_described() -> None:
    methods = {cells[3].lower() for cells in table("reference/metrics", "Final statistics") if cells[3]}
    text = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    described = {name.lower() for name in re.findall(r"^- \*\*(\w+)\*\*", text, re.MULTILINE)}
    assert methods == {"wilson", "newcombe", "bootstrap", "sandwich"} <= described


def test_statistics_over_folds() -> None:
    assert {"n", *first_column("reference/metrics", "Over folds")} == set(Spread._fields)


def test_curves() -> None:
    """Of a name that ends openly, such as `gradient/layer/<group>`, the beginning."""
    documented = {
        code(source)[0]: {name.partition("<")[0] for name in code(names)}
        for names, source in table("reference/curves", "Curves")
    }
    assert documented == {
        kind.type: {f"{kind.prefix}/{field}" for field in kind.fields} for kind in SAMPLED_EVENTS.values()
    }


def test_close_codes() -> None:
    """Of the range that applications may use."""
    own = {str(value) for value in vars(close_codes).values() if isinstance(value, int) and value >= 4_000}
    assert set(first_column("reference/events", "The WebSocket of a run")) & set(map(str, range(4_000, 5_000))) == own


def test_files() -> None:
    assert {*exports.NAMES, *exports.RECORDS} <= set(first_column("reference/files"))


def test_keys_of_the_records() -> None:
    """What stands in backticks in each section is what is written there."""
    first = {key for cells in table("reference/files", "metadata.json") for key in code(cells[0])}
    assert {field.name for field in msgspec.structs.fields(Execution)} <= first
    documented = " ".join(" ".join(cells) for cells in table("reference/files", "inference.json"))
    for part in (NetworkInput, Output, Inference):
        assert {field.name for field in msgspec.structs.fields(part)} <= set(code(documented))


def test_figures_for_prometheus() -> None:
    """Gauges with labels are made by `labelled`; all else says its kind."""
    made = {
        name.value: ast.literal_eval(call.args[1]) if call.func.id != "labelled" else "gauge"
        for call in calls(ast.parse(Path(inspect.getfile(metrics)).read_text()))
        if isinstance(call.func, ast.Name) and call.func.id in ("single", "labelled", "Family") and call.args
        if isinstance(name := call.args[0], ast.Constant)
    }
    documented = {code(name)[0]: kind for name, kind, _ in table("reference/prometheus", "Figures")}
    assert documented == made
    named = set(re.findall(r"`?\b(livetrain_[a-z_]+)", page("how-to/monitor")))
    assert named <= set(made)


# Bounds within files and of what is shown, which nobody can plan for.
UNDOCUMENTED_LIMITS = {
    "accounting.MOST_PARTS",
    "cores.MAX_THREADS",
    "id_matching.MOST_COMPARED",
    "id_matching.MOST_EXAMINED",
    "id_patterns.MOST_EACH",
    "id_patterns.MOST_SURE",
    "id_patterns.MOST_WORDS",
    "labelling.MOST_SPELLINGS",
    "layout_choice.MOST_ALTERNATIVES",
    "levels.MOST_IN_A_GROUP",
    "lookup_tables.MOST_ENTRIES",
    "masks.MOST_WITHOUT_IMAGE",
    "one_hot.MOST_CLASSES",
    "patient_columns.MOST_OFTEN",
    "target_column.MOST_GUESSED",
    "target_copies.MOST_CLASSES",
    "verification.MAX_PAGES",
    "dicom_headers.MAX_DEPTH",
    "dicom_headers.MAX_ELEMENTS",
    "dicom_headers.MAX_VALUE_BYTES",
    "feature_summary.MOST_CLASSES",
    "feature_summary.MOST_FEATURES",
    "npy_headers.MAX_HEADER_BYTES",
    "rle.MAX_SEGMENTS",
    "sample_process.MOST_CLASSES",
}


def limits_of_data() -> Iterator[str]:
    """Return the limits that readers of data declare."""
    for path, tree in trees("experiments/training/data"):
        for node in tree.body:
            targets = [target for target in getattr(node, "targets", ()) for target in ast.walk(target)]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            yield from (f"{path.stem}.{name}" for name in names if name.startswith(("MAX_", "MOST_")))


def test_limits_of_data() -> None:
    """The page takes the numbers from the code, so what may be missing is a row."""
    page_of_limits = ast.parse((ROOT / "docs/from_code/limits.py").read_text())
    named = {ast.unparse(node) for node in ast.walk(page_of_limits) if isinstance(node, ast.Attribute)}
    declared = set(limits_of_data())
    assert "archives.MAX_ENTRIES" in declared
    assert declared - named == UNDOCUMENTED_LIMITS
    found = {(of, what): most for of, what, most, _ in table("reference/limits")}
    assert found["zip", "entries"] == f"{archives.MAX_ENTRIES:,}"
    assert found["CSV", "size of the file"] == f"{table_limits.MAX_CSV_BYTES >> 30} GiB"
    assert all(all(cells) for cells in table("reference/limits"))


def thread_name(call: ast.Call) -> str | None:
    """Return the name of a thread that is made there; of a name with a number, the beginning."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    name = (
        given.get("thread_name_prefix") or given.get("name") if {"daemon", "thread_name_prefix"} & set(given) else None
    )
    if isinstance(call.func, ast.Name) and call.func.id in ("Reader", "DbThread", "ThreadPoolExecutor"):
        name = name or call.args[-1]
    if isinstance(name, ast.JoinedStr):
        name = name.values[0]
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None


def names_of_periodic_threads(tree: ast.AST) -> Iterator[str]:
    """Return the names of classes that say what such a thread does."""
    for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        if {"Periodic", "WorkThread"} & set(map(ast.unparse, cls.bases)):
            for call in calls(cls):
                if ast.unparse(call.func) == "super().__init__" and isinstance(call.args[0], ast.Constant):
                    yield str(call.args[0].value)


def test_every_thread_is_explained() -> None:
    """Those that have a name of their own."""
    named = {name for _, tree in trees(*APPS) for call in calls(tree) if (name := thread_name(call))}
    named |= {name for _, tree in trees(*APPS) for name in names_of_periodic_threads(tree)}
    explained = {name for cells in table("explanation/architecture", "Threads") for name in code(cells[0])}
    assert {name.partition("<")[0] for name in explained} == named


def counted_threads(tree: ast.AST) -> Iterator[str]:
    """Yield the names under which a module counts failures of what it does all the time."""
    for call in calls(tree):
        if ast.unparse(call.func) in ("Account", "thread_failures.count") and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)
    yield from names_of_periodic_threads(tree)


def test_every_counted_thread_is_listed() -> None:
    counted = {name for _, tree in trees(*APPS) for name in counted_threads(tree)}
    assert "lease" in counted
    assert set(first_column("reference/prometheus", "Threads that are counted")) == counted


def lasting(tree: ast.Module) -> Iterator[str]:
    """Return what a module keeps while the process lives: lower-case values, and functions that remember."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id.islower() and not target.id.startswith(("__", "handler")):
                yield target.id
        elif isinstance(node, ast.FunctionDef):
            decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
            if decorators & {"cache", "lru_cache"}:
                yield node.name


def test_state_of_a_process_is_explained() -> None:
    kept = {name for _, tree in trees(*APPS) for name in lasting(tree)} - WIRING - STATELESS - {"logger"}
    explained = {name for cells in table("explanation/architecture", "State of a process") for name in code(cells[0])}
    assert "_registries" in kept
    assert kept - explained == set()


def test_state_of_a_process_is_where_it_is_said_to_be() -> None:
    for names, where, *_ in table("explanation/architecture", "State of a process"):
        for path in code(where):
            text = (ROOT / path).read_text()
            assert [name for name in code(names) if not re.search(rf"^(def )?{name}\b", text, re.MULTILINE)] == [], path
