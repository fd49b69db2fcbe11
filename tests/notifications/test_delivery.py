"""Messages reach real receivers: signed, tried again after growing pauses, one of each receiver at a time."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from http.server import HTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from access.models import Membership
from notifications import following, outbox, signing_secrets, subscriptions
from notifications.deliveries.dispatch import OF_FAILING, PLACES, Dispatcher
from notifications.models import Delivery, Message, Subscription
from notifications.outbox import Outcome
from runs import lifecycle
from tests.documentation import examples
from tests.notifications.conftest import Deliver
from tests.notifications.receiving import HTTPReceiver, Received, webhook
from tests.realtime.writing import running_run

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def ended(user: User, status: Any = "completed", reason: str | None = None) -> int:
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, status, reason)
    following.follow()
    return run.pk


def verified(got: Received, secret: str) -> dict[str, Any]:
    """Verify as a receiver would, by the library of Standard Webhooks."""
    found: dict[str, Any] = Webhook(secret).verify(got.body, got.headers)
    return found


def test_a_webhook_is_signed_and_says_what_happened(
    user: User, receiver: HTTPReceiver, deliver: Deliver, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://livetrain.example.org/"
    own = webhook(user, receiver)
    run_id = ended(user, "failed", "The disk is full. Free some space where the run files lie, then submit it again.")
    deliver(timezone.now())
    [got] = receiver.got
    sent = verified(got, signing_secrets.secret_of(own))
    assert got.path == "/hook?key=1"
    assert got.headers["content-type"] == "application/json"
    assert sent["type"] == "run.failed"
    assert abs(datetime.fromisoformat(sent["timestamp"]) - timezone.now()) < timedelta(minutes=1)
    data = sent["data"]
    assert data["text"] == f"Run {run_id} “digits” failed."
    assert data["url"] == f"https://livetrain.example.org/runs/{run_id}/"
    assert data["reason"].startswith("The disk is full.")
    assert (data["owner"], data["project"], data["run_id"]) == ("ada", "Default", run_id)
    with pytest.raises(WebhookVerificationError):
        verified(got._replace(body=got.body.replace(b"failed", b"ended!")), signing_secrets.secret_of(own))
    [delivery] = Delivery.objects.all()
    assert (delivery.succeeded, delivery.status_code, delivery.number) == (True, 200, 1)
    assert delivery.answer == "thanks"
    assert Message.objects.get().state == "delivered"


def test_for_a_day_both_secrets_verify(user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    own = webhook(user, receiver)
    first = signing_secrets.secret_of(own)
    second = signing_secrets.rotate(own)
    assert second != first
    ended(user)
    deliver(timezone.now())
    for secret in (first, second):
        assert verified(receiver.got[0], secret)["type"] == "run.completed"
    Subscription.objects.update(previous_until=timezone.now())
    ended(user)
    deliver(timezone.now())
    assert verified(receiver.got[1], second)["type"] == "run.completed"
    with pytest.raises(WebhookVerificationError):
        verified(receiver.got[1], first)


def test_the_secret_is_stored_nowhere(user: User, receiver: HTTPReceiver, settings: Settings) -> None:
    own = webhook(user, receiver)
    secret = signing_secrets.secret_of(own)
    assert secret.startswith("whsec_")
    stored = [str(value) for row in Subscription.objects.values_list() for value in row]
    assert not [value for value in stored if len(value) > 8 and value in secret]
    settings.SECRET_KEY = "another"
    assert signing_secrets.secret_of(own) != secret


def test_a_failed_try_comes_again_with_the_same_id_and_body(
    user: User, receiver: HTTPReceiver, deliver: Deliver
) -> None:
    receiver.statuses = [500, 503, 200]
    webhook(user, receiver)
    ended(user)
    now = timezone.now()
    for minutes in (0, 0.9, 1.1, 2, 3.2, 60):
        deliver(now + timedelta(minutes=minutes))
    assert len(receiver.got) == 3
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len({got.body for got in receiver.got}) == 1
    tries = Delivery.objects.order_by("pk").values_list("number", "status_code", "error")
    assert list(tries) == [(1, 500, "It answered 500."), (2, 503, "It answered 503."), (3, 200, "")]
    subscription = Subscription.objects.get()
    assert (subscription.is_failing, subscription.problem, subscription.given_up) == (False, "", 0)


def test_pauses_grow_and_end_within_a_day() -> None:
    pauses = [outbox.pause_after(tries) for tries in range(1, outbox.MOST_TRIES)]
    assert pauses[:4] == [60, 120, 240, 480]
    assert sorted(pauses) == pauses
    assert max(pauses) == 4 * 3600
    assert timedelta(hours=12) < timedelta(seconds=sum(pauses)) < DAY
    assert outbox.pause_after(1, 600) == 600
    assert outbox.pause_after(1, 10**8) == 4 * 3600, "a receiver may not put a message off for ever"


def test_a_receiver_that_asks_for_time_gets_it(user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    receiver.statuses, receiver.headers = [429], {"Retry-After": "900"}
    webhook(user, receiver)
    ended(user)
    now = timezone.now()
    deliver(now)
    assert Message.objects.get().next_at == now + timedelta(seconds=900)


def test_a_dead_receiver_is_given_up_after_a_day_and_paused_after_three_messages(
    user: User, receiver: HTTPReceiver, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST_TRIES", 3)
    receiver.statuses = [500]
    own = webhook(user, receiver)
    for _ in range(4):
        ended(user)
    now = timezone.now()
    for hour in range(3 * 3):
        deliver(now + timedelta(hours=hour))
    own.refresh_from_db()
    assert own.paused_at is not None
    assert own.paused_reason.startswith("3 messages in a row could not be delivered, each tried 3 times.")
    states = Message.objects.order_by("pk").values_list("state", flat=True)
    assert sorted(states) == ["dropped", "failed", "failed", "failed"]
    assert Message.objects.filter(state="failed").values_list("tries", flat=True)[0] == outbox.MOST_TRIES
    known = len(receiver.got)
    ended(user)
    deliver(now + 3 * DAY)
    assert len(receiver.got) == known, "a paused subscription is told nothing"
    outbox.resume(own)
    receiver.statuses = [200]
    ended(user)
    deliver(now + 3 * DAY)
    assert len(receiver.got) == known + 1


def test_a_receiver_that_is_gone_is_paused_at_once(user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    receiver.statuses = [410]
    own = webhook(user, receiver)
    ended(user)
    deliver(timezone.now())
    own.refresh_from_db()
    assert own.paused_reason == "Its receiver takes no more messages. It answered 410: it wants no more messages."
    assert Message.objects.get().state == "failed"


def test_redirects_are_not_followed(user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    receiver.statuses, receiver.headers = [302], {"Location": f"http://localhost:{receiver.port}/inside"}
    webhook(user, receiver)
    ended(user)
    deliver(timezone.now())
    assert [got.path for got in receiver.got] == ["/hook?key=1"]
    assert Delivery.objects.get().error.startswith("It answered with a redirect (302)")


def test_a_long_answer_is_cut(user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    receiver.answer = b"x" * 100_000
    webhook(user, receiver)
    ended(user)
    deliver(timezone.now())
    assert Delivery.objects.get().answer == "x" * 4_096


def test_who_lost_the_right_meanwhile_gets_nothing(user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    webhook(user, receiver)
    ended(user)
    Membership.objects.all().delete()
    deliver(timezone.now())
    assert receiver.got == []
    assert Message.objects.get().state == "dropped"
    assert Delivery.objects.get().error == "Not sent: ada may no longer see the project."
    assert not Subscription.objects.get().is_failing


def test_slack_gets_text_and_blocks_in_which_nobody_is_called(
    user: User, receiver: HTTPReceiver, deliver: Deliver, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://livetrain.example.org"
    webhook(user, receiver, channel="slack")
    run = running_run(user)
    type(run).objects.filter(pk=run.pk).update(experiment_name="<!channel> & co")
    lifecycle.end(run.pk, run.attempt, "failed", "It broke.")
    following.follow()
    deliver(timezone.now())
    [got] = receiver.got
    assert "webhook-signature" not in got.headers
    sent = json.loads(got.body)
    assert sent["text"] == f"Run {run.pk} “&lt;!channel&gt; &amp; co” failed."
    texts = [block["text"]["text"] for block in sent["blocks"][:2]]
    assert texts[0] == f"*{sent['text']}*"
    assert texts[1].startswith("Reason: It broke.\nTime: ")
    assert sent["blocks"][2]["elements"][0]["text"] == f"<https://livetrain.example.org/runs/{run.pk}/|Open the run>"


def test_a_sender_that_dies_leaves_its_message_to_another(user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    """Between the answer and the note of it, too: then the receiver gets it twice, with one id."""
    webhook(user, receiver)
    ended(user)
    now = timezone.now()
    [place] = outbox.next_of_each(now, 9)
    [lost] = outbox.claim([place.message_id], now)
    deliver(now + timedelta(seconds=outbox.CLAIM_SECONDS - 1))
    assert receiver.got == []
    deliver(now + timedelta(seconds=outbox.CLAIM_SECONDS + 1))
    assert len(receiver.got) == 1
    assert not outbox.record(lost, Outcome("too late"), now), "the claim is another's"
    assert Message.objects.get().state == "delivered"
    assert Message.objects.get().tries == 2


def test_two_senders_never_claim_the_same_message(user: User, receiver: HTTPReceiver) -> None:
    webhook(user, receiver)
    ended(user)
    now = timezone.now()
    [place] = outbox.next_of_each(now, 9)
    assert len(outbox.claim([place.message_id], now)) == 1
    assert outbox.claim([place.message_id], now) == []
    ended(user)
    assert outbox.next_of_each(now, 9) == [], "a receiver gets one message at a time"


def subscribed(user: User, name: str, *, failing: bool = False) -> Subscription:
    return Subscription.objects.create(
        user=user,
        name=name,
        channel="webhook",
        url="https://a.example",
        occasions=["run.completed"],
        is_failing=failing,
    )


def test_receivers_that_hang_hold_up_no_other(user: User) -> None:
    """However many of them there are: half of the places are for those that work."""
    hanging, asked = threading.Event(), threading.Semaphore(0)
    for number in range(PLACES + 2):
        subscribed(user, f"hangs {number}", failing=True)
    subscribed(user, "works")
    ended(user)
    told: list[str] = []

    def send(message: Message) -> Outcome:
        told.append(message.subscription.name)
        asked.release()
        if message.subscription.name != "works":
            hanging.wait(30)
        return Outcome()

    dispatcher = Dispatcher(send)
    dispatcher.round()
    for _ in range(OF_FAILING + 1):
        assert asked.acquire(timeout=30)
    assert "works" in told
    dispatcher.store_done(wait=30)
    assert Message.objects.get(subscription__name="works").state == "delivered"
    assert dispatcher.busy == OF_FAILING
    ended(user)
    dispatcher.round()
    assert asked.acquire(timeout=30)
    assert told.count("works") == 2
    hanging.set()
    while dispatcher.busy:
        dispatcher.store_done(wait=30)


def test_a_fault_of_ours_costs_one_try(user: User) -> None:
    subscribed(user, "broken")
    ended(user)
    dispatcher = Dispatcher(lambda _message: Outcome(answer=str(1 // 0)))
    dispatcher.round()
    dispatcher.store_done(wait=30)
    assert dispatcher.busy == 0
    assert Delivery.objects.get().error == "It could not be sent: ZeroDivisionError."
    assert Message.objects.get().state == "waiting"


def test_the_last_hundred_tries_are_kept(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT_DELIVERIES", 3)
    own = subscribed(user, "s")
    other = subscribed(user, "other")
    ended(user)
    for subscription in (own, other):
        message = Message.objects.get(subscription=subscription)
        for number in range(1, 6):
            message.tries = number
            outbox._log(message, Outcome("It answered 500.", 500), timezone.now())
    for subscription in (own, other):
        kept = Delivery.objects.filter(subscription=subscription).order_by("-pk").values_list("number", flat=True)
        assert list(kept) == [5, 4, 3]


def test_the_receiver_in_the_documentation_takes_what_is_sent(
    user: User, settings: Settings, deliver: Deliver, capsys: pytest.CaptureFixture[str]
) -> None:
    [code] = examples("python", "how-to/be-told")
    assert len([line for line in code.splitlines() if line]) == 10
    definition, last = code.rsplit("\n\n", 1)
    assert last.startswith("HTTPServer(")
    names: dict[str, Any] = {}
    exec(definition, names)
    with HTTPServer(("127.0.0.1", 0), names["Receiver"]) as server:
        settings.WEBHOOK_HTTP, settings.WEBHOOK_HOSTS = True, [("localhost", server.server_address[1])]
        own = subscriptions.create(
            user,
            {
                "name": "documented",
                "channel": "webhook",
                "url": f"http://localhost:{server.server_address[1]}/",
                "occasions": ["run.completed"],
            },
        )
        exec(definition.replace("whsec_…", signing_secrets.secret_of(own)), names)
        server.RequestHandlerClass = names["Receiver"]
        run_id = ended(user)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        deliver(timezone.now())
        thread.join()
    assert Delivery.objects.get().status_code == 204
    assert f"run.completed Run {run_id} “digits” ended well." in capsys.readouterr().out
