"""The README is a test: whatever it names exists, and what exists is named."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver
from pydantic import BaseModel

from experiments.training.config import TrainingConfig
from experiments.training.data.catalogue import BUILTINS, PREFIX
from experiments.training.models.builtins import BUILTINS as BUILTIN_NETWORKS
from runs.events import EVENT_TYPES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
HANDLERS = re.compile(r"\bhandlers = \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
OURS = ("experiments", "realtime", "runs", "project")


def section(title: str) -> str:
    """The text under a second-level heading."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"README has no section {title!r}"
    return found[1]


def table(title: str) -> list[list[str]]:
    """The cells of the section's table, without its header."""
    rows = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def code(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def first_column(title: str) -> list[str]:
    return [name for cells in table(title) for name in code(cells[0])]


def test_the_first_screen_is_two_sentences_a_picture_and_two_commands() -> None:
    start = README.split("\n## ")[0]
    introduction, picture = start.split("\n\n")[1:3]
    assert introduction.count(". ") + introduction.endswith(".") == 2
    image = re.fullmatch(r"!\[.+\]\((.+)\)", picture)
    assert image
    assert (ROOT / image[1]).is_file()
    [commands] = re.findall(r"```sh\n(.*?)```", start, re.DOTALL)
    assert len(commands.splitlines()) == 2


def test_events_and_their_fields() -> None:
    documented = {code(kind)[0]: code(data) for kind, _, data in table("Events")}
    assert documented == {
        kind: [field.name for field in msgspec.structs.fields(cls)] for kind, cls in EVENT_TYPES.items()
    }


def test_settings() -> None:
    """Every environment variable that the settings read."""
    tree = ast.parse((ROOT / "project" / "settings.py").read_text())
    names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    read = {
        name
        for name in names
        if re.fullmatch(
            r"LIVETRAIN_[A-Z_]+|DATABASE_URL|REDIS_URL|BROKER_URL|CUDA_VISIBLE_DEVICES|AWS_ENDPOINT_URL_S3", name
        )
    }
    assert set(first_column("Settings")) == read
    source = (ROOT / "project" / "settings.py").read_text()
    assert len(re.findall(r"_read\(|os\.environ", source)) == len(read) + 2, "a variable of another name is read"


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            yield route, pattern
        elif pattern.namespace != "admin":
            yield from patterns(pattern, route)


def normalized(route: str) -> str:
    """`runs/<int:run_id>/` and `^runs/(?P<run_id>[0-9]+)/?$` are both `/runs/<run_id>`."""
    route = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route.removesuffix("$").removesuffix("?"))
    return "/" + re.sub(r"<\w+:", "<", route).strip("/")


def methods(view: Any) -> set[str]:
    """What the view answers, as far as its class says so."""
    cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(cls, name)}


def test_endpoints() -> None:
    documented = [endpoint.split(" ") for endpoint in first_column("Endpoints")]
    http = {normalized(path): method for method, path in documented if method != "WS"}
    served = {normalized(route): pattern.callback for route, pattern in patterns(get_resolver())}
    assert set(http) == set(served)
    for path, view in served.items():
        assert http[path] in (methods(view) or {"GET"}), path


def test_websocket_endpoints() -> None:
    routes = re.findall(r're_path\(r"\^(ws/[^"]*)"', (ROOT / "realtime" / "routing.py").read_text())
    documented = {name.removeprefix("WS ") for name in first_column("Endpoints") if name.startswith("WS ")}
    assert {normalized(name) for name in documented} == {normalized(route) for route in routes}


def test_commands() -> None:
    ours = {name for name, app in get_commands().items() if app in OURS}
    assert set(first_column("Commands")) == {f"manage.py {name}" for name in ours}


def test_make_targets() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    named = re.findall(r"`make (\w+)`", section("Working on it"))
    assert sorted(named) == sorted(phony[1].split())


def test_folders_exist() -> None:
    assert [name for name in first_column("Folders") if not (ROOT / name).is_dir()] == []


def options(model: type[BaseModel], group: str = "top") -> Iterator[tuple[str, str, Any]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from options(field.annotation, name)
        elif not field.is_required():
            yield group, name, field.default


def test_options_and_their_defaults() -> None:
    documented = [
        (group.strip("`"), name, json.loads(default))
        for group, fields in table("Options of a training")
        for name, default in re.findall(r"`(\w+)` \(([^;)]+)", fields)
    ]
    assert sorted(documented, key=str) == sorted(options(TrainingConfig), key=str)


def test_networks_and_their_options() -> None:
    documented = {name: set(code(cells[2])) for cells in table("Networks") for name in code(cells[0])}
    assert documented == {name: set(spec.options.model_fields) for name, spec in BUILTIN_NETWORKS.items()}


def test_builtin_data_sets() -> None:
    named = set(re.findall(rf"`({PREFIX}[\w-]+)`", section("Data")))
    assert named == {PREFIX + name for name in BUILTINS}


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_examples_compile(block: str) -> None:
    compile(block, "README.md", "exec")


def test_the_request_examples_are_valid() -> None:
    [body] = re.findall(r"-d '(\{.*?\})'\n", README)
    TrainingConfig.model_validate_json(body)
    [longer] = re.findall(r"```json\n(.*?)```", section("An example with X-rays"), re.DOTALL)
    TrainingConfig.model_validate_json(longer)


def test_the_changelog_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## \[{re.escape(version)}\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_live_page_handles_every_event() -> None:
    """The browser's copy of the list of events: one handler each; what is skipped makes it take a snapshot anew."""
    scripts = [path.read_text() for path in (ROOT / "realtime" / "static" / "realtime").rglob("*.js")]
    [(script, block)] = [(script, found[1]) for script in scripts if (found := HANDLERS.search(script))]
    handled = re.findall(r"^  (?:async )?(\w+)\s*[(:]", block, re.MULTILINE)
    assert sorted(handled) == sorted(EVENT_TYPES)
    assert re.search(r'needsSnapshot = \(item\) =>\s+item.type === "skipped"', script)
