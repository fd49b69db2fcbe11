"""The operations about projects and their members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from accounts.projects.project_views import NewProject, ProjectChanges, RoleOfMember
from runs.api_reference.operation import NO_BODY, Operation

TAG = "Projects"

RoleName = Literal["viewer", "trainer", "admin"]
LAST = {409: "The project must keep an admin, or the role is that of a group."}


class Quota(TypedDict):
    """How much is used and allowed; null: without a limit."""

    used: int
    allowed: int | None


class ProjectQuotas(TypedDict):
    """The quotas of a project: queued runs, running ones, and bytes on disk."""

    max_queued: Quota
    max_running: Quota
    max_disk_bytes: Quota


class Project(TypedDict):
    """A project as a user sees it; `role` is the user's own there, `members` how many there are."""

    id: int
    name: str
    description: str
    role: RoleName | None
    created_at: str
    created_by: str | None
    members: int
    quotas: ProjectQuotas
    links: dict[str, str]


class Projects(TypedDict):
    """The projects that a user sees, by name."""

    results: list[Project]


class Member(TypedDict):
    """A member of a project; `from_group` is null of a role that was given by hand."""

    user: str
    role: RoleName
    from_group: str | None
    is_active: bool


class Members(TypedDict):
    """The members of a project, by user name."""

    results: list[Member]


OPERATIONS: Mapping[str, Operation] = {
    "GET project-list": Operation(summary="List your projects", answers={200: Projects}),
    "POST project-list": Operation(
        summary="Make a project",
        description="For operators of the server.",
        body=NewProject,
        answers={201: Project},
    ),
    "GET project-detail": Operation(summary="Read a project", answers={200: Project}),
    "PATCH project-detail": Operation(
        summary="Change a project",
        description="Name and description for its admins, quotas for operators of the server.",
        body=ProjectChanges,
        answers={200: Project},
    ),
    "GET member-list": Operation(summary="List the members of a project", answers={200: Members}),
    "PUT member-detail": Operation(
        summary="Give a user a role in a project",
        description="For its admins.",
        body=RoleOfMember,
        answers={200: Member, 201: Member},
        refusals=LAST,
    ),
    "DELETE member-detail": Operation(
        summary="Remove a member of a project",
        description="For its admins. The runs of the member stay in the project.",
        answers={204: NO_BODY},
        refusals=LAST,
    ),
}
