"""Jobs on models in the Django admin: read-only, but those that are unfinished can be cancelled."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.exceptions import APIException

from access.admin_rights import OfProjects
from experiments.model_jobs import requests
from experiments.models import ModelJob
from runs.admin_pages.reading_admin import ReadOnlyAdmin


@admin.register(ModelJob)
class ModelJobAdmin(OfProjects, ReadOnlyAdmin):
    """The list of jobs, and the page of each."""

    project_lookup = "run__project_id"  # a job belongs to the project of its run
    list_display = ("id", "kind", "run", "owner", "status", "progress", "size", "created_at", "ended_at")
    list_filter = ("status", "kind", "created_at")
    search_fields = ("=id", "=run__id", "owner__username")
    search_help_text = "Number, number of the run, or owner"
    list_select_related = ("run", "owner")
    fields = (
        *("kind", "run", "owner", "status", "progress", "done", "total", "problem", "options", "result", "files"),
        *("size", "attempt", "losses", "worker", "created_at", "started_at", "ended_at"),
    )
    actions = ("cancel",)

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, jobs: QuerySet[ModelJob]) -> None:
        """Cancel each job; one that refuses it stops no other, and its reason is shown."""
        done = 0
        for job in jobs:
            try:
                requests.cancel(job, request.user)  # type: ignore[arg-type]  # logged in
                done += 1
            except APIException as error:
                self.message_user(request, str(error.detail), messages.WARNING)
        if done:
            self.message_user(request, f"{done} {'job' if done == 1 else 'jobs'} cancelled.")
