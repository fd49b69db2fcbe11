"""`/api/projects/`: the projects that a user belongs to, their quotas, and their members."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from access import members, projects
from access.decisions import Access, access_of
from access.models import Project
from access.roles import Role
from accounts.projects.descriptions import described, described_all, described_member
from accounts.request_user import logged_in
from runs.api.bodies import body_of
from runs.api.views import ReadingView
from runs.errors import Conflict, InvalidRequest
from runs.listing.filters import Parameters

OPERATORS_ALONE = "Only operators of this server (staff and superusers) may do that; ask one of them."
MOST = 2**31 - 1
MOST_BYTES = 2**63 - 1


class ProjectChanges(Parameters):
    """What to change of a project; a quota that is null is none."""

    name = serializers.CharField(required=False, help_text="Up to 100 characters, unlike those of other projects.")
    description = serializers.CharField(required=False, allow_blank=True, help_text="Plain text; blank takes it away.")
    max_queued = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST,
        help_text="How many runs may wait; null: any number.",
    )
    max_running = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST,
        help_text="How many runs may train at once; null: any number.",
    )
    max_disk_bytes = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_BYTES,
        help_text="How many bytes runs and data may take; null: any number.",
    )

    def to_internal_value(self, data: Any) -> Any:
        """Parse the fields; a blank text is one here: with it a description is taken away, and a name is wrong."""
        blank = {
            name: "" for name in ("name", "description") if data.get(name) == "" and not self.fields[name].required
        }
        return super().to_internal_value(data) | blank


class NewProject(ProjectChanges):
    """A project to be made."""

    name = serializers.CharField(help_text="Up to 100 characters, unlike those of other projects.")


class RoleOfMember(Parameters):
    """The role that a member is to have."""

    role = serializers.ChoiceField(Role.values, help_text="What the member may do; each role includes those before it.")


class ProjectView(ReadingView):
    """The base of the endpoints of one project: 404 for somebody who does not belong to it."""

    @property
    def access(self) -> Access:
        """What the user may see and do."""
        return access_of(self.request.user)

    def project(self, project_id: int) -> Project:
        """Return the project; raises NotFound for one that the user does not see."""
        found = projects.visible_projects(self.access).filter(pk=project_id).first()
        if found is None:
            raise NotFound(f"Project {project_id} does not exist.")
        return found

    def managed(self, project_id: int) -> Project:
        """Return the project; raises PermissionDenied for one that the user does not manage, and NotFound."""
        project = self.project(project_id)
        if not self.access.may_manage(project.pk):
            raise PermissionDenied(f"Only admins of the project {project.name} may do that; ask one of them.")
        return project


class ProjectList(ProjectView):
    """The endpoint of the user's projects."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, _request: Request) -> Response:
        """Return the projects that the user sees, by name, each with the user's role there."""
        return Response({"results": described_all(projects.visible_projects(self.access), self.access)})

    def post(self, request: Request) -> Response:
        """Make a project (201): operators alone."""
        require_operator(self.access)
        try:
            project = projects.create(logged_in(request), **body_of(request, NewProject))
        except projects.NotValid as error:
            raise _invalid(error) from error
        return Response(described(project, self.access), status=201)


class ProjectDetail(ProjectView):
    """The endpoint of one project."""

    http_method_names = ["get", "head", "options", "patch"]

    def get(self, _request: Request, project_id: int) -> Response:
        """Return the project."""
        return Response(described(self.project(project_id), self.access))

    def patch(self, request: Request, project_id: int) -> Response:
        """Change name and description, which its admins may, or quotas, which operators alone may; return it."""
        project, changes = self.managed(project_id), body_of(request, ProjectChanges)
        if changes.keys() & set(projects.QUOTAS):
            require_operator(self.access)
        try:
            projects.change(project, **changes)
        except projects.NotValid as error:
            raise _invalid(error) from error
        return Response(described(project, self.access))


class MemberList(ProjectView):
    """The endpoint of a project's members."""

    def get(self, _request: Request, project_id: int) -> Response:
        """Return the members, by user name; operators, who need no membership, are among them only where they are."""
        found = members.members(self.project(project_id).pk)
        return Response({"results": [described_member(one) for one in found]})


class MemberDetail(ProjectView):
    """The endpoint of one member, by user name."""

    http_method_names = ["put", "delete", "options"]

    def put(self, request: Request, project_id: int, username: str) -> Response:
        """Give a user a role in the project: 201 for a new member, 200 for another role; return the member."""
        project, role = self.managed(project_id), Role(body_of(request, RoleOfMember)["role"])
        try:
            change = members.set_role(project.pk, _named(username), role)
        except members.NotPossible as error:
            raise Conflict(str(error)) from error
        return Response(described_member(change.membership), status=201 if change.before is None else 200)

    def delete(self, _request: Request, project_id: int, username: str) -> Response:
        """Remove a member (204), whose runs stay in the project; 404 for somebody who is none."""
        project = self.managed(project_id)
        try:
            removed = members.remove(project.pk, _named(username))
        except members.NotPossible as error:
            raise Conflict(str(error)) from error
        if removed is None:
            raise NotFound(f"{username} is no member of the project {project.name}.")
        return Response(status=204)


def require_operator(access: Access) -> None:
    """Raise PermissionDenied unless the user has the rights of an operator, which a token may take away."""
    if not is_unlimited(access):
        raise PermissionDenied(OPERATORS_ALONE)


def is_unlimited(access: Access) -> bool:
    """Tell whether somebody manages all projects, those to come included."""
    return access.with_role(Role.ADMIN) is None


def _named(username: str) -> User:
    known = "\x00" not in username  # PostgreSQL has no text with one, and refuses to look for it
    found = User.objects.filter(username=username).first() if known else None
    if found is None:
        raise NotFound(f"There is no user {username!r}; capital and small letters count.")
    return found


def _invalid(error: projects.NotValid) -> InvalidRequest:
    return InvalidRequest([{"field": error.field, "message": str(error)}])
