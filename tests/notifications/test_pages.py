"""The pages of notifications: a subscription is made, tried, changed, paused and removed without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from access.models import Membership, Project
from access.roles import Role
from notifications import signing_secrets
from notifications.models import Message, Subscription
from tests.notifications.conftest import Deliver
from tests.notifications.receiving import HTTPReceiver, webhook

pytestmark = pytest.mark.django_db
PAGE = "/account/notifications/"
MINUTES = {"stalled_minutes": 30, "queued_minutes": 60, "digest_minutes": 10, "direction": "above"}
FILLED = {"name": "Team", "channel": "webhook", "scope": "own", "occasions": ["run.failed"], **MINUTES}


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_one_is_made_and_its_secret_shown_once(browser_session: Client, receiver: HTTPReceiver) -> None:
    assert "You are told nothing yet." in text(browser_session.get(PAGE))
    answer = browser_session.post(PAGE, FILLED | {"url": receiver.url})
    own = Subscription.objects.get()
    assert signing_secrets.secret_of(own) in text(answer)
    page = text(browser_session.get(f"{PAGE}{own.pk}/"))
    assert "whsec_" not in page
    assert "key=1" not in page, "an address may hold a secret"
    assert "Team" in text(browser_session.get(PAGE))


def test_what_is_wrong_stands_at_its_field(browser_session: Client) -> None:
    answer = text(browser_session.post(PAGE, FILLED | {"url": "https://127.0.0.1/", "occasions": ["run.metric"]}))
    assert "not public" in answer
    assert "Name the metric" in answer
    assert "Give the number" in answer
    assert not Subscription.objects.exists()
    assert "This field is required" in text(browser_session.post(PAGE, {}))


def test_one_is_changed_and_keeps_its_address(browser_session: Client, user: User, receiver: HTTPReceiver) -> None:
    own = webhook(user, receiver)
    page = f"{PAGE}{own.pk}/"
    assert browser_session.post(page, FILLED | {"name": "New", "url": ""}).status_code == 302
    own.refresh_from_db()
    assert (own.name, own.url, own.occasions) == ("New", receiver.url, ["run.failed"])
    assert "not public" in text(browser_session.post(page, FILLED | {"url": "https://10.0.0.1/"}))
    own.refresh_from_db()
    assert own.url == receiver.url


def test_the_buttons(browser_session: Client, user: User, receiver: HTTPReceiver, deliver: Deliver) -> None:
    own = webhook(user, receiver)
    page = f"{PAGE}{own.pk}/"
    assert "A test is on its way" in text(browser_session.post(f"{page}test/", follow=True))
    deliver(timezone.now())
    shown = text(browser_session.get(page))
    assert "delivered</span> 200" in shown
    assert "thanks" in shown
    message = Message.objects.get()
    assert "is sent again" in text(browser_session.post(f"{PAGE}messages/{message.pk}/redeliver/", follow=True))
    before = signing_secrets.secret_of(own)
    rotated = text(browser_session.post(f"{page}secret/"))
    own.refresh_from_db()
    assert signing_secrets.secret_of(own) in rotated
    assert before not in rotated
    assert "Paused since" in text(browser_session.post(f"{page}pause/", follow=True))
    assert "told again" in text(browser_session.post(f"{page}resume/", follow=True))
    assert browser_session.post(f"{page}explode/").status_code == 404
    assert browser_session.get(f"{page}remove/").status_code == 302
    assert Subscription.objects.exists()
    browser_session.post(f"{page}remove/")
    assert not Subscription.objects.exists()


def test_others_and_strangers_see_nothing(user: User, receiver: HTTPReceiver, client: Client) -> None:
    own = webhook(user, receiver, name="Of ada")
    other = Client()
    other.force_login(User.objects.create_user("bo"))
    for path in (f"{PAGE}{own.pk}/", f"{PAGE}{own.pk}/remove/"):
        assert other.post(path, FILLED).status_code == 404
        assert client.post(path, FILLED)["Location"].startswith("/login/")
    assert "Of ada" not in text(other.get(PAGE))
    assert Subscription.objects.exists()


def test_a_projects_page_is_for_its_admins(user: User, browser_session: Client, receiver: HTTPReceiver) -> None:
    project = Project.objects.create(name="Lungs")
    page = f"/projects/{project.pk}/notifications/"
    member = Membership.objects.create(project=project, user=user, role=Role.TRAINER)
    assert browser_session.get(page).status_code == browser_session.post(page, FILLED).status_code == 403
    assert browser_session.get("/projects/999/notifications/").status_code == 404
    member.role = Role.ADMIN
    member.save()
    assert "Notifications of Lungs" in text(browser_session.get(PAGE))
    assert "Nobody is told of this project" in text(browser_session.get(page))
    assert "whsec_" in text(browser_session.post(page, FILLED | {"url": receiver.url}))
    shared = Subscription.objects.get()
    assert (shared.is_shared, shared.scope, shared.project) == (True, "project", project)
    assert "Team" in text(browser_session.get(page))
    assert "Team" not in text(browser_session.get(PAGE)).replace("Team chat", "")
    assert browser_session.post(f"{PAGE}{shared.pk}/", FILLED | {"name": "Ours", "scope": "own"}).status_code == 302
    shared.refresh_from_db()
    assert (shared.name, shared.scope) == ("Ours", "project")


def test_the_admin_lists_them_without_secrets(user: User, receiver: HTTPReceiver, client: Client) -> None:
    own = webhook(user, receiver)
    client.force_login(User.objects.create_superuser("root"))
    for path in ("", f"{own.pk}/change/"):
        shown = text(client.get(f"/admin/notifications/subscription/{path}"))
        assert "hook" in shown
        assert own.nonce not in shown
        assert "key=1" not in shown
        assert "/hook" not in shown
    assert client.get("/admin/notifications/subscription/add/").status_code == 403
