"""How the text of an environment variable becomes a value; each raises ValueError for what is none."""

from __future__ import annotations

import math
import os
import re
import secrets
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import dj_database_url


def number_above_zero(raw: str) -> float:
    """Parse a finite number above 0."""
    value = float(raw)
    if not 0 < value < float("inf"):
        raise ValueError(raw)
    return value


def count_above_zero(raw: str) -> int:
    """Parse a whole number above 0."""
    if (count := int(raw)) < 1:
        raise ValueError(raw)
    return count


def count_from_zero(raw: str) -> int:
    """Parse a whole number, 0 or more."""
    if (count := int(raw)) < 0:
        raise ValueError(raw)
    return count


def number_from_zero(raw: str) -> float:
    """Parse a finite number, 0 or more."""
    value = float(raw)
    if not 0 <= value < float("inf"):
        raise ValueError(raw)
    return value


def boolean(raw: str) -> bool:
    """Parse 0 or 1, in words too."""
    if raw.lower() not in ("0", "1", "true", "false", "yes", "no"):
        raise ValueError(raw)
    return raw.lower() in ("1", "true", "yes")


def one_of(*choices: str) -> Callable[[str], str]:
    """Accept these texts alone."""

    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(raw)
        return raw

    return parse


def umask(raw: str) -> int:
    """Translate what the group may do into a mask of permissions."""
    masks = {"none": 0o077, "read": 0o027}
    if raw not in masks:
        raise ValueError(raw)
    return masks[raw]


def long_text(raw: str) -> str:
    """Accept 16 characters or more."""
    if len(raw) < 16:
        raise ValueError(raw)
    return raw


def url_of(*schemes: str) -> Callable[[str], str]:
    """Accept addresses of these schemes."""

    def parse(raw: str) -> str:
        if urlsplit(raw).scheme not in schemes:
            raise ValueError(raw)
        return raw

    return parse


def endpoint(raw: str) -> str:
    """Accept an HTTP address without user name and password."""
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(raw)
    return raw


def bucket(raw: str) -> tuple[str, str]:
    """Split s3://bucket/prefix into bucket and prefix."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?((?:[\w-][\w.-]*/?)*)", raw, re.ASCII)
    if not found:
        raise ValueError(raw)
    return found[1], found[2].strip("/")


def folders(raw: str) -> list[Path]:
    """Split absolute folders at colons."""
    found = [Path(part).expanduser() for part in raw.split(":") if part]
    if not all(folder.is_absolute() for folder in found):
        raise ValueError(raw)
    return [folder.resolve() for folder in found]


def visible(raw: str | None) -> list[str] | None:
    """Parse CUDA_VISIBLE_DEVICES as CUDA does: names after -1 are ignored, and blank means none."""
    return None if raw is None else list(takewhile(lambda name: name != "-1", names(raw)))


def names(raw: str) -> list[str]:
    """Split names at commas."""
    return [part.strip() for part in raw.split(",") if part.strip()]


def attributes(raw: str) -> list[str]:
    """Split package.module:NAME at commas."""
    paths = names(raw)
    if not all(re.fullmatch(r"[\w.]+:\w+", path) for path in paths):
        raise ValueError(raw)
    return paths


def days_or_never(raw: str) -> float:
    """Read a number of days above 0; infinity for `never`."""
    return math.inf if raw.lower() == "never" else number_above_zero(raw)


def ports(raw: str) -> list[int]:
    """Split ports at commas."""
    found = [int(part) for part in names(raw)]
    if not all(0 < port < 65_536 for port in found):
        raise ValueError(raw)
    return found


def host_ports(raw: str) -> list[tuple[str, int | None]]:
    """Split hosts at commas, each maybe with a port, which is None else."""
    return [_host_port(part) for part in names(raw)]


def _host_port(text: str) -> tuple[str, int | None]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.netloc != text or "@" in text:
        raise ValueError(text)
    return parts.hostname.rstrip("."), parts.port


class MailServer(NamedTuple):
    """A server that takes e-mails: in clear, with TLS from the start (`ssl`), or after STARTTLS (`tls`)."""

    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    tls: bool = False
    ssl: bool = False


_MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def mail_server(raw: str) -> MailServer:
    """Parse the address of a server that takes e-mails; user name and password may have signs as in %40."""
    parts = urlsplit(raw)
    if parts.scheme not in _MAIL_PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(raw)
    return MailServer(
        parts.hostname,
        parts.port or _MAIL_PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls=parts.scheme == "smtp+tls",
        ssl=parts.scheme == "smtps",
    )


def mail_address(raw: str) -> str:
    """Accept an e-mail address without a name beside it."""
    if not re.fullmatch(r"[^@\s<>,;\"]+@[A-Za-z0-9.-]+", raw):
        raise ValueError(raw)
    return raw


def key_of_file(path: Path) -> str:
    """Return the key that a file has, which is made once; only its owner can read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text()


_KEPT = 600  # seconds that the threads of requests keep a connection: project.request_threads
_SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",  # DEFERRED fails at once when two writers upgrade their snapshots
    # Moved from the log into the database every 16 MiB, not 4: pages that grow are written once, where most changes of
    # four times as many transactions meet. So many pages have one table in the index of the log that readers look into.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; "
    "PRAGMA wal_autocheckpoint=4000;",
}


def database(address: str, home: Path, lease_seconds: float) -> dict[str, Any]:
    """Return Django's configuration of the database at that address; without one, of an SQLite file in the home."""
    if not address:
        # A file for tests too: the in-memory test database shares one cache among threads, and locks.
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": home / "livetrain.sqlite3",
            "OPTIONS": _SQLITE_OPTIONS,
            "CONN_MAX_AGE": _KEPT,
            "TEST": {"NAME": home / "test.sqlite3"},
        }
    config: dict[str, Any] = {**dj_database_url.parse(address, conn_max_age=_KEPT, conn_health_checks=True)}
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config |= {"OPTIONS": _SQLITE_OPTIONS, "CONN_MAX_AGE": _KEPT}
    else:
        config["OPTIONS"] = _postgresql_options(lease_seconds) | config.get("OPTIONS", {})
    return config


def _postgresql_options(lease_seconds: float) -> dict[str, Any]:
    """Notice a server that disappeared silently (a power cut, a network) within half a minute, not within hours."""
    return {
        "connect_timeout": 10,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,  # milliseconds
        # A worker frozen within a transaction would keep its run's row locked for the worker that is to continue it.
        "options": f"-c idle_in_transaction_session_timeout={max(5_000, int(lease_seconds * 1000))}",
    }
