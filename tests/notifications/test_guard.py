"""Webhooks go to public addresses alone, unless the settings list a receiver in the house; by the address checked."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django.fixtures import Settings

from notifications.receivers import addresses, http_post, name_lookup
from notifications.receivers.addresses import AddressRefused, masked, parsed, resolved
from notifications.receivers.http_post import PostFailed, post
from notifications.receivers.name_lookup import LookupFailed
from tests.notifications.receiving import HTTPReceiver


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::]", "localhost"),
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "224.0.0.1", "240.0.0.1"),
        *("[fe80::1]", "[fc00::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::]", "[ff02::1]"),
        *("[fec0::1]", "[64:ff9b:1::a00:1]", "[::10.0.0.1]", "[::ffff:0:10.0.0.1]"),
        *("255.255.255.255", "192.0.2.1", "198.18.0.1", "[2001:db8::1]"),
    ],
)
def test_addresses_that_are_not_public_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused, match=r"not public|cannot be resolved"):
        addresses.check(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.org/", "must begin with https://"),
        ("ftp://hooks.example.org/", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("//hooks.example.org/", "must begin with https://"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://user:word@hooks.example.org/", "Leave user name and password out"),
        ("https://hooks.example.org/#part", "behind the #"),
        ("https://hooks.example.org:22/", "Port 22 is not allowed; these are: 443, 8443"),
        ("https://hooks.example.org:0/", "Port 0 is not allowed"),
        ("https://hooks.example.org:99999/", "This is no address"),
        ("https://hooks.example.org/a b", "without blanks"),
        ("https://hooks.example.org/\r\nHost: x", "without blanks"),
        ("https://hooks.example.org\\@127.0.0.1/", "backslashes"),
        ("https://h%6Foks.example.org/", "names no host"),
        ("https://hooks.example.org/" + "x" * 2_000, "at most 2,000"),
    ],
)
def test_forms_that_are_refused(url: str, said: str) -> None:
    with pytest.raises(AddressRefused, match=said.replace("(", r"\(")):
        parsed(url)


@pytest.mark.parametrize("url", ["https://93.184.216.34/", "https://[2606:4700::1]:8443/a?b=c"])
def test_public_addresses_are_taken(url: str) -> None:
    assert len(resolved(parsed(url))) == 1


def test_the_parts_of_an_address(settings: Settings) -> None:
    settings.WEBHOOK_HTTP, settings.WEBHOOK_PORTS = True, [80, 443, 8443]
    found = parsed("https://Hooks.Example.ORG:8443/a/b?c=d")
    assert (found.host, found.port, found.target) == ("hooks.example.org", 8443, "/a/b?c=d")
    assert found.host_header == "hooks.example.org:8443"
    assert parsed("http://hooks.example.org").host_header == "hooks.example.org"
    assert parsed("http://hooks.example.org").target == "/"
    assert parsed("https://[2606:4700::1]/").host_header == "[2606:4700::1]"


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to these addresses, the last ones from then on; return the names that were asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_server_that_does_not_answer_holds_a_request_for_seconds_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of look-ups that nobody waits for any more there are only so many, and there is room when they end."""
    answering, ended = threading.Event(), threading.Semaphore(0)

    def getaddrinfo(*_arguments: Any, **_named: Any) -> list[Any]:
        answering.wait()
        ended.release()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        for _ in range(name_lookup.AT_ONCE):
            with pytest.raises(LookupFailed, match="was not resolved within 0 seconds"):
                name_lookup.addresses_of("hooks.example.org", 443, seconds=0)
        with pytest.raises(AddressRefused, match="try again in a minute"):
            addresses.check("https://hooks.example.org/")
    finally:
        answering.set()
    for _ in range(name_lookup.AT_ONCE):
        ended.acquire()
    while name_lookup._rooms._value < name_lookup.AT_ONCE:  # each gives back its room when it has answered
        threading.Event().wait(0.001)
    addresses.check("https://hooks.example.org/")


def test_one_private_address_among_several_refuses_all(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(AddressRefused, match="not public"):
        addresses.check("https://hooks.example.org/")


def test_a_name_that_turns_private_later_is_refused_at_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is resolved once for a connection, which goes to the address that was checked."""
    asked = resolving(monkeypatch, ["93.184.216.34"], ["10.0.0.1"])
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _socket, address: connected.append(address))
    addresses.check("https://hooks.example.org/")
    with pytest.raises(AddressRefused, match="not public"):
        post("https://hooks.example.org/", b"{}", {})
    assert asked == ["hooks.example.org"] * 2
    assert connected == []


def test_it_connects_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, ["93.184.216.34"], ["10.0.0.1"])
    connected: list[Any] = []

    def connect(_socket: socket.socket, address: Any) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(PostFailed, match=r"hooks\.example\.org: the connection was refused"):
        post("https://hooks.example.org/", b"{}", {})
    assert connected == [("93.184.216.34", 443)]
    assert asked == ["hooks.example.org"]


def test_receivers_in_the_house(settings: Settings) -> None:
    settings.WEBHOOK_HOSTS = [("localhost", 8065), ("127.0.0.1", None), ("169.254.169.254", None)]
    addresses.check("https://localhost:8065/")
    addresses.check("https://127.0.0.1/")
    for url in ("https://localhost/", "https://localhost:8443/", "https://127.0.0.2/"):
        with pytest.raises(AddressRefused, match="not public"):
            addresses.check(url)
    with pytest.raises(AddressRefused, match="Port 9 is not allowed"):
        addresses.check("https://127.0.0.1:9/")
    with pytest.raises(AddressRefused, match="not public"):
        addresses.check("https://169.254.169.254/")


def test_what_is_shown_of_an_address() -> None:
    assert masked("https://a.example:8443/x/y?key=1", secret_path=False) == "https://a.example:8443/x/y…"
    assert masked("https://a.example/x", secret_path=False) == "https://a.example/x"
    assert masked("https://hooks.slack.com/services/T0/B0/xyz", secret_path=True) == "https://hooks.slack.com/…"


class Raw:
    """A server that answers with these bytes, and says nothing more until it is left."""

    def __init__(self, answer: bytes, *, close: bool) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._answer, self._close, self._left = answer, close, threading.Event()
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(self._answer)
            if not self._close:
                self._left.wait(30)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://localhost:{self.port}/"

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()
        self._server.close()


def answered(settings: Settings, answer: bytes, *, close: bool = True, seconds: float = 10) -> http_post.Answer:
    raw = Raw(answer, close=close)
    settings.WEBHOOK_HTTP, settings.WEBHOOK_HOSTS = True, [("localhost", raw.port)]
    with raw as url:
        return post(url, b"{}", {}, seconds=seconds)


def test_answers_of_all_kinds(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    assert answered(settings, chunked, close=False) == http_post.Answer(200, "ok", None)
    assert answered(settings, b"HTTP/1.1 204 No Content\r\nRetry-After: 7\r\n\r\n").retry_after == 7
    assert answered(settings, b"HTTP/1.0 200 OK\r\n\r\nuntil the end").body == "until the end"
    assert answered(settings, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokxx", close=False).body == "ok"
    assert answered(settings, b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"y" * 9_000).body == "y" * 4_096
    monkeypatch.setattr(http_post, "BODY_SECONDS", 0.05)
    late = answered(settings, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", close=False)
    assert (late.status, late.body) == (200, "half")


@pytest.mark.parametrize(
    ("answer", "close", "said"),
    [
        (b"", True, "it closed the connection without an answer"),
        (b"SSH-2.0-x\r\n\r\n", True, "localhost: "),
        (b"HTTP/1.1 200 OK\r\n", True, "it closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 4_000, False, "the head of its answer does not end"),
        (b"HTTP/1.1 200", False, "did not answer within 0.3 seconds"),
    ],
)
def test_what_is_no_answer(settings: Settings, answer: bytes, close: bool, said: str) -> None:
    with pytest.raises(PostFailed, match=said):
        answered(settings, answer, close=close, seconds=0.3 if b"200" in answer[-4:] else 10)


def self_signed(folder: Path) -> Path:
    """Make a certificate of localhost that nobody vouches for, with its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=private.public_key(), serial_number=1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "localhost.pem"
    path.write_bytes(private.private_bytes(pem, kind, serialization.NoEncryption()) + made.public_bytes(pem))
    return path


def test_a_certificate_that_is_not_valid_is_refused(
    receiver: HTTPReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    url = receiver.url.replace("http://", "https://")
    with pytest.raises(PostFailed, match="The certificate of localhost is not valid"):
        post(url, b"{}", {})
    assert receiver.got == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert post(url, b"{}", {}).status == 200, "nothing else was wrong with it"


def test_a_server_without_tls_is_refused(receiver: HTTPReceiver) -> None:
    with pytest.raises(PostFailed, match="No secure connection with localhost"):
        post(receiver.url.replace("http://", "https://"), b"{}", {})
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
    assert receiver.got == []
