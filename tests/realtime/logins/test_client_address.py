"""Whom failed tries are counted for."""

from __future__ import annotations

import pytest

from realtime.logins.client_address import UNKNOWN, address_named, is_this_machine


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),  # its owner may choose any of these
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("garbage", UNKNOWN),
        ("192.0.2.7, 192.0.2.8", UNKNOWN),
        ("", UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_an_address(text: str | None, address: str) -> None:
    assert address_named(text) == address
    assert address_named(address) == address


@pytest.mark.parametrize(
    ("text", "expected"), [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("192.0.2.7", False), ("", False)]
)
def test_this_machine(text: str, expected: bool) -> None:
    assert is_this_machine(address_named(text)) is expected
