"""E-mails: one message each, or a digest of several. Django's own back ends send them."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import make_msgid
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from notifications.contents import in_one_line, run_number
from notifications.deliveries.texts import details, headline
from notifications.links import absolute, run_link
from notifications.models import Message
from notifications.unsubscribing import unsubscribe_link

MOST_IN_A_DIGEST = 100
"""Messages that are written out; the others are counted."""


class MailFailed(Exception):
    """The reason why a mail was not taken, as a sentence."""


def send(address: str, messages: Sequence[Message]) -> None:
    """Send some messages to an address in one mail. Raises MailFailed."""
    with _failures_in_words(address):
        mail_of(address, messages).send()


def reach() -> None:
    """Connect to the mail server, log in there if the settings say so, and send nothing. Raises MailFailed."""
    with _failures_in_words(settings.DEFAULT_FROM_EMAIL):
        connection = get_connection()
        connection.open()
        connection.close()


@contextmanager
def _failures_in_words(address: str) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise MailFailed(f"The mail server refuses the address {address}.") from error
    except smtplib.SMTPResponseException as error:
        raise MailFailed(f"The mail server answered {error.smtp_code}.") from error
    except (OSError, smtplib.SMTPException) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise MailFailed(f"The mail server cannot be reached: {said}.") from error


def mail_of(address: str, messages: Sequence[Message]) -> EmailMessage:
    """Write the mail. Its head holds nothing that could begin another line of it."""
    ended = unsubscribe_link([message.subscription_id for message in messages])
    headers = {"Auto-Submitted": "auto-generated", "Message-ID": _id_of(messages)}
    if ended:
        headers |= {"List-Unsubscribe": f"<{ended}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return EmailMessage(
        subject=in_one_line(_subject(messages)),
        body="\n".join([*_body(messages), "", "-- ", *_footer(messages, ended)]),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address],
        headers=headers,
    )


def _subject(messages: Sequence[Message]) -> str:
    if len(messages) == 1:
        return f"[Livetrain] {headline(messages[0]).removesuffix('.')}"
    return f"[Livetrain] {len(messages):,} messages about runs"


def _body(messages: Sequence[Message]) -> list[str]:
    lines: list[str] = []
    for message in messages[:MOST_IN_A_DIGEST]:
        link = run_link(run_number(message.content))
        lines += [headline(message), *(f"  {line}" for line in details(message)), *([f"  {link}"] if link else []), ""]
    more = len(messages) - MOST_IN_A_DIGEST
    if more > 0:
        lines += [f"And {more:,} more: see the list of runs.", absolute("/")]
    return lines


def _footer(messages: Sequence[Message], ended: str) -> list[str]:
    names = sorted({in_one_line(message.subscription.name) for message in messages})
    lines = [f"You get this because of: {', '.join(names)}."]
    if settings.PUBLIC_URL:
        lines += [f"Change what you are told: {absolute('/account/notifications/')}", f"End these e-mails: {ended}"]
    return lines


def _id_of(messages: Sequence[Message]) -> str:
    """Return the id of the mail: of a single message always the same, by which a mailbox knows it again."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{messages[0].webhook_id}@{host}>" if len(messages) == 1 else make_msgid(domain=host)
