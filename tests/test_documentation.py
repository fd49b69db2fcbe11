"""The documentation is a test: whatever it names exists, and what exists is named."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver
from pydantic import BaseModel

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks.builtin_networks import BUILTINS as BUILTIN_NETWORKS
from experiments.training.data.files.catalogue import BUILTINS, PREFIX
from runs.events import EVENT_TYPES
from tests.documentation import README, ROOT, code, examples, first_column, page, pages, rows, section, table

HANDLERS = re.compile(r"\bhandlers = \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
OURS = ("experiments", "realtime", "accounts", "runs", "access", "audit", "notifications", "request_ids", "project")
README_BYTES = 8_192
WRITTEN_BY_USERS = {"deploy/.env", "docs/_build/"}
OLD_WORDS = re.compile(
    r"\b(anew|whoever|whence|thereof|lest|albeit|ere|for ever|(?:is|are) to be had|nobody hears|works? off|lets? go of"
    r"|of its own accord|without a word)\b",
    re.IGNORECASE,
)


def test_the_first_screen_is_one_sentence_a_picture_and_two_commands() -> None:
    start = README.read_text().split("\n## ")[0]
    introduction, picture = start.split("\n\n")[1:3]
    assert introduction.count(". ") + introduction.endswith(".") == 1
    image = re.fullmatch(r"!\[.+\]\((.+)\)", picture)
    assert image
    assert (ROOT / image[1]).is_file()
    [commands] = re.findall(r"```sh\n(.*?)```", start, re.DOTALL)
    assert len(commands.splitlines()) == 2


def test_the_readme_is_short() -> None:
    assert len(README.read_bytes()) <= README_BYTES


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md"])
def test_links_of_files_beside_the_documentation_lead_somewhere(name: str) -> None:
    """Sphinx looks after those of the pages, see `test_help.py`."""
    path = ROOT / name
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if link and not (path.parent / link).exists()] == []


def test_the_server_names_pages_of_the_help_that_exist() -> None:
    """In its messages, templates and scripts."""
    sources = [path for app in OURS for end in ("py", "html", "js") for path in (ROOT / app).rglob(f"*.{end}")]
    named = {name for path in sources for name in re.findall(r"/help/([\w/-]+)\.html", path.read_text())}
    assert named
    assert named <= set(pages())


@pytest.mark.parametrize("name", [*pages(), "README", "CHANGELOG", "CONTRIBUTING", "SECURITY", "benchmarks/README"])
def test_the_english_is_plain_and_of_today(name: str) -> None:
    text = page(name) if name in pages() else (ROOT / f"{name}.md").read_text()
    assert OLD_WORDS.findall(" ".join(text.split())) == []


def test_events_and_their_fields() -> None:
    documented = {code(kind)[0]: code(data) for kind, _, data in table("reference/events", "All events")}
    assert documented == {
        kind: [field.name for field in msgspec.structs.fields(cls)] for kind, cls in EVENT_TYPES.items()
    }


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_has_the_types_of_its_fields(kind: str) -> None:
    described = rows(section("reference/events", f"`{kind}`", level=3))
    fields = msgspec.structs.fields(EVENT_TYPES[kind])
    assert [code(name) for name, _ in described] == [[field.name] for field in fields]
    assert all(words for _, words in described)


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
    assert set(first_column("reference/settings")) == read
    source = (ROOT / "project" / "settings.py").read_text()
    assert len(re.findall(r"_read\(|os\.environ", source)) == len(read) + 2, "a variable of another name is read"


def test_numbers_of_settings_are_the_defaults() -> None:
    """Of each setting that is read as a number."""
    tree = ast.parse((ROOT / "project" / "settings.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_read"
    ]
    numbers = {
        ast.literal_eval(call.args[0]): call.args[2].value
        for call in calls
        if isinstance(call.args[2], ast.Constant) and isinstance(call.args[2].value, float)
    }
    documented = {code(name)[0]: default for name, default, _ in table("reference/settings")}
    assert len(numbers) > 5
    assert {name: float(documented[name]) for name in numbers} == numbers


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            yield route, pattern
        elif pattern.namespace != "admin":
            yield from patterns(pattern, route)


def normalized(route: str) -> str:
    """Turn `runs/<int:run_id>/` and `^runs/(?P<run_id>[0-9]+)/?$` both into `/runs/<run_id>`."""
    route = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route.removesuffix("$").removesuffix("?"))
    return "/" + re.sub(r"<\w+:", "<", route).strip("/")


def methods(view: Any) -> set[str]:
    """Return the methods that the view answers, as far as its class shows."""
    cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(cls, name)}


def endpoints() -> list[str]:
    return first_column("reference/rest-api", "Endpoints")


def test_endpoints() -> None:
    documented = [endpoint.split(" ") for endpoint in endpoints()]
    http = {normalized(path): method for method, path in documented if method != "WS"}
    served = {normalized(route): pattern.callback for route, pattern in patterns(get_resolver())}
    assert set(http) == set(served)
    for path, view in served.items():
        assert http[path] in (methods(view) or {"GET"}), path


def test_websocket_endpoints() -> None:
    routes = re.findall(r're_path\(r"\^(ws/[^"]*)"', (ROOT / "realtime" / "routing.py").read_text())
    documented = {name.removeprefix("WS ") for name in endpoints() if name.startswith("WS ")}
    assert {normalized(name) for name in documented} == {normalized(route) for route in routes}


def test_commands() -> None:
    ours = {name for name, app in get_commands().items() if app in OURS}
    named = {f"manage.py {name}" for name in ours}
    assert set(first_column("reference/commands", "Management commands")) == named
    assert set(re.findall(r"^### `(.*)`$", page("reference/commands"), re.MULTILINE)) == named


def test_make_targets() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    targets = [name.removeprefix("make ") for name in first_column("reference/commands", "Make targets")]
    named = [name for name in targets if re.fullmatch(r"[\w-]+", name)]
    assert sorted(named) == sorted(phony[1].split())


def test_folders_exist() -> None:
    named = first_column("explanation/architecture", "Folders")
    assert named
    assert [name for name in named if not (ROOT / name).is_dir()] == []


def test_every_package_is_explained() -> None:
    """Those of the first level, without the folders that Django asks for."""
    django = {"management", "migrations", "templatetags"}
    packages = {path.parent for app in OURS for path in (ROOT / app).glob("*/__init__.py")}
    found = {f"{path.relative_to(ROOT)}/" for path in packages if path.name not in django}
    assert len(found) > 10
    assert found <= set(first_column("explanation/architecture", "Folders"))


@pytest.mark.parametrize("name", [*pages(), "README", "CONTRIBUTING", "SECURITY", "benchmarks/README"])
def test_files_of_the_project_that_are_named_exist(name: str) -> None:
    text = page(name) if name in pages() else (ROOT / f"{name}.md").read_text()
    folders = "|".join((*OURS, "tests", "docs", "deploy", "benchmarks"))
    named = set(re.findall(rf"`((?:{folders})/[\w./-]*)`", text))
    assert sorted(path for path in named - WRITTEN_BY_USERS if not (ROOT / path).exists()) == []


def options(model: type[BaseModel], group: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from options(field.annotation, f"{name}.")
        elif not field.is_required():
            yield group + name, field.default


def documented_options() -> dict[str, list[str]]:
    """Return each option by its path, with the cells beside it."""
    found = [cells for cells in table("reference/options") if len(cells) == 4]
    return {code(cells[0])[0]: cells[1:] for cells in found}


def test_options_and_their_defaults() -> None:
    required = {name for name, field in TrainingConfig.model_fields.items() if field.is_required()}
    named = documented_options()
    assert {name for name, (default, *_) in named.items() if default == "required"} == required
    defaults = {name: json.loads(code(default)[0]) for name, (default, *_) in named.items() if name not in required}
    assert defaults == dict(options(TrainingConfig))


def test_networks_and_their_options() -> None:
    summary = [cells for cells in table("reference/networks") if len(cells) == 3]
    documented = {name: set(code(cells[2])) for cells in summary for name in code(cells[0])}
    assert documented == {name: set(spec.options.model_fields) for name, spec in BUILTIN_NETWORKS.items()}


def test_builtin_data_sets() -> None:
    named = set(re.findall(rf"`({PREFIX}[\w-]+)`", page("how-to/prepare-data")))
    assert named == {PREFIX + name for name in BUILTINS}


@pytest.mark.parametrize(("name", "block"), [(name, block) for name in pages() for block in examples("python", name)])
def test_python_examples_compile(name: str, block: str) -> None:
    compile(block, f"{name}.md", "exec")


def test_the_request_examples_are_valid() -> None:
    for text in (README.read_text(), page("tutorials/first-training")):
        [body] = re.findall(r"-d '(\{.*?\})'\n", text)
        TrainingConfig.model_validate_json(body)
    [longer] = examples("json", "tutorials/chest-xrays")
    TrainingConfig.model_validate_json(longer)


def test_the_changelog_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert changelog.index("## [Unreleased]") < changelog.index(f"## [{version}]")


def test_the_live_page_handles_every_event() -> None:
    """The browser's copy of the list of events: one handler each; what is skipped makes it take a new snapshot."""
    scripts = [path.read_text() for path in (ROOT / "realtime" / "static" / "realtime").rglob("*.js")]
    [(script, block)] = [(script, found[1]) for script in scripts if (found := HANDLERS.search(script))]
    handled = re.findall(r"^  (?:async )?(\w+)\s*[(:]", block, re.MULTILINE)
    assert sorted(handled) == sorted(EVENT_TYPES)
    assert re.search(r'needsSnapshot = \(item\) =>\s+item.type === "skipped"', script)
