"""The pages of notifications: a user's own, a project's for its admins, and each subscription with its deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from access.decisions import access_of
from access.models import Project
from accounts.request_user import logged_in
from notifications import signing_secrets, subscriptions
from notifications.forms import SubscriptionForm
from notifications.models import Subscription
from notifications.occasions import TEST, Occasion
from notifications.subscriptions import PAUSED_BY_HAND, Refused
from notifications.views import deliveries_of, own_message, own_subscription, receiver_text

_TEMPLATE = "notifications/subscriptions.html"


@method_decorator([never_cache, login_required], name="dispatch")
class NotificationsPage(View):
    """The page of a user's own subscriptions."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the subscriptions and the form of a new one."""
        return _list(request, SubscriptionForm(logged_in(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a subscription and show its secret, this once; or the page with what is wrong."""
        return _create(request, SubscriptionForm(logged_in(request), request.POST))


@method_decorator([never_cache, login_required], name="dispatch")
class ProjectNotifications(View):
    """The page of the subscriptions that belong to a project, for its admins; 404 for those who do not see it."""

    def get(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show the project's subscriptions and the form of a new one."""
        project = _managed_project(request, project_id)
        return _list(request, SubscriptionForm(logged_in(request), project=project), project)

    def post(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Make a subscription of the project."""
        project = _managed_project(request, project_id)
        return _create(request, SubscriptionForm(logged_in(request), request.POST, project=project), project)


@method_decorator([never_cache, login_required], name="dispatch")
class SubscriptionPage(View):
    """The page of one subscription: how it fares, what became of its messages, and the form that changes it."""

    def get(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        """Show it; 404 for one that the user may not change."""
        subscription = own_subscription(request, subscription_id)
        return _one(request, subscription, _form(request, subscription))

    def post(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        """Change it, or show what is wrong."""
        subscription = own_subscription(request, subscription_id)
        form = _form(request, subscription, request.POST)
        if form.is_valid():
            try:
                subscriptions.change(subscription, logged_in(request), form.columns())
            except Refused as refused:
                form.show(refused)
            else:
                messages.success(request, "The changes hold from now on.")
                return redirect("notification-page", subscription_id)
        return _one(request, own_subscription(request, subscription_id), form)


@method_decorator([never_cache, login_required], name="dispatch")
class SubscriptionAction(View):
    """The buttons of a subscription's page."""

    def get(self, _: HttpRequest, subscription_id: int, **__: str) -> HttpResponse:
        """Go to the page: a login that had to come before the button leads to the button's address."""
        return redirect("notification-page", subscription_id)

    def post(self, request: HttpRequest, subscription_id: int, action: str) -> HttpResponse:
        """Do what the button says."""
        act = _ACTIONS.get(action)
        if act is None:
            raise Http404
        subscription = own_subscription(request, subscription_id)
        try:
            return act(request, subscription)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("notification-page", subscription_id)


@method_decorator([never_cache, login_required], name="dispatch")
class RedeliverButton(View):
    """The button that sends a message again."""

    def get(self, _: HttpRequest, **__: int) -> HttpResponse:
        """Go to the subscriptions: a login came before the button."""
        return redirect("notifications-page")

    def post(self, request: HttpRequest, message_id: int) -> HttpResponse:
        """Have it sent once more."""
        message = own_message(logged_in(request), message_id)
        try:
            subscriptions.redeliver(message, logged_in(request))
            messages.success(request, "The message is sent again.")
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("notification-page", message.subscription_id)


def _test(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    subscriptions.send_test(subscription, logged_in(request))
    messages.success(request, "A test is on its way: reload the page in a few seconds, and see what became of it.")
    return redirect("notification-page", subscription.pk)


def _secret(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    secret = subscriptions.rotate_secret(subscription, logged_in(request))
    return _one(request, subscription, _form(request, subscription), secret=secret)


def _pause(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    subscriptions.change(subscription, logged_in(request), {"paused": True})
    messages.success(request, PAUSED_BY_HAND.format(user=logged_in(request)))
    return redirect("notification-page", subscription.pk)


def _resume(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    subscriptions.change(subscription, logged_in(request), {"paused": False})
    messages.success(request, "You are told again what happens from now on.")
    return redirect("notification-page", subscription.pk)


def _remove(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    back = (
        ("project-notifications-page", subscription.project_id) if subscription.is_shared else ("notifications-page",)
    )
    subscriptions.remove(subscription, logged_in(request))
    messages.success(request, f"“{subscription.name}” is removed.")
    return redirect(*back)


_ACTIONS: Mapping[str, Callable[[HttpRequest, Subscription], HttpResponse]] = {
    "test": _test,
    "secret": _secret,
    "pause": _pause,
    "resume": _resume,
    "remove": _remove,
}


def _create(request: HttpRequest, form: SubscriptionForm, project: Project | None = None) -> HttpResponse:
    if form.is_valid():
        try:
            made = subscriptions.create(logged_in(request), form.columns())
        except Refused as refused:
            form.show(refused)
        else:
            secret = signing_secrets.secret_of(made) if made.channel == Subscription.Channel.WEBHOOK else ""
            return _one(request, made, _form(request, made), secret=secret, made=True)
    return _list(request, form, project)


def _list(request: HttpRequest, form: SubscriptionForm, project: Project | None = None) -> HttpResponse:
    found = subscriptions.manageable(logged_in(request))
    chosen = found.filter(is_shared=False) if project is None else found.filter(is_shared=True, project=project)
    rows = [(one, receiver_text(one), _told(one)) for one in chosen]
    managed: list[Project] = []
    if project is None:
        access = access_of(logged_in(request))
        managed = [one for one in subscriptions.projects_of(logged_in(request)) if access.may_manage(one.pk)]
    return render(request, _TEMPLATE, {"rows": rows, "form": form, "project": project, "managed": managed})


def _one(request: HttpRequest, subscription: Subscription, form: SubscriptionForm, **more: Any) -> HttpResponse:
    facts = {
        "subscription": subscription,
        "form": form,
        "receiver": receiver_text(subscription),
        "told": _told(subscription),
        "deliveries": [(one, occasion_text(one.message.occasion)) for one in deliveries_of(subscription)],
        "shows_answers": subscription.user_id == request.user.pk,
        "is_signed": subscription.channel == Subscription.Channel.WEBHOOK,
    }
    return render(request, "notifications/subscription.html", facts | more)


def _told(subscription: Subscription) -> list[str]:
    """List in words on what a subscription is told."""
    threshold = f"{subscription.get_direction_display()} {subscription.threshold}"
    words = {
        Occasion.STALLED.value: f"makes no progress for {subscription.stalled_minutes} minutes",
        Occasion.QUEUED_LONG.value: f"has waited {subscription.queued_minutes} minutes in the queue",
        Occasion.METRIC.value: f"has {subscription.metric} {threshold}",
    }
    return [words.get(one, occasion_text(one)) for one in subscription.occasions]


def occasion_text(value: str) -> str:
    """Say an occasion in words."""
    return "test" if value == TEST else str(Occasion(value).label)


def _form(request: HttpRequest, subscription: Subscription, data: Any = None) -> SubscriptionForm:
    shared = subscription.project if subscription.is_shared else None
    return SubscriptionForm(logged_in(request), data, of=subscription, project=shared)


def _managed_project(request: HttpRequest, project_id: int) -> Project:
    project = get_object_or_404(Project, pk=project_id)
    access = access_of(logged_in(request))
    if not access.sees(project.pk):
        raise Http404
    if not access.may_manage(project.pk):
        raise PermissionDenied("Only admins of the project see what it tells to whom.")
    return project
