"""The documentation under `/help/`: what was built obeys the content policy, leads somewhere, and is served safely."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from tests.documentation import pages

LOADED = {"script": "src", "img": "src", "link": "href"}
BUILD_SECONDS = 120


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a warning, in a shell whose settings are of no use."""
    target = tmp_path_factory.mktemp("help")
    command = [sys.executable, "-m", "docs.build", "--strict", "--into", str(target)]
    wrong = {"LIVETRAIN_LEASE_SECONDS": "wrong", "LIVETRAIN_HOME": "/nowhere", "DATABASE_URL": "wrong"}
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=os.environ | wrong,
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture
def served(built: Path, settings: Settings) -> Path:
    settings.HELP_ROOT = built
    return built


class Elements(HTMLParser):
    """The start tags of a page, and whether a script has words in it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    @property
    def ids(self) -> set[str]:
        return {attributes["id"] for _, attributes in self.found if "id" in attributes}


@pytest.fixture(scope="module")
def documents(built: Path) -> dict[Path, Elements]:
    return {file: Elements(file) for file in built.rglob("*.html")}


def test_every_page_is_built(documents: dict[Path, Elements], built: Path) -> None:
    names = {str(file.relative_to(built).with_suffix("")) for file in documents}
    assert names == {*pages(), "search"}


def test_nothing_is_inline(documents: dict[Path, Elements]) -> None:
    for file, document in documents.items():
        for tag, attributes in document.found:
            assert tag != "style", file
            assert tag != "script" or attributes.get("src"), file
            assert not [name for name in attributes if name == "style" or name.startswith("on")], f"{file}: {tag}"


def links(document: Elements) -> Iterator[tuple[str, str]]:
    """Addresses of the page, with what has them."""
    for tag, attributes in document.found:
        name = LOADED.get(tag, "href")
        if name in attributes:
            yield tag, attributes[name]


def test_everything_that_is_loaded_and_linked_is_there(documents: dict[Path, Elements]) -> None:
    for file, document in documents.items():
        for tag, address in links(document):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                assert tag == "a", f"{file} loads {address}"
            elif not parts.path.startswith("/"):  # those are pages of the server, in the frame
                target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
                assert target.is_file(), f"{file}: {address}"
                assert not parts.fragment or unquote(parts.fragment) in documents[target].ids, f"{file}: {address}"


def test_links_to_the_server_lead_somewhere(documents: dict[Path, Elements]) -> None:
    absolute = {address for document in documents.values() for _, address in links(document) if address[:1] == "/"}
    described = {"/api/schema/", "/api/asyncapi/", "/api/docs/"}
    assert absolute == {"/", "/new/", "/compare/", "/datasets/"} | described


def test_every_column_has_a_name(built: Path) -> None:
    texts = {file: file.read_text() for file in built.rglob("*.html")}
    assert [file for file, text in texts.items() if re.search(r"<th\b[^>]*>(?:\s|</?p>)*</th>", text)] == []


def test_tables_from_the_code_are_in_the_pages(built: Path) -> None:
    assert "Samples per optimizer step" in (built / "reference" / "options.html").read_text()
    assert "from code:" not in "".join(file.read_text() for file in built.rglob("*.html"))


def test_a_stranger_reads_it_under_the_same_policy(client: Client, served: Path) -> None:
    response = client.get("/help/")
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.content == (served / "index.html").read_bytes()
    assert response["Content-Security-Policy"] == client.get("/login/")["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert client.get("/help").status_code == 301


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("reference/settings.html", "text/html; charset=utf-8"),
        ("searchindex.js", "text/javascript; charset=utf-8"),
        ("_static/help.css", "text/css; charset=utf-8"),
        ("_static/favicon.svg", "image/svg+xml"),
        ("_images/live.png", "image/png"),
    ],
)
def test_pages_and_what_they_load_have_their_types(client: Client, served: Path, path: str, kind: str) -> None:
    response = client.get(f"/help/{path}")
    assert (response.status_code, response["Content-Type"]) == (200, kind)
    assert response.content == (served / path).read_bytes()


def test_what_a_browser_has_is_not_sent_again_and_texts_are_compressed(client: Client, served: Path) -> None:
    response = client.get("/help/searchindex.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.content) == (served / "searchindex.js").read_bytes()
    again = client.get("/help/searchindex.js", headers={"If-Modified-Since": response["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "none.html",
        "reference",
        "reference/",
        "../manage.py",
        "%2e%2e/%2e%2e/manage.py",
        "/etc/passwd",
        ".hidden",
        "a%00b",
    ],
)
def test_nothing_else_is_served(client: Client, served: Path, path: str) -> None:
    (served / ".hidden").write_text("hidden")
    assert client.get(f"/help/{path}").status_code == 404


def test_links_out_of_the_folder_are_not_followed(client: Client, served: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    link = served / "link.txt"
    link.symlink_to(tmp_path / "secret.txt")
    try:
        assert client.get("/help/link.txt").status_code == 404
    finally:
        link.unlink()


def test_it_is_only_read(client: Client, served: Path) -> None:
    assert client.post("/help/").status_code == 405
    assert client.head("/help/").content == b""


@pytest.mark.parametrize("path", ["", "reference/options.html"])
def test_before_a_build_it_says_how_to_make_one(client: Client, settings: Settings, tmp_path: Path, path: str) -> None:
    settings.HELP_ROOT = tmp_path / "none"
    response = client.get(f"/help/{path}")
    assert response.status_code == 200
    assert b"run <code>make docs</code>" in response.content


@pytest.mark.django_db
def test_pages_and_admin_link_to_it(client: Client, admin_user: User) -> None:
    assert b'href="/help/"' in client.get("/login/").content
    client.force_login(admin_user)
    for path in ("/", "/new/", "/admin/"):
        assert b'href="/help/"' in client.get(path).content, path
