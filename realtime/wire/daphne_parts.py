"""Daphne and what of Twisted is used beside it, loaded in the right order: Daphne's server installs the reactor.

Without OpenSSL, which Twisted loads where it is installed: Daphne serves plain HTTP here, behind a proxy that has the
certificate, and 10 MiB of the web process were for nothing. Import these from here alone.
"""

from __future__ import annotations

from typing import Any

from runs.loading.optional_libraries import without

with without("OpenSSL"):
    import daphne.server  # noqa: F401  # installs the reactor, so it comes first
    from daphne import http_protocol, ws_protocol
    from daphne.cli import CommandLineInterface
    from daphne.server import Server, twisted_loop
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred
    from twisted.internet.tcp import Connection

__all__ = [
    "CommandLineInterface",
    "Connection",
    "Deferred",
    "Server",
    "http_protocol",
    "readers",
    "twisted_loop",
    "ws_protocol",
]


def readers() -> list[Any]:
    """Return all from which the reactor reads, open connections among them."""
    installed: Any = reactor  # a module to those who check types
    return list(installed.getReaders())
