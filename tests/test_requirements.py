"""The requirement files agree with each other and with what the code imports."""

import ast
import re
import runpy
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from experiments.training.contract.networks.network_spec import EXTRAS
from tests.syntax_trees import parsed

ROOT = Path(__file__).parents[1]
APPS = ("project", "experiments", "runs", "realtime", "accounts", "access", "audit", "notifications", "request_ids")
SENTENCE = runpy.run_path(str(ROOT / ".ci" / "application.py"))["SENTENCE"]
FILES = sorted(path.name for path in ROOT.glob("requirements*.txt"))
REQUIREMENTS_OF = {
    name.removeprefix("requirements-").removesuffix(".txt"): name
    for name in FILES
    if name not in ("requirements-torch.txt", "requirements.txt", "requirements-docs.txt", "requirements-test.txt")
}


def pins(name: str) -> dict[str, str]:
    """Return versions by canonical package name; fail for a line that is not `name==version`."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    found = {}
    for line in filter(None, lines):
        pin = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", line)
        assert pin, f"{name}: {line!r} is not a plain pin"
        found[canonical(pin[1])] = pin[2]
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(*folders: str) -> set[str]:
    """Return the top-level names of all imports; those under TYPE_CHECKING too."""
    names = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").partition(".")[0])
    return names


def packages(names: set[str]) -> set[str]:
    """Return the distributions that provide these modules, without our own and the standard library."""
    known = packages_distributions()
    return {canonical(distribution) for name in names - sys.stdlib_module_names for distribution in known.get(name, [])}


def test_every_requirement_is_pinned_to_the_constraints_version() -> None:
    constraints = pins("constraints.txt")
    for name in FILES:
        for package, version in pins(name).items():
            assert constraints.get(package) == version, f"{name}: {package}"


def test_the_server_imports_only_what_its_requirements_name() -> None:
    not_its_own = ("requirements-docs.txt", "requirements-test.txt")
    direct = {package for name in FILES if name not in not_its_own for package in pins(name)}
    provided_with = {
        "redis",
        "pika",
        "asgiref",
        "twisted",
        "autobahn",
        "pydantic-core",
        "botocore",
    }  # of channels-redis, dramatiq[…], channels, daphne, pydantic, boto3
    assert packages(imported(*APPS)) - direct - provided_with == set()


def test_every_requirement_is_used() -> None:
    by_name = {  # named in settings and commands, or by Django itself, instead of imported
        "daphne", "channels-redis", "psycopg", "pytest-django", "pytest-asyncio", "pytest-rerunfailures", "myst-parser",
        "einops", "flask", "flask-cors", "ruff", "mypy", "django-stubs", "djangorestframework-stubs", "import-linter",
        "pandas-stubs", "drf-spectacular-sidecar", "onnx", "onnxscript",
    }  # fmt: skip
    used = packages(imported(*APPS, "clients", "tests", "benchmarks", "docs")) | by_name
    unused = {package for name in FILES for package in pins(name)} - used
    assert unused == set()


def test_extras_are_the_same_for_pip_for_make_and_for_tests() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(declared) == set(REQUIREMENTS_OF)
    for extra, name in REQUIREMENTS_OF.items():
        assert declared[extra] == [f"{package}=={version}" for package, version in pins(name).items()]
        assert pins(name).items() <= pins("requirements-test.txt").items()
    assert dict.fromkeys(pins("requirements-monai.txt"), "monai") == EXTRAS  # what a request without one is told


@pytest.mark.parametrize(("arguments", "installs"), [([], False), (["EXTRAS=dicom monai s3 onnx report"], True)])
def test_make_installs_an_extra_only_when_it_is_asked_for(arguments: list[str], installs: bool) -> None:
    command = ["make", "--dry-run", "--always-make", "setup", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for extra in REQUIREMENTS_OF:
        assert (f"-r locks/{extra}.txt" in done.stdout) == installs
    for name in ("torch", "server", "docs"):
        assert f"install --require-hashes --no-deps --quiet -r locks/{name}.txt" in done.stdout
    assert "-r requirements-torch.txt" in done.stdout


def test_pip_says_how_the_application_is_installed() -> None:
    """One sentence, and no stack of a build tool's words; nothing is downloaded for it."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index"]
    for arguments in (["."], ["--editable", "."]):
        done = subprocess.run([*pip, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert done.returncode != 0
        assert said.count(SENTENCE) == 1
        assert "Traceback" not in said
        assert "setuptools" not in said
    assert "`make setup`" in SENTENCE
    assert "application" in SENTENCE


def locked(name: str) -> set[str]:
    lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
    return {canonical(line.partition("==")[0]) for line in lines if re.match(r"[\w.-]+==", line)}


def test_what_is_installed_at_once_has_no_package_in_common() -> None:
    """`make --jobs=2` installs the server's packages beside PyTorch's: two pips in one folder."""
    assert {"sympy", "networkx"} <= locked("torch")
    assert {"django", "daphne"} <= locked("server")
    assert (locked("torch") | {"torch"}) & locked("server") == set()
