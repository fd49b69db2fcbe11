"""Through each proxy that `deploy/` has a sample for, by https: pages, REST, a run live, the largest piece."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import socket
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from experiments.datasets.uploads import PIECE_LIMIT
from tests.prepared_home import prepared
from tests.servers import free_port
from tests.services import proxies
from tests.services.proxies import NAME, Proxy
from tests.services.servers import Unavailable
from tests.waiting import eventually

pytestmark = pytest.mark.services
PASSWORD = "correct horse battery staple"
REQUEST: dict[str, Any] = {
    "experiment_name": "behind a proxy",
    "source_path": "builtin:breast-cancer",
    "trainer": {"max_epochs": 2},
}


class Client:
    """A browser or a script on the other side of the proxy; each call is a connection of its own."""

    def __init__(self, proxy: Proxy, token: str) -> None:
        self.proxy, self.token = proxy, token

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        """Return the whole answer; read its body with `read`."""
        connection = http.client.HTTPConnection(NAME, self.proxy.port)
        connection.sock = self.proxy.trust().wrap_socket(self.proxy.connect(), server_hostname=NAME)
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        return connection.getresponse()

    def rest(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Call with the token; what is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content_Type": "application/json", "Authorization": f"Token {self.token}"} | headers
        answer = self.call(method, path, content, **headers)
        text = answer.read()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(text) if is_json else text


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    """Yield `behind(start)`: a client of the one server through the proxy that `start` starts, on the next port."""
    port, upstream = free_port(), free_port()
    home = prepared(
        tmp_path_factory.mktemp("home"),
        LIVETRAIN_PUBLIC_URL=f"https://{NAME}:{port}",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    with contextlib.ExitStack() as life:
        server = life.enter_context(home.serve("--port", str(upstream)))
        home.manage("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org")
        yield lambda start: Client(start(port, upstream), server.token)


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def client(request: pytest.FixtureRequest, behind: Callable[..., Client]) -> Iterator[Client]:
    with contextlib.ExitStack() as life:
        start = getattr(proxies, request.param)
        try:
            yield behind(lambda port, upstream: life.enter_context(start(port, upstream)))
        except Unavailable as reason:
            pytest.skip(str(reason))


def test_a_login_by_password(client: Client) -> None:
    page = client.call("GET", "/login/")
    text = page.read().decode()
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookies = cookies_of(page)
    [secret] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', text)
    form = {"username": "root", "password": PASSWORD, "csrfmiddlewaretoken": secret}
    sent = urllib.parse.urlencode(form).encode()
    wanted = {"Content_Type": "application/x-www-form-urlencoded", "Cookie": cookies, "Referer": f"{client.proxy.url}/"}
    answer = client.call("POST", "/login/", sent, Origin=client.proxy.url, **wanted)
    assert answer.status == 302, answer.read()
    assert all("Secure" in cookie for cookie in answer.headers.get_all("Set-Cookie", []))
    home = client.call("GET", answer.headers["Location"], Cookie=cookies_of(answer))
    assert home.status == 200
    assert "root" in home.read().decode()


def cookies_of(answer: http.client.HTTPResponse) -> str:
    return "; ".join(cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie", []))


def test_a_run_is_submitted_and_heard_live(client: Client) -> None:
    status, answer = client.rest("POST", "/api/experiments/centralized/train", REQUEST)
    assert status == 202, answer
    events: list[dict[str, Any]] = []
    with listening(client, answer["run_id"]) as opened:
        while not events or events[-1]["type"] != "training_end":
            events.extend(json.loads(opened.recv(timeout=120)))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["data"]["status"] == "completed"
    status, detail = client.rest("GET", f"/api/runs/{answer['run_id']}/")
    assert (status, detail["status"]) == (200, "completed")


def test_no_secret_of_an_address_is_logged(client: Client) -> None:
    status, answer = client.rest("POST", "/api/tickets/")
    assert status == 201
    address = f"wss://{NAME}:{client.proxy.port}/ws/runs/?ticket={answer['ticket']}"
    with connect(address, sock=client.proxy.connect(), ssl=client.proxy.trust(), server_hostname=NAME) as opened:
        assert json.loads(opened.recv(timeout=60))
    for path in ("/login/once/MQ/abc-def/", "//Login/once/MQ/abc-def/?x=1", "/?search=Miller"):
        client.call("GET", path).read()
    if (log := client.proxy.log) is None:
        return
    eventually(lambda: log.read_text().count("/login/once/...") == 2 and "GET / " in log.read_text(), within=20)
    text = log.read_text()
    assert "GET /ws/runs/ HTTP/1.1" in text
    assert not [secret for secret in (answer["ticket"], "abc-def", "Miller") if secret in text]


def test_scripts_are_sent_compressed_and_pages_are_not(client: Client) -> None:
    """A page holds secrets, whose length a compressed one may tell."""
    script = client.call("GET", "/static/realtime/run/run_page.js", Accept_Encoding="gzip")
    assert script.headers["Content-Encoding"] == "gzip"
    assert b"import" in gzip.decompress(script.read())
    page = client.call("GET", "/login/", Accept_Encoding="gzip")
    assert "Content-Encoding" not in page.headers
    assert "csrfmiddlewaretoken" in page.read().decode()


def listening(client: Client, run_id: int) -> Any:
    return connect(
        f"wss://{NAME}:{client.proxy.port}/ws/runs/{run_id}/?after=0",
        sock=client.proxy.connect(),
        ssl=client.proxy.trust(),
        server_hostname=NAME,
        additional_headers={"Authorization": f"Token {client.token}"},
    )


def test_the_largest_piece_of_an_upload_passes_and_nothing_larger(client: Client) -> None:
    asked = {"filename": "large.zip", "size": PIECE_LIMIT + 2}
    status, upload = client.rest("POST", "/api/datasets/uploads/", asked)
    assert status == 201, upload
    path, piece = upload["links"]["self"], bytes(PIECE_LIMIT)
    octets = {"Content_Type": "application/octet-stream", "Upload_Offset": "0"}
    status, answer = client.rest("PATCH", path, piece, **octets)
    assert (status, answer.get("received")) == (200, PIECE_LIMIT), answer
    octets["Upload_Offset"] = str(PIECE_LIMIT)
    assert refused(client, path, piece + b"12", octets) in (413, None)
    assert client.rest("GET", path)[1]["received"] == PIECE_LIMIT
    assert client.rest("DELETE", path)[0] == 204


def refused(client: Client, path: str, body: bytes, headers: dict[str, str]) -> int | None:
    """Return the status; None when the connection was cut before all was sent."""
    try:
        return client.rest("PATCH", path, body, **headers)[0]
    except (ConnectionError, TimeoutError, OSError):
        return None


@pytest.mark.parametrize("client", ["nginx"], indirect=True)  # Caddy does so by itself, from port 80 alone
def test_plain_http_is_sent_to_https(client: Client) -> None:
    assert client.proxy.plain is not None
    with socket.create_connection(("127.0.0.1", client.proxy.plain), timeout=10) as opened:
        opened.sendall(f"GET /runs/7?x=1 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        head = opened.makefile("rb").read().decode()
    assert head.startswith("HTTP/1.1 301")
    assert f"Location: https://{NAME}/runs/7?x=1" in head
