"""The architecture is a test: what may import what, where code may lie, how large a piece may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.syntax_trees import parsed

ROOT = Path(__file__).parents[1]
APPS = ("project", "experiments", "runs", "realtime", "accounts", "access", "audit", "notifications", "request_ids")
CODE_FOLDERS = (*APPS, "tests", "benchmarks", "docs")
FILE_LINES = 400
FUNCTION_LINES = 60
FOLDER_MODULES = 21

# Imports inside functions are for what must not be loaded where the module is; never for breaking a cycle.
LOCAL_IMPORTS = {
    ("experiments/training/exporting/verification.py", "onnxruntime"): "of an extra, which other files do not need",
    (
        "experiments/reports/report_versions.py",
        "experiments.reports.assembly",
    ): "NumPy and Arrow, which the web process loads with the first report",
    ("experiments/reports/figure_data/subgroups.py", "runs.subgroups.run_subgroups"): "the same",
    (
        "experiments/reports/drawing/drawing_process.py",
        "experiments.reports.drawing.drawing",
    ): "matplotlib, an extra, after the folder of its fonts is known",
    ("experiments/reports/drawing/printing_process.py", "weasyprint"): "an extra; Chromium will do in its place",
    ("experiments/reports/drawing/printing_process.py", "weasyprint.urls"): "the same",
    ("project/openapi/document.py", "drf_spectacular.generators"): "40 modules, for the first request for the document",
    ("project/openapi/document.py", "drf_spectacular.renderers"): "the same",
    ("project/openapi/views.py", "drf_spectacular.views"): "the same",
    ("project/openapi/views.py", "project.openapi"): "the same",
    (
        "runs/comparison/comparison_views.py",
        "runs.comparison.auroc_differences",
    ): "NumPy and Arrow, which the web process loads with the first comparison",
    ("runs/comparison/comparison_views.py", "runs.comparison.flipped_samples"): "the same",
    ("runs/comparison/comparison_views.py", "runs.comparison.paired_report"): "the same",
    (
        "experiments/trained_models/sources.py",
        "runs.files",
    ): "Arrow, which the web process loads with the first model of images",
    ("runs/curves/compaction.py", "runs.curves.journal_ranges"): "NumPy, for processes that have something to compact",
    ("runs/curves/views.py", "runs.curves.binary_answer"): "NumPy, as below",
    ("runs/curves/views.py", "runs.curves.reading"): "NumPy, which the web process loads with the first curve",
    ("runs/curves/views.py", "runs.curves.series"): "the same",
    ("runs/curves/views.py", "runs.curves.snapshot"): "the same",
    (
        "runs/operating_points/point_views.py",
        "runs.operating_points.recomputed_points",
    ): "NumPy and Arrow, which the web process loads with the first points of an older run",
    (
        "experiments/api/operating_point.py",
        "runs.operating_points.point_decision",
    ): "the same, with the first point that is saved",
    (
        "experiments/api/final_pictures.py",
        "runs.evaluation",
    ): "NumPy and Arrow, which the web process loads with the first evaluation",
    ("experiments/api/sample_pictures.py", "runs.evaluation"): "the same",
    ("experiments/api/flipped_pictures.py", "runs.comparison"): "the same",
    ("experiments/api/flipped_pictures.py", "runs.comparison.flipped_samples"): "the same",
    (
        "experiments/explanations/stored_questions.py",
        "runs.evaluation",
    ): "NumPy and Arrow, which the web process loads with the first sample that is explained",
    ("experiments/explanations/stored_questions.py", "runs.comparison"): "the same",
    (
        "experiments/external_tests/evaluation_views.py",
        "experiments.external_tests",
    ): "NumPy and Arrow, which the web process loads with the first external test",
    (
        "runs/evaluation/evaluation_views.py",
        "runs.evaluation.cell_samples",
    ): "NumPy and Arrow, which the web process loads with the first evaluation",
    (
        "runs/evaluation/evaluation_views.py",
        "runs.evaluation.class_scores",
    ): "the same",
    (
        "runs/evaluation/evaluation_views.py",
        "runs.evaluation.final_curves",
    ): "NumPy and Arrow, which the web process loads with the first evaluation",
    (
        "runs/evaluation/prediction_views.py",
        "runs.evaluation.prediction_rows",
    ): "NumPy and Arrow, which the web process loads with the first download",
    ("runs/evaluation/prediction_views.py", "runs.files.predictions_file"): "the same",
    (
        "runs/subgroups/subgroup_views.py",
        "runs.subgroups.run_subgroups",
    ): "NumPy and Arrow, which the web process loads with the first subgroups",
    ("accounts/apps.py", "accounts"): "models, which Django loads after the apps",
    ("realtime/apps.py", "realtime.logins"): "the same",
    (
        "realtime/shared/shared_views.py",
        "runs.curves.snapshot",
    ): "NumPy, which the web process loads with the first curve",
    ("runs/files/exports.py", "runs.statistics"): "pandas, which a worker loads with the first run that ends",
    (
        "runs/label_errors/label_error_views.py",
        "runs.label_errors.suspected_labels",
    ): "NumPy and Arrow, which the web process loads with the first list",
    ("runs/statistics/recalibration/isotonic.py", "scipy.optimize"): "25 MB for a fit, of those who apply one alone",
    ("runs/statistics/recalibration/temperature.py", "scipy.optimize"): "the same",
    ("runs/models.py", "runs.statistics"): "pandas, for shells and notebooks",
    ("realtime/sign_on/views.py", "realtime.sign_on"): "the library of single sign-on, with the first login there",
    ("access/default_project.py", "audit.recording"): "loads models, and this module is loaded before them",
    ("experiments/doctor/mail.py", "notifications.deliveries"): "the sending of e-mails, where a server is named",
    ("experiments/doctor/sign_on.py", "realtime.sign_on"): "the same, where it is configured",
    ("experiments/training/data/images/dicom.py", "pydicom.pixels"): "an extra that only DICOM files need",
    ("experiments/training/data/images/image_faults.py", "PIL"): "for processes that open images",
    ("experiments/training/data/images/verification.py", "PIL"): "for processes that open images",
    ("experiments/training/prediction/onnx_network.py", "onnxruntime"): "an extra",
    (
        "experiments/training/data/tables/formats/opening.py",
        "experiments.training.data.tables.formats",
    ): "NumPy and Arrow, which a process loads with the first table",
    ("experiments/training/data/tables/feature_tables.py", "experiments.training.data.tables"): "the same",
}


def python_files(*folders: str) -> list[Path]:
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in files if "migrations" not in path.parts)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_import_contracts_hold() -> None:
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@cache
def loaded_by_server(*modules: str) -> frozenset[str]:
    """Import these in a process of their own with Django set up; return the names of all modules then loaded."""
    imports = "".join(f"import {module}\n" for module in modules)
    script = f"import sys, django\ndjango.setup()\n{imports}print('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return frozenset(done.stdout.split())


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(("project.asgi", "project.urls"), id="web"),
        pytest.param(("experiments.worker.worker_process", "experiments.management.commands.worker"), id="worker"),
        pytest.param(("experiments.server.launcher", "experiments.management.commands.serve"), id="launcher"),
    ],
)
def test_server_processes_load_no_torch(modules: tuple[str, ...]) -> None:
    """It would cost each of them hundreds of megabytes and seconds."""
    loaded = {name.partition(".")[0] for name in loaded_by_server(*modules)}
    heavy = {
        "torch",
        "pytorch_lightning",
        "lightning",
        "torchmetrics",
        "sklearn",
        "pyarrow",
        "monai",
        "boto3",
        "botocore",
        "numpy",
        "pandas",
        "matplotlib",
        "weasyprint",
    }
    assert loaded & heavy == set()
    assert modules[0].partition(".")[0] in loaded


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(("project.asgi", "project.urls"), id="web"),
        pytest.param(("experiments.worker.worker_process", "experiments.management.commands.worker"), id="worker"),
    ],
)
def test_server_processes_load_no_optional_library(modules: tuple[str, ...]) -> None:
    """The framework, Django and Twisted load each of these where it is installed: a fifth of what a process loads."""
    loaded = loaded_by_server(*modules)
    assert {
        "requests",
        "yaml",
        "docutils",
        "pygments",
        "markdown",
        "OpenSSL",
        "django.contrib.postgres",
    } & loaded == set()
    assert "rest_framework.compat" in loaded


@pytest.mark.parametrize(
    ("modules", "loads"),
    [
        pytest.param(("project.asgi", "project.urls"), True, id="web"),
        pytest.param(
            ("experiments.worker.worker_process", "experiments.management.commands.worker"), False, id="worker"
        ),
        pytest.param(("experiments.server.launcher", "experiments.management.commands.serve"), False, id="launcher"),
    ],
)
def test_the_web_process_alone_loads_what_serves(modules: tuple[str, ...], loads: bool) -> None:
    """It takes a third of the time that a command needs to start."""
    loaded = {name.partition(".")[0] for name in loaded_by_server(*modules)}
    assert {"daphne", "twisted", "autobahn"} & loaded == ({"daphne", "twisted", "autobahn"} if loads else set())


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(("project.asgi", "project.urls"), id="web"),
        pytest.param(("experiments.worker.worker_process", "experiments.management.commands.worker"), id="worker"),
    ],
)
def test_server_processes_load_no_reader_of_data(modules: tuple[str, ...]) -> None:
    """A file from outside would cost all users its time and memory; what is here opens none.

    The import contract follows no import of these modules, so this holds it for them.
    """
    harmless = {"files.catalogue", "files.file_locks", "files.paths", "images.cache_headers", "images.cache_space"}
    packages = {"files", "images", "inspection"}
    data = "experiments.training.data."
    loaded = {name.removeprefix(data) for name in loaded_by_server(*modules) if name.startswith(data)}
    assert loaded - packages <= harmless | {"inspection.sample_sheets"}


def test_the_web_process_does_without_pandas_for_good() -> None:
    """Arrow would load it with the first evaluation that is looked at, for a fifth of a second and 30 MiB."""
    look = "try: importlib.util.find_spec('pandas')\nexcept ImportError: print('not there')"
    script = f"import importlib.util, project.asgi\n{look}"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "not there\n", done.stderr


def test_the_web_process_knows_nothing_that_follows_trainings() -> None:
    """It sends messages by the actor's name; what receives them is a worker's."""
    loaded = loaded_by_server("project.asgi", "project.urls")
    following = (
        "supervision",
        "processes.training_process",
        "processes.rank_process",
        "files.uploader",
        "files.restore",
    )
    working = ("worker.tasks", "worker.worker_process", "worker.feeder", "preflights.worker_thread")
    assert [
        name for name in loaded if name.startswith(tuple(f"experiments.{part}" for part in (*following, *working)))
    ] == []
    assert {"experiments.wakeup", "experiments.worker.maintenance"} <= loaded
    assert "multiprocessing.forkserver" not in loaded


def test_a_training_process_loads_monai_only_for_a_network_of_it() -> None:
    """It takes about a second and 30 MB, which a run of another network need not pay."""
    modules = "experiments.training.recipes.fork_server_start, experiments.training.recipes.centralized"
    script = f"import sys, {modules}; print('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "torch" in loaded
    assert loaded & {"monai", "einops"} == set()


def test_only_these_packages_lie_at_the_top() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"benchmarks"} == {*APPS, "tests"}


def test_packages_start_empty() -> None:
    """An import of a package runs no code but that of the module that was asked for."""
    full = [relative(path) for path in python_files(*CODE_FOLDERS) if path.name == "__init__.py" and path.read_text()]
    assert full == []


def test_files_are_named_after_their_one_job() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "services", "misc", "tools"}
    names = [path for path in python_files(*APPS) if vague & {path.stem, path.parent.name}]
    assert [relative(path) for path in names] == []


def test_imports_stand_at_the_top_of_files() -> None:
    found = {
        (relative(path), node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
        for path in [*python_files(*APPS), ROOT / "manage.py"]
        for function in functions(parsed(path))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert found == set(LOCAL_IMPORTS)


def test_files_and_functions_stay_small() -> None:
    large = []
    for path in [*python_files(*CODE_FOLDERS), ROOT / "manage.py"]:
        text = path.read_text()
        if (lines := text.count("\n")) > FILE_LINES:
            large.append(f"{relative(path)}: {lines} lines")
        for function in functions(parsed(path)):
            if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES:
                large.append(f"{relative(path)}: {function.name} has {lines} lines")
    assert large == []


def test_only_settings_read_the_environment() -> None:
    """So that every setting is documented, typed and checked at start. What children do not inherit is named too."""
    reads = [
        relative(path)
        for path in python_files(*APPS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.startswith("LIVETRAIN_") or node.value in ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
    ]
    assert set(reads) == {"project/settings.py", "experiments/training/contract/environment.py"}


def test_the_counts_of_a_confusion_matrix_are_spelled_in_one_place() -> None:
    count = re.compile(r"(\w+_)?cm_(tp|tn|fp|fn)")
    spelled = {
        relative(path)
        for path in python_files(*APPS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and count.fullmatch(node.value)
    }
    assert spelled == {"runs/statistics/metric_names.py"}


def test_no_folder_has_more_than_21_modules() -> None:
    """A newcomer reads the names of a folder at a glance; what outgrows that has a part of its own inside."""
    modules = [path for path in python_files(*APPS) if path.name != "__init__.py"]
    modules += [path for app in APPS for path in (ROOT / app).rglob("static/**/*.js")]
    counted = Counter(relative(path.parent) for path in modules)
    assert {folder: number for folder, number in counted.items() if number > FOLDER_MODULES} == {}
    assert counted["runs"] > 10
