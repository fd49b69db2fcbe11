"""The pages of notifications in Chromium: the form asks for what belongs to the choice; they fit, and break no rule."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import User
from playwright.async_api import ViewportSize, expect

from notifications import outbox
from notifications.models import Subscription
from notifications.outbox import Outcome
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SIZES = (NARROW, ViewportSize(width=1440, height=900))


def subscribed(owner: User) -> Subscription:
    subscription = Subscription.objects.create(
        user=owner,
        name="A rather long name of a receiver",
        channel="slack",
        url="https://a.example/x",
        occasions=["run.failed"],
    )
    message = outbox.add_test(subscription)
    [claimed] = outbox.claim([message.pk], message.next_at)
    outbox.record(claimed, Outcome("It answered 500.", 500, 40, "a long answer " * 40), message.next_at)
    return subscription


@pytest.mark.parametrize("dark", [False, True])
async def test_the_pages_of_notifications(visitors: Visitors, owner: User, dark: bool) -> None:
    subscription = await in_thread(subscribed, owner)
    page = await visitors.visit("/account/notifications/", dark=dark)
    await expect(page.get_by_label("Address of the receiver")).to_be_visible()
    for label in ("E-mail address", "Number of the run", "Metric", "No progress for … minutes"):
        await expect(page.get_by_label(label, exact=True)).to_be_hidden()
    await page.get_by_label("Sent by").select_option("email")
    await page.get_by_label("Of which runs").select_option("run")
    await page.get_by_label("reaches a threshold of a metric").check()
    await page.get_by_label("makes no progress").check()
    for label in ("E-mail address", "Number of the run", "Metric", "No progress for … minutes"):
        await expect(page.get_by_label(label, exact=True)).to_be_visible()
    await expect(page.get_by_label("Address of the receiver")).to_be_hidden()
    for path in ("/account/notifications/", f"/account/notifications/{subscription.pk}/"):
        await page.goto(urljoin(page.url, path))
        for size in SIZES:
            await page.set_viewport_size(size)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, size)
            assert await broken_rules(page) == [], (path, size)
