"""nginx and Caddy with the samples of `deploy/`: other ports, a certificate of this test, no root."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers import free_port
from tests.services.servers import own_folder, program, running, unprivileged_user, wait_for

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "trainings.example.org"  # as in the samples
AROUND = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    {temporary}
    include {folder}/site.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Proxy(NamedTuple):
    """Its ports on the loopback (`plain`: for http), the certificate that it shows for `NAME`, its log of requests.

    What it does not have is null.
    """

    port: int
    plain: int | None
    certificate: Path
    log: Path | None = None

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}"

    def connect(self) -> socket.socket:
        """Connect to its address, whatever this machine makes of the name."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def trust(self) -> ssl.SSLContext:
        """Return the context of a client that knows this certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))


@contextlib.contextmanager
def nginx(port: int, upstream: int) -> Iterator[Proxy]:
    """Start the sample site behind `port`, in front of the server at `upstream`."""
    binary, user, plain = program("nginx", "nginx"), unprivileged_user(), free_port()
    with own_folder(user) as folder:
        certificate, key = _certificate(folder, user)
        changes = {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
            "listen [::]:443 ssl http2;": "",
            f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(certificate),
            f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(key),
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
            "/var/log/nginx/livetrain.log": str(folder / "access.log"),
        }
        _write(folder / "site.conf", _sample("nginx.conf", changes).encode(), user)
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in TEMPORARY)
        _write(folder / "nginx.conf", AROUND.format(folder=folder, temporary=temporary).encode(), user)
        command: list[str | Path] = [binary, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
        _check([*command, "-t"], folder, user)
        with running([*command, "-g", "daemon off;"], folder, user=user) as alive:
            proxy = Proxy(port, plain, certificate, folder / "access.log")
            wait_for(lambda: proxy.connect().close(), alive, ConnectionRefusedError)
            yield proxy


@contextlib.contextmanager
def caddy(port: int, upstream: int) -> Iterator[Proxy]:
    """Start Caddy as `nginx` is; without a name that others can resolve it gets its certificate from us."""
    binary, user = program("caddy", "caddy"), unprivileged_user()
    with own_folder(user) as folder:
        certificate, key = _certificate(folder, user)
        changes = {
            f"{NAME} {{": f"https://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}",
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        }
        options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
        _write(folder / "Caddyfile", (options + _sample("Caddyfile", changes)).encode(), user)
        environment = os.environ | {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        config = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        _check([binary, "validate", *config], folder, user, environment)
        with running([binary, "run", *config], folder, environment, user) as alive:
            proxy = Proxy(port, None, certificate)
            wait_for(lambda: proxy.connect().close(), alive, ConnectionRefusedError)
            yield proxy


def _sample(name: str, changes: dict[str, str]) -> str:
    text = (DEPLOY / name).read_text()
    for old, new in changes.items():
        assert len(re.findall(rf"(?<![\w.]){re.escape(old)}", text)) == 1, f"{old!r} is not once in {name}"
        text = text.replace(old, new)
    return text


def _check(command: list[str | Path], folder: Path, user: str | None, env: dict[str, str] | None = None) -> None:
    """Run what an operator runs before each start."""
    done = subprocess.run(command, cwd=folder, user=user, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[warn]" not in done.stderr, done.stderr


def _certificate(folder: Path, user: str | None) -> tuple[Path, Path]:
    """Make a self-signed certificate for `NAME`, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files = folder / "certificate.pem", folder / "key.pem"
    _write(files[0], certificate.public_bytes(serialization.Encoding.PEM), user)
    _write(files[1], secret, user)
    return files


def _write(file: Path, content: bytes, user: str | None) -> None:
    """Write a file that nobody may read but the account which the proxy runs as, whatever the mask of new files is."""
    file.write_bytes(content)
    file.chmod(0o600)
    if user:
        shutil.chown(file, user)
