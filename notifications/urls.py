"""The addresses of the API of notifications."""

from django.urls import path

from notifications.views import Deliveries, NewSecret, Redelivery, SubscriptionDetail, SubscriptionList, Test

urlpatterns = [
    path("subscriptions/", SubscriptionList.as_view(), name="notification-list"),
    path("subscriptions/<int:subscription_id>/", SubscriptionDetail.as_view(), name="notification-detail"),
    path("subscriptions/<int:subscription_id>/deliveries/", Deliveries.as_view(), name="notification-deliveries"),
    path("subscriptions/<int:subscription_id>/secret/", NewSecret.as_view(), name="notification-secret"),
    path("subscriptions/<int:subscription_id>/test/", Test.as_view(), name="notification-test"),
    path("messages/<int:message_id>/redeliver/", Redelivery.as_view(), name="notification-redeliver"),
]
