"""All addresses of the server."""

from django.contrib import admin
from django.urls import include, path

from accounts.audit_trail.views import AuditTrail
from experiments.api.queue_views import QueueGpus, QueueRuns, QueueView
from notifications.pages import ProjectNotifications
from notifications.unsubscribe_page import UnsubscribePage
from project import health, help_pages, metrics
from project.openapi.views import AsyncAPISchema, OpenAPISchema, docs_page
from realtime.logins import account_passwords, admin_login
from realtime.ticket_views import Tickets

admin.autodiscover()
admin_login.install(admin.site)
admin.site.password_change = account_passwords.to_account_page  # type: ignore[method-assign, assignment]

handler400 = "project.error_answers.bad_request"
handler403 = "project.error_answers.permission_denied"
handler404 = "project.error_answers.page_not_found"
handler500 = "project.error_answers.server_error"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.Metrics.as_view(), name="prometheus"),
    path("help/", help_pages.help_page, name="help"),
    path("help/<path:path>", help_pages.help_page, name="help-page"),
    path("admin/", admin.site.urls),
    path("api/schema/", OpenAPISchema.as_view(), name="api-schema"),
    path("api/asyncapi/", AsyncAPISchema.as_view(), name="api-events"),
    path("api/docs/", docs_page, name="api-docs"),
    path("api/experiments/", include("experiments.urls")),
    path("api/queue/", QueueView.as_view(), name="queue"),
    path("api/queue/runs/", QueueRuns.as_view(), name="queue-runs"),
    path("api/queue/gpus/", QueueGpus.as_view(), name="queue-gpus"),
    path("api/runs/", include("experiments.predictions.urls")),
    path("api/runs/", include("experiments.reports.urls")),
    path("api/runs/", include("experiments.explanations.urls")),
    path("api/runs/", include("experiments.model_jobs.run_urls")),
    path("api/runs/", include("experiments.model_files.run_urls")),
    path("api/runs/", include("experiments.external_tests.run_urls")),
    path("api/external-tests/", include("experiments.external_tests.urls")),
    path("api/runs/", include("experiments.run_urls")),
    path("api/runs/", include("runs.urls")),
    path("api/runs/", include("accounts.share_links.run_urls")),
    path("api/share-links/", include("accounts.share_links.urls")),
    path("api/projects/", include("accounts.projects.urls")),
    path("api/model-jobs/", include("experiments.model_jobs.urls")),
    path("api/datasets/", include("experiments.datasets.urls")),
    path("api/tickets/", Tickets.as_view(), name="tickets"),
    path("api/audit/", AuditTrail.as_view(), name="audit-list"),
    path("api/notifications/", include("notifications.urls")),
    path("api/tokens/", include("accounts.urls")),
    path("account/notifications/", include("notifications.page_urls")),
    path("notifications/unsubscribe/<str:token>/", UnsubscribePage.as_view(), name="unsubscribe"),
    path("projects/<int:project_id>/notifications/", ProjectNotifications.as_view(), name="project-notifications-page"),
    path("account/", include("accounts.page_urls")),
    path("account/password/", account_passwords.ThrottledChangePassword.as_view(), name="account-password"),
    path("projects/", include("accounts.projects.page_urls")),
    path("datasets/", include("experiments.datasets.page_urls")),
    path("shared/<str:token>/", include("experiments.shared_urls")),
    path("", include("experiments.predictions.page_urls")),
    path("", include("experiments.external_tests.page_urls")),
    path("", include("experiments.reports.page_urls")),
    path("", include("experiments.page_urls")),
    path("", include("experiments.model_files.page_urls")),
    path("", include("realtime.urls")),
]
