"""Projects and members in the admin. Members change by `access.members`, whose guards hold here too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseRedirect

from access import members
from access.default_project import DEFAULT_PROJECT
from access.models import Membership, Project
from access.roles import Role
from audit.recording import record

LAST_ADMIN = "the only admin of the project: make another member its admin first"
KEPT = "the project that takes what names no other"


class NotEmpty(Exception):
    """The sentence that a project has runs or data, so that it is not deleted."""


class MembershipForm(ModelForm):  # type: ignore[type-arg]  # generic in its stubs only
    """A membership, which must leave the project an admin."""

    def clean(self) -> dict[str, Any]:
        """Refuse to take the role of the last admin away."""
        cleaned: dict[str, Any] = super().clean() or {}
        known = self.instance
        was_admin = known.pk is not None and self.initial.get("role") == Role.ADMIN
        if was_admin and cleaned.get("role") not in (None, Role.ADMIN):
            try:
                members.require_another_admin(known)
            except members.NotPossible as error:
                self.add_error("role", str(error))
        return cleaned


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The members of all projects; a role that is changed here is one that was given by hand."""

    form = MembershipForm
    list_display = ("user", "project", "role", "from_group")
    list_filter = ("project", "role")
    search_fields = ("user__username", "project__name", "from_group")
    list_select_related = ("user", "project")
    autocomplete_fields = ("user", "project")
    ordering = ("project__name", "user__username")
    fields = ("project", "user", "role", "from_group")

    def get_readonly_fields(self, _request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Keep whose role it is, and where."""
        return ("from_group",) if obj is None else ("project", "user", "from_group")

    def save_model(self, _request: HttpRequest, obj: Membership, _form: Any, _change: bool) -> None:
        """Give the role, as the project's page does."""
        found = members.set_role(obj.project_id, obj.user, Role(obj.role)).membership
        obj.pk, obj.from_group = found.pk, found.from_group

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Keep the last admin of a project, and say so."""
        found, counts, needed, protected = super().get_deleted_objects(objs, request)
        return found, counts, needed, [*protected, *_last_admins(objs)]

    def delete_model(self, _request: HttpRequest, obj: Membership) -> None:
        """Remove the member; one who is there by a group comes back with the next login."""
        _remove([obj])

    def delete_queryset(self, _request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Remove the members."""
        _remove(queryset.select_related("user", "project"))


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """All projects with their quotas. One that has runs or data cannot be deleted, nor can the default project."""

    list_display = ("name", "max_queued", "max_running", "max_disk_bytes", "created_at", "created_by")
    search_fields = ("name",)
    list_select_related = ("created_by",)
    fields = ("name", "description", "max_queued", "max_running", "max_disk_bytes", "created_at", "created_by")
    readonly_fields = ("created_at", "created_by")

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """Store the project, and who made it."""
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]  # logged in
        super().save_model(request, obj, form, change)
        changed = {name: [form.initial.get(name), form.cleaned_data[name]] for name in form.changed_data}
        if not change:
            record("project.created", target=obj)
        elif changed:
            record("project.changed", target=obj, changed=changed)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Keep the default project."""
        return (obj is None or obj.pk != DEFAULT_PROJECT) and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Keep the default project, and those that have runs or data, and say so.

        What they have is counted: Django would load all of it to show one line for each.
        """
        kept = [f"{one}: {KEPT}" for one in objs if one.pk == DEFAULT_PROJECT]
        kept += [f"{one}: {has}" for one in objs if (has := _has(one))]
        if kept:
            return [str(one) for one in objs], {str(Project._meta.verbose_name_plural): len(objs)}, set(), kept
        return super().get_deleted_objects(objs, request)

    def delete_model(self, request: HttpRequest, obj: Project) -> None:  # noqa: ARG002  # as Django calls it
        """Delete the project, if it has still neither runs nor data."""
        _delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:  # noqa: ARG002  # as above
        """Delete the projects, all or none."""
        _delete(queryset)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Show what would be deleted, or delete it; say so if the project got a run or data meanwhile."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except NotEmpty as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the projects, or carry out an action; say so if one to be deleted got a run or data meanwhile."""
        try:
            return super().changelist_view(request, extra_context)
        except NotEmpty as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


def _delete(projects: Iterable[Project]) -> None:
    """Delete projects, all or none; raises NotEmpty if one has runs or data.

    It is locked first: from then on nothing can be stored that belongs to it.
    """
    with transaction.atomic():
        for project in projects:
            locked = Project.objects.select_for_update().filter(pk=project.pk).first()
            if locked is None:  # by somebody else, meanwhile
                continue
            if has := _has(locked):
                raise NotEmpty(f"{locked}: {has}. Nothing was deleted.")
            record("project.deleted", target=locked)
            locked.delete()


def _has(project: Project) -> str:
    """Count what keeps the project from being deleted, in words, without loading it; empty: nothing does."""
    found = []
    for relation in Project._meta.related_objects:
        if relation.on_delete is models.PROTECT:
            named = relation.related_model._meta
            number = relation.related_model._base_manager.filter(**{relation.field.name: project}).count()
            if number:
                found.append(f"{number:,} {named.verbose_name if number == 1 else named.verbose_name_plural}")
    return ", ".join(found)


def _last_admins(chosen: Iterable[Membership]) -> list[str]:
    """Name those of the chosen members without whom a project would have no admin left."""
    admins = [one for one in chosen if one.role == Role.ADMIN]
    numbers = [one.pk for one in admins]
    kept = set(
        Membership.objects.filter(role=Role.ADMIN, user__is_active=True)
        .exclude(pk__in=numbers)
        .values_list("project_id", flat=True)
    )
    return [f"{one}: {LAST_ADMIN}" for one in admins if one.project_id not in kept]


def _remove(chosen: Iterable[Membership]) -> None:
    for membership in chosen:
        record("membership.revoked", target=membership.user, project_id=membership.project_id, before=membership.role)
        membership.delete()
