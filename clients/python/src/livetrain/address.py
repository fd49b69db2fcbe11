"""Where the server is and how to log in: what the caller says, else the environment, else the configuration file.

The file is `livetrain/config.toml` in the user's folder of configurations (`$XDG_CONFIG_HOME`, else `~/.config`), or
what `LIVETRAIN_CONFIG` names: `url = "https://…"` and `token = "…"`.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from livetrain.errors import Misconfigured

URL, TOKEN, CONFIG = "LIVETRAIN_URL", "LIVETRAIN_TOKEN", "LIVETRAIN_CONFIG"


class Address(NamedTuple):
    """A server, and a token for it."""

    url: str
    token: str


def chosen(url: str | None, token: str | None) -> Address:
    """Return the server and the token to use.

    Raises:
        Misconfigured: one of them is known from nowhere, or the address is none.
    """
    known = {} if url and token else stored()
    place = url or os.environ.get(URL) or known.get("url")
    if not place:
        raise Misconfigured(f"No server is known. Say Client(url=…), or set {URL}, or `livetrain login`.")
    # A token of the file is that of the file's server, and is never sent to another one.
    own = known.get("token") if place.rstrip("/") == str(known.get("url", "")).rstrip("/") else None
    secret = token or os.environ.get(TOKEN) or own
    if not secret:
        raise Misconfigured(
            f"No token for {place} is known. Make one on the page {place.rstrip('/')}/account/, then say "
            f"Client(token=…), or set {TOKEN}, or `livetrain login`."
        )
    return Address(_checked(place), secret.strip())


def stored() -> dict[str, str]:
    """Return what the configuration file says; nothing where there is none.

    Raises:
        Misconfigured: it is no TOML, or cannot be read.
    """
    path = file()
    try:
        known = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}. Mend it, or remove it.") from None
    return {name: value for name, value in known.items() if isinstance(value, str)}


def file() -> Path:
    """Return the path of the configuration file, which need not exist."""
    if named := os.environ.get(CONFIG):
        return Path(named)
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "livetrain" / "config.toml"


def keep(url: str, token: str) -> Path:
    """Write the configuration file, which only its owner can read; return its path."""
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        # A JSON text is a basic string of TOML, too.
        written.write(f"url = {json.dumps(url)}\ntoken = {json.dumps(token)}\n")
    part.replace(path)
    return path


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Misconfigured(f"{url!r} is no address of a server. It is like https://trainings.example.org.")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise Misconfigured(f"The server's address has no more than a host, a port and a path: {parts.hostname} …")
    return url.rstrip("/")
