"""Which addresses webhooks may be sent to: the guard that keeps them off the server's own networks.

Users name the receiver, and the server connects to it from inside: without a guard, anyone with an account could have
it post to machines that only it can reach. The form of an address is checked when it is given, and what its name
resolves to both then and at each connection, which is made to the very address that was checked.

`LIVETRAIN_WEBHOOK_HOSTS` names receivers in the house, whose addresses may be private.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from notifications.receivers.name_lookup import Found, LookupFailed, addresses_of

LONGEST_URL = 2_000
DEFAULT_PORTS = {"https": 443, "http": 80}
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(ValueError):
    """The reason why nothing is sent to an address, as a sentence with the cure."""


class Receiver(NamedTuple):
    """The parts of an address. `target` is path and query; `is_listed`: the settings name it as one in the house."""

    scheme: str
    host: str
    port: int
    target: str
    is_listed: bool

    @property
    def host_header(self) -> str:
        """The value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parsed(url: str) -> Receiver:
    """Take an address apart. Raises AddressRefused."""
    if len(url) > LONGEST_URL:
        raise AddressRefused(f"The address has {len(url):,} characters; use at most {LONGEST_URL:,}.")
    if not re.fullmatch(r"[\x21-\x7e]+", url) or "\\" in url:
        raise AddressRefused("Write the address without blanks, backslashes and letters beyond ASCII (%C3%A4 for ä).")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"This is no address: {error}.") from error
    if parts.scheme not in _schemes():
        raise AddressRefused(f"The address must begin with {' or '.join(f'{name}://' for name in _schemes())}.")
    if "@" in parts.netloc:
        raise AddressRefused("Leave user name and password out of the address.")
    if parts.fragment:
        raise AddressRefused("Leave out what stands behind the #: it is not sent.")
    host = (parts.hostname or "").rstrip(".")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+", host):
        raise AddressRefused("The address names no host; write it as in https://hooks.example.org/path.")
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    receiver = Receiver(parts.scheme, host, port, target, _is_listed(host, port))
    if not receiver.is_listed or port not in _listed_ports(host):
        _check_port(port)
    return receiver


def resolved(receiver: Receiver) -> Found:
    """Return what the name of a receiver resolves to, all of it allowed. Raises AddressRefused.

    One address that is not allowed refuses all: what a name resolves to is in its owner's hands.
    """
    try:
        addresses = addresses_of(receiver.host, receiver.port)
    except LookupFailed as error:
        raise AddressRefused(str(error)) from error
    for _, (address, _) in addresses:
        if not _is_allowed(ipaddress.ip_address(address.partition("%")[0]), is_listed=receiver.is_listed):
            raise AddressRefused(
                f"{receiver.host} is at an address that is not public, to which nothing is sent. For a receiver in the "
                "house, an administrator names its host in LIVETRAIN_WEBHOOK_HOSTS."
            )
    if not addresses:
        raise AddressRefused(f"The name {receiver.host} has no address.")
    return addresses


def check(url: str) -> None:
    """Check an address that is being given, and what it resolves to now. Raises AddressRefused."""
    resolved(parsed(url))


def masked(url: str, *, secret_path: bool) -> str:
    """Return an address as it may be shown: without its query, and without its path where that is a secret."""
    parts = urlsplit(url)
    hidden = parts.path not in ("", "/") if secret_path else bool(parts.query)
    shown = f"{parts.scheme}://{parts.netloc}{'/' if secret_path else parts.path}"
    return f"{shown}…" if hidden else shown


def _is_allowed(address: _Address, *, is_listed: bool) -> bool:
    """Tell whether an address may be connected to; those inside an IPv6 address count too.

    Those of the link alone are never allowed, as clouds give their machines' keys there.
    """
    inner = _inside(address)
    if inner is not None:
        return _is_allowed(inner, is_listed=is_listed)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if is_listed:
        return True
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local  # fec0::/10 counts as global
    return address.is_global and not address.is_reserved and not is_site_local


def _inside(address: _Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which an IPv6 address leads."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _schemes() -> list[str]:
    return ["https", "http"] if settings.WEBHOOK_HTTP else ["https"]


def _is_listed(host: str, port: int) -> bool:
    ports = _listed_ports(host)
    return bool(ports) and (None in ports or port in ports)


def _listed_ports(host: str) -> set[int | None]:
    """Return the ports with which the settings list a host; None where it stands without one."""
    return {port for name, port in settings.WEBHOOK_HOSTS if name == host}


def _check_port(port: int) -> None:
    if port not in settings.WEBHOOK_PORTS:
        allowed = ", ".join(map(str, settings.WEBHOOK_PORTS))
        raise AddressRefused(f"Port {port} is not allowed; these are: {allowed} (LIVETRAIN_WEBHOOK_PORTS).")
