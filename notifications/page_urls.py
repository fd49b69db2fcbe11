"""The addresses of the pages of notifications; others, of projects and of unsubscribing, are in `project.urls`."""

from django.urls import path

from notifications.pages import NotificationsPage, RedeliverButton, SubscriptionAction, SubscriptionPage

urlpatterns = [
    path("", NotificationsPage.as_view(), name="notifications-page"),
    path("<int:subscription_id>/", SubscriptionPage.as_view(), name="notification-page"),
    path("<int:subscription_id>/<str:action>/", SubscriptionAction.as_view(), name="notification-action"),
    path("messages/<int:message_id>/redeliver/", RedeliverButton.as_view(), name="notification-redeliver-button"),
]
