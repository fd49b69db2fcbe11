"""An identity provider that answers whatever a test says: tokens of wrong clients, old ones, forged ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "livetrain"


@cache
def key(name: str = "first") -> rsa.RSAPrivateKey:
    """Make a key once for all tests: that takes longer than any of them."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


class LyingProvider:
    """Its keys are real; all else can be set."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = key()
        self.key_id: str | None = "first"
        self.metadata: dict[str, Any] = {}
        """What differs from usual metadata; None leaves a value out."""
        self.claims: dict[str, Any] = {}
        """What differs from usual claims."""
        self.signed_with: Any = None
        self.signature = "RS256"
        self.token: Any = None
        """Stands for the token endpoint's whole answer."""
        self.user_information: dict[str, Any] = {}
        self.asked: list[str] = []

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {name: value for name, value in self._metadata().items() if value is not None}
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [{"kty": "oct", "k": "AAAA"}, public | {"use": "sig", "kid": self.key_id}]}
        if path == "/token":
            return self.token or (200, {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token()})
        if path == "/userinfo":
            return 200, self.user_information
        return 404, {}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        } | self.metadata

    def id_token(self) -> str:
        now = int(time.time())
        usual = {"iss": self.issuer, "sub": "17", "aud": CLIENT, "iat": now, "exp": now + 300}
        usual |= {"preferred_username": "ada", "email": "a@example.org", "given_name": "Ada", "groups": ["radiology"]}
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        headers = {"kid": self.key_id} if self.key_id else None
        signing: Any = None if self.signature == "none" else self.signed_with or self.key
        return jwt.encode(claims, signing, self.signature, headers)


@contextmanager
def lying_provider() -> Iterator[LyingProvider]:
    """Serve one on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = provider.answer(self.path.partition("?")[0])
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = LyingProvider(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
