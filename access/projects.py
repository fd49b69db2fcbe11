"""Find, make and change projects: the only writer of their rows."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from access.decisions import Access
from access.models import Project
from audit.recording import record

QUOTAS: Final = ("max_queued", "max_running", "max_disk_bytes")
LONGEST_DESCRIPTION: Final = 4_000
FIELDS: Final = ("name", "description", *QUOTAS)


class NotValid(Exception):
    """What is wrong with a field of a project, in a sentence with the cure."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def visible_projects(access: Access) -> QuerySet[Project]:
    """Select the projects that somebody sees, by name."""
    ids = access.project_ids
    found = Project.objects.select_related("created_by").order_by("name")
    return found if ids is None else found.filter(pk__in=ids)


def create(by: User, **fields: Any) -> Project:
    """Make a project without members; `fields` are of FIELDS. Raises NotValid."""
    project = Project(created_by=by, **fields)
    _checked(project)
    with transaction.atomic():
        _stored(project)
        record("project.created", target=project, **_given(project))
    return project


def change(project: Project, **fields: Any) -> dict[str, tuple[Any, Any]]:
    """Change fields of FIELDS; return what has changed: field, value before, value now. Raises NotValid."""
    changed = {name: (getattr(project, name), value) for name, value in fields.items()}
    changed = {name: (before, value) for name, (before, value) in changed.items() if before != value}
    for name, (_, value) in changed.items():
        setattr(project, name, value)
    if changed:
        _checked(project)
        with transaction.atomic():
            _stored(project, list(changed))
            record("project.changed", target=project, changed={name: list(both) for name, both in changed.items()})
    return changed


def _given(project: Project) -> dict[str, Any]:
    return {quota: value for quota in QUOTAS if (value := getattr(project, quota)) is not None}


def _checked(project: Project) -> None:
    project.name, project.description = project.name.strip(), project.description.strip()
    if not project.name:
        raise NotValid("name", "Give the project a name; it may have up to 100 characters.")
    if len(project.description) > LONGEST_DESCRIPTION:
        sentence = f"It has {len(project.description):,} characters; use at most {LONGEST_DESCRIPTION:,}."
        raise NotValid("description", sentence)
    if "\x00" in project.description:
        raise NotValid("description", "It must not contain control characters; use plain text.")
    try:
        project.clean_fields(exclude=["created_by"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise NotValid(field, messages[0]) from error


def _stored(project: Project, fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            project.save(update_fields=fields)
    except IntegrityError:
        raise NotValid("name", f"There is a project {project.name!r} already; choose another name.") from None
