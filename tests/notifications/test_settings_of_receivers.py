"""How the settings of mail servers and receivers are read."""

from __future__ import annotations

import pytest

from project.setting_values import MailServer, host_ports, mail_address, mail_server, ports


def test_a_mail_server() -> None:
    assert mail_server("smtp://mail") == MailServer("mail", 25)
    assert mail_server("smtps://mail:4465/") == MailServer("mail", 4465, ssl=True)
    found = mail_server("smtp+tls://ada%40example.org:p%40ss%2Fword@mail.example.org")
    assert found == MailServer("mail.example.org", 587, "ada@example.org", "p@ss/word", tls=True)


@pytest.mark.parametrize(
    "raw", ["mail", "http://mail", "smtp://", "smtp://mail/path", "smtp://mail:99999", "smtp://mail:x"]
)
def test_what_is_no_mail_server(raw: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        mail_server(raw)


def test_hosts_and_ports() -> None:
    assert host_ports("Chat.example, [::1]:8065,10.0.0.1") == [
        ("chat.example", None),
        ("::1", 8065),
        ("10.0.0.1", None),
    ]
    assert ports("443, 8443") == [443, 8443]
    for parse, raw in (
        (host_ports, "https://chat"),
        (host_ports, "a@b"),
        (host_ports, "a:x"),
        (ports, "0"),
        (ports, "x"),
    ):
        with pytest.raises(ValueError, match=r"."):
            parse(raw)


def test_a_senders_address() -> None:
    assert mail_address("livetrain@example.org") == "livetrain@example.org"
    for raw in ("livetrain", "Livetrain <l@example.org>", "a@b\nBcc: c@d", "a b@c"):
        with pytest.raises(ValueError, match=r"."):
            mail_address(raw)
