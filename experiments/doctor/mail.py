"""Diagnoses e-mails: whether the mail server answers, and whether what is sent can have links."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from experiments.doctor.finding import Finding

SUBJECT = "e-mail"
DOWN = (
    "Correct LIVETRAIN_EMAIL_URL (host, port, user, password, kind of TLS), or let the web processes reach the server. "
    "Meanwhile: webhooks and chats; e-mails are tried again for 20 hours."
)


def diagnose() -> Iterator[Finding]:
    """Yield the findings; connects to the mail server and sends nothing."""
    if not settings.EMAIL_READY:
        yield Finding("ok", SUBJECT, "none: nobody is told by e-mail")
        return
    yield _server()
    if not settings.PUBLIC_URL:
        text = "there is no public address: e-mails have no link to a run, and none that ends them"
        yield Finding("warn", SUBJECT, text, "Set LIVETRAIN_PUBLIC_URL.")


def _server() -> Finding:
    from notifications.deliveries import mails  # noqa: PLC0415

    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        mails.reach()
    except mails.MailFailed as error:
        return Finding("fail", SUBJECT, f"{place} cannot be used: {error}", DOWN)
    return Finding("ok", SUBJECT, f"{place} answers")
