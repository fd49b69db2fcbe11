"""Static files as a browser asks for them: whole, compressed, again, in part; all else is Django's."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.conf import settings
from django.contrib.staticfiles import finders

from project.static_files import SMALLEST, StaticFiles

SCRIPT = "/static/realtime/run/run_page.js"
pytestmark = pytest.mark.asyncio


async def django(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


async def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    asked = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    answer = await HttpCommunicator(StaticFiles(django), method, path, headers=asked).get_response()
    return answer["status"], {name.decode(): value.decode() for name, value in answer["headers"]}, answer["body"]


def on_disk(path: str) -> bytes:
    found = finders.find(path.removeprefix("/static/"))
    assert isinstance(found, str)
    return Path(found).read_bytes()


async def test_a_script_is_whole_and_safe() -> None:
    status, headers, body = await ask(SCRIPT)
    assert (status, body) == (200, on_disk(SCRIPT))
    assert headers["content-type"].startswith("text/javascript")
    assert headers["content-length"] == str(len(body))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["vary"] == "Accept-Encoding"


async def test_a_browser_gets_it_compressed() -> None:
    status, headers, body = await ask(SCRIPT, accept_encoding="gzip, br")
    assert (status, headers["content-encoding"], headers["content-length"]) == (200, "gzip", str(len(body)))
    assert gzip.decompress(body) == on_disk(SCRIPT)
    assert len(body) < len(on_disk(SCRIPT)) / 2


async def test_what_it_has_is_not_sent_again() -> None:
    _, headers, _ = await ask(SCRIPT, accept_encoding="gzip")
    status, again, body = await ask(SCRIPT, accept_encoding="gzip", if_none_match=headers["etag"])
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])


async def test_parts_and_heads_are_of_the_file_itself() -> None:
    status, headers, body = await ask(SCRIPT, range="bytes=5-9", accept_encoding="gzip")
    assert (status, body) == (206, on_disk(SCRIPT)[5:10])
    assert "content-encoding" not in headers
    status, headers, body = await ask(SCRIPT, "HEAD")
    assert (status, headers["content-length"], body) == (200, str(len(on_disk(SCRIPT))), b"")


async def test_nothing_is_written_there() -> None:
    assert (await ask(SCRIPT, "POST"))[0] == 405


@pytest.mark.parametrize(
    "path", ["/", "/static/", "/static/none.js", "/static/../manage.py", "/static/%2e%2e/manage.py"]
)
async def test_all_else_is_left_to_the_application(path: str) -> None:
    assert await ask(path) == (418, {}, b"inside")


async def test_the_admin_and_the_chart_library_are_there() -> None:
    small = "/static/vendor/uplot/uPlot.min.css"
    status, headers, _ = await ask(small, accept_encoding="gzip")
    assert (status, "content-encoding" in headers) == (200, len(on_disk(small)) >= SMALLEST)
    assert (await ask("/static/admin/css/base.css"))[0] == 200
    assert settings.STATIC_URL == "/static/"
