"""Where the server is and how to log in: what the caller says, else the environment, else the configuration file.

The file is `livetrain/config.toml` in the user's folder of configurations (`$XDG_CONFIG_HOME`, else `~/.config`), or
what `LIVETRAIN_CONFIG` names: `url = "https://…"` and `token = "…"`.
"""

from __future__ import annotations

import ipaddress
import json
import os
import tomllib
import warnings
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from livetrain.errors import InsecureWarning, Misconfigured

URL, TOKEN, CONFIG = "LIVETRAIN_URL", "LIVETRAIN_TOKEN", "LIVETRAIN_CONFIG"


class Address(NamedTuple):
    """A server, and a token for it, which tracebacks do not show."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Address({self.url!r}, …)"


def chosen(url: str | None, token: str | None) -> Address:
    """Return the server and the token to use.

    A token of the environment or of the file is that of the server named beside it, and is never sent to another one.

    Raises:
        Misconfigured: one of them is known from nowhere, or is none.
    """
    named, given = os.environ.get(URL), os.environ.get(TOKEN)
    known = None if url or named else stored()
    place = url or named or (known or {}).get("url")
    if not place:
        raise Misconfigured(f"No server is known. Say Client(url=…), or set {URL}, or `livetrain login`.")
    place = _checked(place)
    secret = token or (given if not named or _same(place, named) else None) or _kept_for(place, known)
    if not secret:
        raise Misconfigured(
            f"No token for {place} is known. Make one on the page {place}/account/, then say "
            f"Client(token=…), or set {TOKEN} (and {URL} to this server, if at all), or `livetrain login`."
        )
    return Address(place, _one_word(secret, place))


def stored() -> dict[str, str]:
    """Return what the configuration file says; nothing where there is none.

    Raises:
        Misconfigured: it is no TOML, or cannot be read.
    """
    try:
        path = file()
    except RuntimeError:  # an account without a home, as containers have
        return {}
    try:
        with path.open("rb") as opened:
            known, mode = tomllib.load(opened), os.fstat(opened.fileno()).st_mode
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}. Mend it, or remove it.") from None
    if os.name == "posix" and mode & 0o077 and known.get("token"):
        warnings.warn(f"Others can read the token in {path}: chmod 600 {path}", InsecureWarning, stacklevel=4)
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
    part.unlink(missing_ok=True)  # of a process of that number that was killed
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        # A JSON text is a basic string of TOML, too.
        written.write(f"url = {json.dumps(url)}\ntoken = {json.dumps(token)}\n")
    part.replace(path)
    return path


def _kept_for(place: str, known: dict[str, str] | None) -> str | None:
    known = stored() if known is None else known
    return known.get("token") if _same(place, known.get("url")) else None


def _same(place: str, other: str | None) -> bool:
    return place.rstrip("/") == str(other or "").strip().rstrip("/")


def _checked(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and " " not in url and parts.port != 0
    except ValueError:  # half an IPv6 address, a port that is none
        known = False
    if not known:
        said = "That" if "@" in url else repr(url)  # there may be a password in it
        raise Misconfigured(f"{said} is no address of a server. It is like https://trainings.example.org.")
    if parts.query or parts.fragment or parts.username is not None or parts.password is not None:
        raise Misconfigured(f"The server's address has no more than a host, a port and a path: {parts.hostname} …")
    if parts.scheme == "http" and not _is_here(parts.hostname or ""):
        warnings.warn(
            f"The token goes to {parts.hostname} without encryption, and who listens can use it: ask for https.",
            InsecureWarning,
            stacklevel=4,
        )
    return url.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _one_word(token: str, place: str) -> str:
    """Return the token without the blanks around it; what is wrong with it is said without it."""
    word = token.strip()
    if not word or not all("!" <= letter <= "~" for letter in word):
        raise Misconfigured(
            f"The API token is none: it is one word of letters and digits. Make one on the page {place}/account/."
        )
    return word
