"""The samples in `deploy/` name settings, commands, options and limits that exist."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from experiments.datasets.uploads import PIECE_LIMIT

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = ("livetrain-web.service", "livetrain-worker.service")
PORT = 8000
IMAGE = re.compile(r"[a-z]+:[0-9][\w.-]*")


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def setting_names() -> set[str]:
    """Return every environment variable that the settings read."""
    tree = ast.parse((ROOT / "project" / "settings.py").read_text())
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if re.fullmatch(r"LIVETRAIN_[A-Z_]+|[A-Z]+_URL", text)}


def parsed(arguments: list[str]) -> dict[str, Any]:
    """Parse the arguments as `manage.py` does; fail for an unknown command or option."""
    name, *rest = arguments
    command = load_command_class(get_commands()[name], name)
    return vars(command.create_parser("manage.py", name).parse_args(rest))


def unit_arguments(unit: str) -> list[str]:
    [line] = re.findall(r"^ExecStart=(.*)$", (DEPLOY / unit).read_text(), re.MULTILINE)
    return str(line).partition(" manage.py ")[2].split()


def test_only_settings_that_exist_are_named(compose: dict[str, Any]) -> None:
    texts = [(DEPLOY / name).read_text() for name in (*UNITS, "Caddyfile", "nginx.conf", "Dockerfile")]
    named = {name for text in texts for name in re.findall(r"LIVETRAIN_[A-Z_]+", text)}
    assert named
    assert named | set(compose["x-livetrain"]["environment"]) <= setting_names()


def test_commands_take_these_options(compose: dict[str, Any]) -> None:
    web, worker = (parsed(compose["services"][name]["command"]) for name in ("web", "worker"))
    assert (web["no_worker"], web["host"], web["port"]) == (True, "0.0.0.0", PORT)
    assert worker["slots"] == 1
    web, worker = (parsed(unit_arguments(unit)) for unit in UNITS)
    assert (web["no_worker"], web["host"], web["port"]) == (True, "127.0.0.1", PORT)
    assert worker["slots"] == 1


def test_all_speak_of_one_port_on_the_loopback_address(compose: dict[str, Any]) -> None:
    assert compose["services"]["web"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert f":{PORT}/readyz" in " ".join(compose["services"]["web"]["healthcheck"]["test"])
    assert f"server 127.0.0.1:{PORT};" in (DEPLOY / "nginx.conf").read_text()
    assert f"reverse_proxy 127.0.0.1:{PORT}" in (DEPLOY / "Caddyfile").read_text()


def test_images_have_versions_and_services_are_waited_for(compose: dict[str, Any]) -> None:
    services = compose["services"]
    images = [service["image"] for service in services.values()]
    assert [image for image in images if not IMAGE.fullmatch(image)] == []
    awaited = {name for service in services.values() for name in service.get("depends_on", {})}
    assert awaited == {"postgres", "redis", "web"}
    assert [name for name in awaited if "healthcheck" not in services[name]] == []
    volumes = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert {name for name in volumes if name.isalpha()} == set(compose["volumes"])


def test_proxies_let_a_piece_through_and_pass_what_the_server_needs() -> None:
    nginx, caddy = ((DEPLOY / name).read_text() for name in ("nginx.conf", "Caddyfile"))
    mebibytes = PIECE_LIMIT // 2**20
    assert f"client_max_body_size {mebibytes}m;" in nginx
    assert f"max_size {mebibytes}MiB" in caddy
    headers = set(re.findall(r"proxy_set_header (\S+)", nginx))
    assert {"Host", "Upgrade", "Connection", "X-Forwarded-Proto"} <= headers


def test_workers_have_time_to_put_their_runs_back(compose: dict[str, Any]) -> None:
    needed = settings.GRACE_SECONDS + 10  # as long as a worker waits for its trainings
    assert int(compose["services"]["worker"]["stop_grace_period"].removesuffix("s")) > needed
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", (DEPLOY / UNITS[1]).read_text(), re.MULTILINE)
    assert int(seconds) > needed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """With a program of this machine in place of the one that an installation has."""
    for unit in UNITS:
        text = (DEPLOY / unit).read_text().replace("/opt/livetrain/.venv/bin/python", "/bin/true")
        (tmp_path / unit).write_text(text)
    command = ["systemd-analyze", "verify", *(str(tmp_path / unit) for unit in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "livetrain" in line]
    assert complaints == []


def test_the_image_builds_the_documentation_once_its_sources_are_there(tmp_path: Path) -> None:
    """What is installed before comes without them, so that a changed page installs nothing again."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    setup, sources, docs = 'RUN make setup EXTRAS="$EXTRAS" HELP= COMPILED=', "COPY . .", "RUN make docs compile"
    assert lines.index(setup) < lines.index(sources) < lines.index(docs) < lines.index("USER livetrain")
    [copied] = [line.split()[1:-1] for line in lines if line.startswith("COPY Makefile")]
    for path in (path for pattern in copied for path in ROOT.glob(pattern)):
        shutil.copy(path, tmp_path)
    assert lines.index("COPY locks locks") < lines.index(setup)
    shutil.copytree(ROOT / "locks", tmp_path / "locks")
    for arguments, builds in ((["setup", "HELP=", "COMPILED="], False), (["docs", "compile"], True)):
        command = ["make", "--dry-run", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert "-r locks/docs.txt" in done.stdout
        assert ("-m docs.build" in done.stdout) == ("-m compileall" in done.stdout) == builds
