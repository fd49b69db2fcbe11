"""E-mails arrive at a real mail server: one each or in digests, with a link that ends them and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEvent
from notifications import following, outbox, subscriptions
from notifications.deliveries import digests
from notifications.models import Delivery, MailDigest, Message, Subscription
from notifications.subscriptions import Refused
from runs import lifecycle
from runs.models import Run
from tests.notifications.conftest import Deliver
from tests.notifications.receiving import Mailbox, by_mail
from tests.realtime.writing import running_run

pytestmark = pytest.mark.django_db


def ended(user: User, name: str = "digits", reason: str | None = None) -> Run:
    run = running_run(user)
    Run.objects.filter(pk=run.pk).update(experiment_name=name)
    lifecycle.end(run.pk, run.attempt, "failed" if reason else "completed", reason)
    following.follow()
    return run


def text_of(mailbox: Mailbox, place: int = -1) -> str:
    return str(mailbox.mails[place].get_content())


def test_a_mail_says_what_happened(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    by_mail(user)
    run = ended(user, reason="The GPU ran out of memory. Choose a smaller network.")
    deliver(timezone.now())
    [mail] = mailbox.mails
    assert mail["To"] == "ada@example.org"
    assert mail["From"] == "livetrain@localhost"
    assert mail["Subject"] == f"[Livetrain] Run {run.pk} “digits” failed"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].startswith(f"<{Message.objects.get().webhook_id}@")
    text = text_of(mailbox)
    assert "Reason: The GPU ran out of memory. Choose a smaller network." in text
    assert f"https://livetrain.example.org/runs/{run.pk}/" in text
    assert "You get this because of: mail." in text
    assert Message.objects.get().state == "delivered"


def test_a_name_begins_no_line_of_the_head(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    by_mail(user)
    ended(user, name="x\r\nBcc: all@example.org\r\n\r\nbody\u2028y\x07")
    deliver(timezone.now())
    [mail] = mailbox.mails
    assert mail["Bcc"] is None
    assert "“x Bcc: all@example.org body y” ended well" in mail["Subject"]


def test_no_mail_names_data(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    by_mail(user)
    ended(user, reason="ValueError: patient Doe^Jane, file /data/MRN4711.dcm")
    deliver(timezone.now())
    assert "ValueError; the run's page has the message." in text_of(mailbox)
    assert not re.search("Doe|4711|/data", mailbox.mails[0].as_string())


def test_a_digest_collects_what_happens_within_some_minutes(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    """The first message goes at once; what follows comes together, whichever subscription it is of."""
    by_mail(user, digest_minutes=30)
    by_mail(user, digest_minutes=30, name="failures", occasions=["run.failed"])
    ended(user)
    start = timezone.now()
    deliver(start)
    assert len(mailbox.mails) == 1
    for _ in range(2):
        ended(user, reason="It broke.")
    for minutes in (1, 15, 29):
        deliver(start + timedelta(minutes=minutes))
    assert len(mailbox.mails) == 1
    deliver(start + timedelta(minutes=30))
    deliver(start + timedelta(minutes=31))
    assert len(mailbox.mails) == 2
    assert mailbox.mails[1]["Subject"] == "[Livetrain] 4 messages about runs"
    assert text_of(mailbox).count("failed.") == 4
    assert "You get this because of: failures, mail." in text_of(mailbox)
    assert set(Message.objects.values_list("state", flat=True)) == {"delivered"}


def test_rare_and_frequent_digests_of_an_address(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    by_mail(user, digest_minutes=1_440, name="daily")
    by_mail(user, digest_minutes=10, name="often", occasions=["run.failed"])
    ended(user, reason="It broke.")
    start = timezone.now()

    def mails_after(minutes: int) -> int:
        deliver(start + timedelta(minutes=minutes))
        return len(mailbox.mails)

    assert mails_after(0) == 1
    ended(user)
    assert mails_after(1) == 1, "the daily one waits"
    ended(user, reason="It broke.")
    assert mails_after(20) == 2, "the frequent one does not wait for a day"
    ended(user, reason="It broke.")
    assert mails_after(1_400) == 3
    assert mails_after(1_430) == 3
    assert mails_after(1_500) == 4, "digests of another subscription put nothing off for ever"
    assert "ended well." in text_of(mailbox)


def test_a_digest_that_is_not_taken_comes_again(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    by_mail(user, digest_minutes=30)
    mailbox.refuse = "450 Try again"
    ended(user)
    start = timezone.now()
    deliver(start)
    assert Delivery.objects.get().error == "The mail server refuses the address ada@example.org."
    mailbox.refuse = ""
    deliver(start + timedelta(seconds=61))
    assert len(mailbox.mails) == 1
    assert Message.objects.get().state == "delivered"


def test_a_digest_whose_sender_died_comes_when_its_time_has(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    by_mail(user, digest_minutes=30)
    ended(user)
    start = timezone.now()
    assert digests.claim_next(start) is not None
    assert digests.claim_next(start) is None
    for minutes in (1, 29, 31):
        deliver(start + timedelta(minutes=minutes))
    assert len(mailbox.mails) == 1


def test_two_processes_send_no_two_digests(user: User, mailbox: Mailbox) -> None:
    by_mail(user, digest_minutes=30)
    ended(user)
    start = timezone.now()
    first = digests.claim_next(start)
    ended(user)
    second = digests.claim_next(start + timedelta(minutes=1))
    assert first is not None
    assert second is None
    assert MailDigest.objects.get().sent_at == start


def test_a_long_digest_counts_the_rest(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    own = by_mail(user, digest_minutes=30)
    content = {"run_id": 1, "name": "n", "reason": "", "best_value": None, "best_epoch": None, "seconds": None}
    content |= {"project": "Default", "owner": "ada"}
    run = running_run(user)
    Message.objects.bulk_create(
        Message(subscription=own, run=run, occasion="run.completed", occurrence=number, content=content)
        for number in range(103)
    )
    deliver(timezone.now())
    [mail] = mailbox.mails
    assert mail["Subject"] == "[Livetrain] 103 messages about runs"
    assert text_of(mailbox).count("ended well.") == 100
    assert "And 3 more: see the list of runs." in text_of(mailbox)


def link_of(mailbox: Mailbox) -> str:
    found = re.fullmatch(
        r"<https://livetrain\.example\.org(/notifications/unsubscribe/\S+)>",
        mailbox.mails[-1]["List-Unsubscribe"].strip(),
    )
    assert found, repr(mailbox.mails[-1]["List-Unsubscribe"])
    return found[1]


def test_the_link_ends_the_mails_without_a_login(
    user: User, mailbox: Mailbox, deliver: Deliver, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = False
    own, other = by_mail(user), by_mail(user, name="other", occasions=["run.failed"])
    ended(user)
    deliver(timezone.now())
    assert mailbox.mails[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link, stranger = link_of(mailbox), Client(enforce_csrf_checks=True)
    page = stranger.get(link)
    assert page.status_code == 200
    assert "You get them because of: mail." in page.content.decode()
    own.refresh_from_db()
    assert own.paused_at is None, "a scanner's GET ends nothing"
    assert stranger.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    own.refresh_from_db()
    other.refresh_from_db()
    assert own.paused_reason == "Ended by the link in one of its e-mails."
    assert other.paused_at is None
    assert stranger.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert AuditEvent.objects.filter(action="subscription.changed").count() == 1, "once, however often it is pressed"
    ended(user)
    deliver(timezone.now())
    assert len(mailbox.mails) == 1
    assert "None are sent any more" in stranger.get(link).content.decode()


def test_a_link_is_good_for_nothing_else(user: User, mailbox: Mailbox, client: Client) -> None:
    own = by_mail(user)
    forged = [signing.dumps([own.pk], salt="another"), signing.dumps([own.pk]) + "x", "x", f"{own.pk}"]
    for token in forged:
        for answer in (client.get, client.post):
            assert answer(f"/notifications/unsubscribe/{token}/").status_code == 404
    own.refresh_from_db()
    assert own.paused_at is None


def test_which_addresses_mails_go_to(user: User, mailbox: Mailbox, settings: Settings) -> None:
    own = by_mail(user)
    assert own.receiver_email == "ada@example.org"
    with pytest.raises(Refused, match="E-mails go to the address of your account"):
        by_mail(user, email="somebody@example.com")
    settings.EMAIL_DOMAINS = ["clinic.example"]
    assert by_mail(user, email="team@Clinic.example").receiver_email == "team@Clinic.example"
    with pytest.raises(Refused, match=r"or one at clinic\.example"):
        by_mail(user, email="team@notclinic.example")
    User.objects.filter(pk=user.pk).update(email="new@example.org")
    assert Subscription.objects.get(pk=own.pk).receiver_email == "new@example.org"


def test_who_changes_a_shared_one_may_give_their_own_address(user: User, mailbox: Mailbox) -> None:
    first, second = (User.objects.create_superuser(name, email=f"{name}@example.org") for name in ("first", "second"))
    shared = by_mail(first, scope="project", project_id=1, is_shared=True)
    assert subscriptions.change(shared, second, {"email": "second@example.org"}).receiver_email == "second@example.org"
    with pytest.raises(Refused, match="E-mails go to the address of your account"):
        subscriptions.change(shared, second, {"email": "somebody@example.com"})


def test_a_change_does_not_end_a_pause_that_came_meanwhile(user: User, mailbox: Mailbox) -> None:
    own = by_mail(user)
    read_before = Subscription.objects.get(pk=own.pk)
    outbox.pause(own, "Its receiver takes no more messages.")
    changed = subscriptions.change(read_before, user, {"name": "renamed"})
    assert changed.name == "renamed"
    assert changed.paused_reason == "Its receiver takes no more messages."
    assert changed.paused_at is not None


def test_addresses_that_are_missing_name_nobody(user: User, mailbox: Mailbox, deliver: Deliver) -> None:
    """Digests without an address are one: who reads its result may not know the others."""
    by_mail(user, digest_minutes=30)
    User.objects.update(email="")
    ended(user)
    deliver(timezone.now())
    assert Delivery.objects.get().error == "The account has no e-mail address."


def test_a_server_without_mail_or_address_says_so(user: User, settings: Settings) -> None:
    user.email = "ada@example.org"
    values = {"name": "m", "channel": "email", "occasions": ["run.failed"]}
    with pytest.raises(Refused) as refused:
        subscriptions.create(user, values)
    assert "LIVETRAIN_EMAIL_URL" in refused.value.problems["channel"]
    settings.EMAIL_READY = True
    with pytest.raises(Refused) as refused:
        subscriptions.create(user, values)
    assert "LIVETRAIN_PUBLIC_URL" in refused.value.problems["channel"]
    settings.PUBLIC_URL, user.email = "https://livetrain.example.org", ""
    with pytest.raises(Refused) as refused:
        subscriptions.create(user, values)
    assert "no e-mail address" in refused.value.problems["email"]


def test_a_mail_server_that_is_away_is_said_so(
    user: User, mailbox: Mailbox, deliver: Deliver, settings: Settings
) -> None:
    by_mail(user)
    settings.EMAIL_PORT = 1
    ended(user)
    deliver(timezone.now())
    assert Delivery.objects.get().error == "The mail server cannot be reached: Connection refused."
    assert Message.objects.get().state == "waiting"
