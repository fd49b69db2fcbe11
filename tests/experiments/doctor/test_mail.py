"""What `manage.py doctor` says of a mail server: of none, of one that answers, and of one that is away."""

from __future__ import annotations

from pytest_django.fixtures import Settings

from experiments.doctor import mail
from tests.notifications.receiving import mail_server
from tests.servers import free_port


def found() -> list[tuple[str, str]]:
    return [(one.level, one.text) for one in mail.diagnose()]


def test_without_a_mail_server_nobody_is_asked(settings: Settings) -> None:
    settings.EMAIL_READY = False
    assert found() == [("ok", "none: nobody is told by e-mail")]


def test_a_mail_server_that_answers_gets_no_mail(settings: Settings) -> None:
    with mail_server(settings) as mailbox:
        assert found() == [("ok", f"127.0.0.1:{settings.EMAIL_PORT} answers")]
        settings.PUBLIC_URL = ""
        assert [level for level, _ in found()] == ["ok", "warn"]
    assert mailbox.mails == []


def test_a_mail_server_that_is_away_or_lets_nobody_in_fails(settings: Settings) -> None:
    with mail_server(settings):
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "ada", "hunter2-secret"
        [finding] = mail.diagnose()
        assert finding.level == "fail"
        assert "hunter2" not in str(finding)
    settings.EMAIL_HOST_USER, settings.EMAIL_PORT = "", free_port()
    [finding] = mail.diagnose()
    assert finding.level == "fail"
    assert "cannot be reached" in finding.text
    assert "LIVETRAIN_EMAIL_URL" in finding.cure
