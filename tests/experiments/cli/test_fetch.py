"""Fetching a published file from a server of this machine: cut connections, wrong content, half of it there already."""

from __future__ import annotations

import hashlib
import io
import re
import threading
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from experiments.cli import medmnist_catalogue
from experiments.training.data.sources import inspect
from tests.experiments.training.datasets import config_of, with_npz

FILE = "pneumoniamnist.npz"
PART = ".pneumoniamnist.npz.part"


@dataclass
class Site:
    """What the server has, how it behaves, and which ranges it was asked for."""

    content: bytes
    address: str = ""
    cut_after: int | None = None
    ranges: bool = True
    sizes: bool = True
    status: int = 200
    asked: list[str | None] = field(default_factory=list)
    entered: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


def handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append(wanted)
            site.entered.set()
            assert site.go_on.wait(30)
            start = int(re.sub(r"\D", "", wanted)) if wanted and site.ranges else 0
            if start >= len(site.content) or site.status != 200:
                self.send_error(416 if site.status == 200 else site.status)
                return
            body = site.content[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(site.content) - 1}/{len(site.content)}")
            if site.sizes:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: site.cut_after])

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    return Handler


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Site]:
    """Serve a small file that takes the official one's place, checksum included."""
    content = with_npz(tmp_path / "original.npz").read_bytes()
    known = medmnist_catalogue.DATA_SETS["pneumoniamnist"]
    small = replace(known, md5={**known.md5, 28: hashlib.md5(content).hexdigest()})
    monkeypatch.setitem(medmnist_catalogue.DATA_SETS, "pneumoniamnist", small)
    found = Site(content)
    found.go_on.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(found))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(medmnist_catalogue, "RECORD", f"http://127.0.0.1:{server.server_port}")
    found.address = f"http://127.0.0.1:{server.server_port}/copy.npz"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "data"
    settings.LIVETRAIN_DATA_ROOTS = [folder]
    return folder


def fetch(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("fetch", "pneumoniamnist", *arguments, stdout=printed)
    return printed.getvalue()


def failure(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        fetch(*arguments)
    return str(caught.value)


def test_a_fetched_file_can_be_trained_on(site: Site, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = fetch()
    assert "Licence of the data: CC BY 4.0" in printed
    assert f'"source_path": "{root / FILE}"\n' in printed
    assert (root / FILE).read_bytes() == site.content
    assert [path.name for path in root.iterdir()] == [FILE]
    assert inspect(config_of(root / FILE), [root]).samples == 24
    assert "pneumoniamnist.npz: 100%" in capsys.readouterr().err
    assert "Already there, checked" in fetch()
    assert site.asked == [None]


def test_a_cut_connection_is_told_and_the_next_try_goes_on_from_there(site: Site, root: Path) -> None:
    site.cut_after = 700
    said = failure()
    assert f"The connection broke after 700 of {len(site.content):,} bytes; run the same command again" in said
    assert not (root / FILE).exists()
    assert (root / PART).read_bytes() == site.content[:700]
    site.cut_after = None
    fetch()
    assert site.asked == [None, "bytes=700-"]
    assert (root / FILE).read_bytes() == site.content
    assert not (root / PART).exists()


def test_a_server_that_knows_no_ranges_sends_all_again(site: Site, root: Path) -> None:
    root.mkdir()
    (root / PART).write_bytes(site.content[:700])
    site.ranges = False
    fetch()
    assert (root / FILE).read_bytes() == site.content


@pytest.mark.parametrize("left", ["of another version", "complete", "too long"])
def test_what_an_earlier_try_left(site: Site, root: Path, left: str) -> None:
    root.mkdir()
    parts = {"of another version": b"x" * 700, "complete": site.content, "too long": site.content + b"x"}
    (root / PART).write_bytes(parts[left])
    fetch()
    assert (root / FILE).read_bytes() == site.content
    assert len(site.asked) == (1 if left == "complete" else 2)


def test_another_content_is_refused_and_nothing_stays(site: Site, root: Path) -> None:
    site.content = site.content[:-1] + b"?"
    said = failure()
    assert f"has the MD5 {hashlib.md5(site.content).hexdigest()} instead of" in said
    assert list(root.iterdir()) == []


def test_a_cut_without_a_length_is_found_by_the_checksum(site: Site, root: Path) -> None:
    site.sizes, site.cut_after = False, 700
    assert "instead of" in failure()
    assert list(root.iterdir()) == []


def test_a_copy_elsewhere_must_have_the_official_checksum(site: Site, root: Path, tmp_path: Path) -> None:
    printed = fetch("--url", site.address, "--into", str(tmp_path / "other"))
    assert f"once LIVETRAIN_DATA_ROOTS names {tmp_path / 'other'}" in printed
    assert (tmp_path / "other" / FILE).read_bytes() == site.content
    assert "instead of 8f4eceb4ccffa70c672198ea285246c6" in failure("--size", "64", "--url", site.address)


def test_another_file_of_the_name_is_left_alone(site: Site, root: Path) -> None:
    root.mkdir()
    (root / FILE).write_bytes(b"mine")
    assert "move it away first" in failure()
    assert (root / FILE).read_bytes() == b"mine"


def test_what_the_server_or_the_network_refuses(site: Site, root: Path) -> None:
    site.status = 404
    assert "the server answered 404 Not Found" in failure()
    assert "Connection refused" in failure("--url", "http://127.0.0.1:9/x")
    assert "no http:// or https:// address" in failure("--url", f"file://{root}/x")
    assert list(root.iterdir()) == []


def test_a_second_command_does_not_write_into_the_first_ones_file(site: Site, root: Path) -> None:
    site.go_on.clear()
    first = threading.Thread(target=fetch)
    first.start()
    assert site.entered.wait(30)
    assert "being fetched by another command" in failure()
    site.go_on.set()
    first.join(30)
    assert (root / FILE).read_bytes() == site.content
    assert site.asked == [None]


def test_a_disk_without_room_is_told_at_once(site: Site, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 10

    monkeypatch.setattr("experiments.cli.download.shutil.disk_usage", lambda _: Full)
    assert "MiB are missing" in failure()
    assert list(root.iterdir()) == []


def test_without_a_folder_the_cure_is_told(settings: Settings) -> None:
    settings.LIVETRAIN_DATA_ROOTS = []
    assert "Name a folder with --into" in failure()


def test_official_addresses_and_checksums() -> None:
    """As MedMNIST 3.0.2 gives them in `INFO["pneumoniamnist"]`, keys `url`, `MD5`, `url_224`, `MD5_224`."""
    known = medmnist_catalogue.DATA_SETS["pneumoniamnist"]
    assert known.address(28) == "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1"
    assert known.address(224) == "https://zenodo.org/records/10519652/files/pneumoniamnist_224.npz?download=1"
    assert (known.md5[28], known.md5[224]) == ("28209eda62fecd6e6a2d98b1501bb15f", "d6a3c71de1b945ea11211b03746c1fe1")
    checksums = [md5 for data_set in medmnist_catalogue.DATA_SETS.values() for md5 in data_set.md5.values()]
    assert len(set(checksums)) == 4 * len(medmnist_catalogue.DATA_SETS)
    assert all(re.fullmatch(r"[0-9a-f]{32}", md5) for md5 in checksums)
