"""`/api/notifications/`: whose subscriptions are whose, what is refused, and what is shown once or never."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook

from access.models import Membership, Project
from access.roles import Role
from accounts.scopes import Scope
from audit.models import AuditEvent
from notifications import following, subscriptions
from notifications.models import Subscription
from runs import lifecycle
from runs.models import Run
from tests.notifications.conftest import Deliver
from tests.notifications.receiving import HTTPReceiver
from tests.realtime.writing import queued_run, running_run
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
BASE = "/api/notifications/subscriptions/"
JSON = "application/json"
PUBLIC = "https://93.184.216.34/hook?key=secret"


def client_of(user: User, scope: Scope = Scope.ADMIN) -> Client:
    return Client(headers={"authorization": f"Token {new_token(user, scope)}"})


def make(api: Client, **fields: Any) -> Any:
    body = {"name": "hook", "channel": "webhook", "occasions": ["run.failed"], "url": PUBLIC} | fields
    return api.post(BASE, {name: value for name, value in body.items() if value is not ...}, JSON)


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.content
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def test_a_subscription_is_made_read_changed_and_removed(api: Client) -> None:
    made = make(api)
    assert made.status_code == 201
    secret = made.json().pop("secret")
    assert secret.startswith("whsec_")
    address = f"{BASE}{made.json()['id']}/"
    read = api.get(address).json()
    assert "secret" not in read
    assert read["receiver"] == "https://93.184.216.34/hook…", "what stands behind the ? may be a secret"
    assert (read["scope"], read["occasions"], read["paused"]) == ("own", ["run.failed"], False)
    assert [one["id"] for one in api.get(BASE).json()["subscriptions"]] == [read["id"]]
    changed = api.patch(address, {"name": "other", "occasions": ["run.completed", "run.failed"]}, JSON)
    assert (changed.status_code, changed.json()["name"]) == (200, "other")
    assert changed.json()["receiver"] == read["receiver"]
    assert api.patch(address, {"paused": True}, JSON).json()["paused_reason"] == "Paused by ada."
    assert api.patch(address, {"paused": False}, JSON).json()["paused"] is False
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    actions = list(
        AuditEvent.objects.filter(action__startswith="channel.").order_by("pk").values_list("action", flat=True)
    )
    assert actions == ["channel.created", *["channel.changed"] * 3, "channel.deleted"]
    assert "secret" not in str(list(AuditEvent.objects.values_list("details", flat=True)))


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"name": ...}, "name", "required"),
        ({"occasions": ...}, "occasions", "required"),
        ({"channel": ...}, "channel", "required"),
        ({"channel": "pigeon"}, "channel", "pigeon"),
        ({"name": "a\nb"}, "name", "one line"),
        ({"name": "x" * 101}, "name", "100 characters"),
        ({"occasions": []}, "occasions", "at least one"),
        ({"occasions": ["run.exploded"]}, "occasions.0", "run.exploded"),
        ({"url": ...}, "url", "Give the address"),
        ({"url": "http://93.184.216.34/"}, "url", "must begin with https://"),
        ({"url": "https://127.0.0.1/"}, "url", "not public"),
        ({"occasions": ["run.metric"]}, "metric", "Name the metric"),
        ({"occasions": ["run.metric"], "metric": "val_loss"}, "threshold", "Give the number"),
        ({"threshold": "nan"}, "threshold", "valid number"),
        ({"metric": "x" * 101}, "metric", "100 characters"),
        ({"email": f"{'x' * 60}@{'y' * 60}.{'z' * 60}.{'y' * 60}.{'z' * 60}.org"}, "email", "254 characters"),
        ({"scope": "project"}, "project", "that you belong to"),
        ({"scope": "project", "project": 999}, "project", "that you belong to"),
        ({"scope": "run", "run": 999}, "run", "that you may see"),
        ({"scope": "run", "run": -1}, "run", "that you may see"),
        ({"scope": "run", "run": 2**70}, "run", "that you may see"),
        ({"scope": "project", "project": 1, "is_shared": True}, "is_shared", "Only admins"),
        ({"is_shared": True}, "is_shared", "Only a subscription to all runs"),
        ({"stalled_minutes": 0}, "stalled_minutes", "from 1 to"),
        ({"queued_minutes": 100_000}, "queued_minutes", "from 1 to"),
        ({"digest_minutes": 1_441}, "digest_minutes", "from 0 to 1,440"),
        ({"colour": "red"}, "colour", "Unknown parameter"),
    ],
)
def test_each_wrong_field_is_named(api: Client, fields: dict[str, Any], field: str, said: str) -> None:
    found = problems(make(api, **fields))
    assert said in found[field]
    assert not Subscription.objects.exists()


def test_a_channel_stays(api: Client) -> None:
    address = f"{BASE}{make(api).json()['id']}/"
    assert "make another one" in problems(api.patch(address, {"channel": "slack"}, JSON))["channel"]


def test_an_address_that_turned_bad_hinders_no_other_change(api: Client) -> None:
    made = make(api).json()["id"]
    Subscription.objects.update(url="https://10.0.0.1/")
    assert api.patch(f"{BASE}{made}/", {"name": "new"}, JSON).status_code == 200
    assert "not public" in problems(api.patch(f"{BASE}{made}/", {"url": "https://10.0.0.1/"}, JSON))["url"]


def test_the_path_of_a_chat_is_a_secret(api: Client) -> None:
    made = make(api, channel="slack", url="https://93.184.216.34/services/T0/B0/xyz").json()
    assert made["receiver"] == "https://93.184.216.34/…"
    assert "secret" not in made
    answer = api.post(f"{BASE}{made['id']}/secret/", {}, JSON)
    assert "Only webhooks are signed" in answer.json()["detail"]


def test_a_secret_is_replaced_and_the_old_one_lives_a_day(api: Client) -> None:
    made = make(api).json()
    answer = api.post(f"{BASE}{made['id']}/secret/", {}, JSON).json()
    assert answer["secret"] != made["secret"]
    left = datetime.fromisoformat(answer["previous_until"]) - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(days=1)


def test_others_find_nothing(api: Client, user: User) -> None:
    made = make(api).json()["id"]
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "failed", "It broke.")
    following.follow()
    [message] = Subscription.objects.get().messages.all()
    other = client_of(User.objects.create_user("bo"))
    assert other.get(BASE).json() == {"subscriptions": []}
    for method, path in (
        ("get", f"{BASE}{made}/"),
        ("patch", f"{BASE}{made}/"),
        ("delete", f"{BASE}{made}/"),
        ("get", f"{BASE}{made}/deliveries/"),
        ("post", f"{BASE}{made}/secret/"),
        ("post", f"{BASE}{made}/test/"),
        ("post", f"/api/notifications/messages/{message.pk}/redeliver/"),
    ):
        answer = getattr(other, method)(path, **({} if method == "get" else {"data": {}, "content_type": JSON}))
        assert answer.status_code == 404, path


def test_a_projects_subscriptions_are_its_admins(user: User, api: Client) -> None:
    admin, second, viewer = (User.objects.create_user(name) for name in ("admin", "second", "viewer"))
    project = Project.objects.create(name="Lungs")
    for member, role in ((admin, Role.ADMIN), (second, Role.ADMIN), (viewer, Role.VIEWER)):
        Membership.objects.create(project=project, user=member, role=role)
    made = make(client_of(admin), scope="project", project=project.pk, is_shared=True)
    assert made.status_code == 201
    address = f"{BASE}{made.json()['id']}/"
    assert client_of(viewer).get(address).status_code == api.get(address).status_code == 404
    changed = client_of(second).patch(address, {"name": "ours"}, JSON).json()
    assert (changed["name"], changed["user"]) == ("ours", "second"), "who changes it answers for it"
    assert (
        "Only admins"
        in problems(make(client_of(viewer), scope="project", project=project.pk, is_shared=True))["is_shared"]
    )
    assert make(client_of(viewer), scope="project", project=project.pk).status_code == 201, "for themselves"
    Membership.objects.filter(user=second).delete()
    assert client_of(second).get(address).status_code == 404


def test_what_belongs_to_a_project_outlives_the_account_that_made_it(user: User) -> None:
    """Another admin answers for it, one who is not deleted too; without one an operator."""
    root, admin, second, off, third = (
        User.objects.create_user(name, is_superuser=name == "root", is_active=name != "off", email=f"{name}@a.example")
        for name in ("root", "admin", "second", "off", "third")
    )
    project = Project.objects.create(name="Lungs")
    for member in (admin, second, off, third):
        Membership.objects.create(project=project, user=member, role=Role.ADMIN)
    Membership.objects.create(project=project, user=user, role=Role.VIEWER)
    shared = make(client_of(admin), scope="project", project=project.pk, is_shared=True).json()["id"]
    own = make(client_of(admin), scope="project", project=project.pk).json()["id"]
    run = running_run(user)
    Run.objects.filter(pk=run.pk).update(project=project)
    lifecycle.end(run.pk, run.attempt, "failed", "Lost.")
    following.follow()
    User.objects.filter(pk__in=[admin.pk, second.pk]).delete()
    kept = Subscription.objects.get(pk=shared)
    assert (kept.user, kept.messages.count()) == (third, 1)
    assert not Subscription.objects.filter(pk=own).exists()
    third.delete()
    assert Subscription.objects.get(pk=shared).user == root
    handed = AuditEvent.objects.filter(action="channel.changed", target_id=str(shared)).order_by("pk")
    assert [event.details for event in handed] == [
        {"fields": ["user"], "before": "admin"},
        {"fields": ["user"], "before": "third"},
    ]
    root.delete()
    assert not Subscription.objects.exists(), "nobody is left who could answer for it"


def test_looking_at_what_a_deletion_would_remove_hands_nothing_over(user: User) -> None:
    root, admin = User.objects.create_superuser("root"), User.objects.create_user("admin")
    Membership.objects.update_or_create(project_id=1, user=admin, defaults={"role": Role.ADMIN})
    shared = make(client_of(admin), scope="project", project=1, is_shared=True).json()["id"]
    client = Client()
    client.force_login(root)
    page = f"/admin/auth/user/{admin.pk}/delete/"
    assert f"(subscription {shared})" not in client.get(page).content.decode()
    assert Subscription.objects.get(pk=shared).user == admin
    assert client.post(page, {"post": "yes"}).status_code == 302
    assert Subscription.objects.get(pk=shared).user == root


def test_operators_see_what_belongs_to_projects_and_not_what_is_anothers_own(user: User, api: Client) -> None:
    root = client_of(User.objects.create_superuser("root"))
    shared = make(root, scope="project", project=1, is_shared=True).json()["id"]
    make(api)
    assert [one["id"] for one in root.get(BASE).json()["subscriptions"]] == [shared]


def test_a_token_for_one_project_reaches_no_further(user: User) -> None:
    Subscription.objects.create(user=user, name="all", channel="webhook", url=PUBLIC, occasions=["run.failed"])
    project = Project.objects.create(name="Lungs")
    Membership.objects.create(project=project, user=user, role=Role.TRAINER)
    user.limited_to_project = project.pk  # type: ignore[attr-defined]
    assert list(subscriptions.manageable(user)) == []
    with pytest.raises(subscriptions.Refused) as refused:
        subscriptions.create(user, {"name": "n", "channel": "webhook", "url": PUBLIC, "occasions": ["run.failed"]})
    assert "This token is for one project" in refused.value.problems["scope"]


def test_a_token_for_one_project_reaches_what_it_made_for_a_run(user: User) -> None:
    own, elsewhere = queued_run(user), queued_run(user)
    project = Project.objects.create(name="Lungs")
    Run.objects.filter(pk=elsewhere.pk).update(project=project)
    columns = {"name": "n", "channel": "webhook", "url": PUBLIC, "occasions": ["run.failed"], "scope": "run"}
    Subscription.objects.create(user=user, run=elsewhere, **columns)
    user.limited_to_project = own.project_id  # type: ignore[attr-defined]
    made = subscriptions.create(user, columns | {"run_id": own.pk})
    assert list(subscriptions.manageable(user)) == [made]


def test_narrow_tokens_subscribe_nobody(user: User) -> None:
    assert make(client_of(user, Scope.TRAIN)).status_code == 403
    assert client_of(user, Scope.READ).get(BASE).status_code == 200


def test_a_test_arrives_and_is_listed(
    api: Client, receiver: HTTPReceiver, deliver: Deliver, settings: Settings
) -> None:
    receiver.answer = b"here I am"
    made = make(api, url=receiver.url).json()
    answer = api.post(f"{BASE}{made['id']}/test/", {}, JSON)
    assert (answer.status_code, answer.json()["type"]) == (202, "test")
    again = api.post(f"{BASE}{made['id']}/test/", {}, JSON)
    assert "A test is being sent" in again.json()["detail"]
    deliver(timezone.now())
    [got] = receiver.got
    assert Webhook(made["secret"]).verify(got.body, got.headers)["data"]["text"].startswith("This is a test message")
    [delivery] = api.get(f"{BASE}{made['id']}/deliveries/").json()["deliveries"]
    assert (delivery["succeeded"], delivery["status"], delivery["number"], delivery["type"]) == (True, 200, 1, "test")
    assert delivery["answer"] == "here I am"
    assert delivery["ms"] >= 0


def test_a_message_is_sent_again_with_its_id(api: Client, user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    make(api, url=receiver.url)
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "failed", "It broke.")
    following.follow()
    [message] = Subscription.objects.get().messages.all()
    address = f"/api/notifications/messages/{message.pk}/redeliver/"
    assert "It is being sent" in api.post(address, {}, JSON).json()["detail"]
    deliver(timezone.now())
    assert api.post(address, {}, JSON).status_code == 202
    deliver(timezone.now())
    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message.webhook_id
    assert first.body == second.body
    api.patch(f"{BASE}{message.subscription_id}/", {"paused": True}, JSON)
    assert "is paused" in api.post(address, {}, JSON).json()["detail"]


def test_what_a_receiver_answered_is_for_who_answers_for_it(
    user: User, receiver: HTTPReceiver, deliver: Deliver
) -> None:
    admins = [User.objects.create_superuser(name) for name in ("root", "second")]
    made = make(client_of(admins[0]), url=receiver.url, scope="project", project=1, is_shared=True).json()["id"]
    client_of(admins[0]).post(f"{BASE}{made}/test/", {}, JSON)
    deliver(timezone.now())
    answers = [client_of(one).get(f"{BASE}{made}/deliveries/").json()["deliveries"][0]["answer"] for one in admins]
    assert answers == ["thanks", None]


def test_there_is_an_end_to_subscriptions(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_OF_A_USER", 1)
    assert make(api).status_code == 201
    assert "the most a user may have" in make(api).json()["detail"]


def test_a_purged_run_takes_its_messages_along(user: User, api: Client) -> None:
    run = queued_run(user)
    make(api, scope="run", run=run.pk)
    lifecycle.cancel(run.pk, "Cancelled.")
    run.delete()
    assert not Subscription.objects.exists()
    assert following.follow() == 0
