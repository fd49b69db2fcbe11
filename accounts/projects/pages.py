"""The pages of projects: a list, and one for each with members, quotas and share links. Forms have own addresses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from access import members, projects
from access.decisions import access_of
from access.models import Project
from access.roles import Role
from accounts.models import ShareLink
from accounts.projects.descriptions import described, described_all
from accounts.projects.forms import MemberForm, ProjectForm, QuotaForm
from accounts.projects.project_views import OPERATORS_ALONE, is_unlimited
from accounts.request_user import stored_user
from accounts.share_links import links
from runs.models import Run
from runs.quotas.room import size_text


@method_decorator([never_cache, login_required], name="dispatch")
class ProjectsPage(View):
    """The page of all projects that the user belongs to, where operators make new ones."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the projects."""
        return _list_page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a project and go to its page; or show what is wrong."""
        if not is_unlimited(access_of(request.user)):
            raise PermissionDenied(OPERATORS_ALONE)
        form = ProjectForm(request.POST)
        made = form.is_valid() and _applied(form, lambda: projects.create(stored_user(request), **form.cleaned_data))
        if not made:
            return _list_page(request, form=form)
        messages.success(request, "The project is there. Give it an admin, who adds the other members.")
        return redirect("project-page", made.pk)


@method_decorator([never_cache, login_required], name="dispatch")
class ProjectPage(View):
    """The page of one project."""

    def get(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show the project."""
        return _page(request, _project(request, project_id))


class ProjectFormView(ProjectPage, ABC):
    """One of the page's forms, for those who manage the project."""

    def get(self, request: HttpRequest, project_id: int, **_: Any) -> HttpResponse:  # noqa: ARG002
        """Go to the page: a login that had to come before the form leads to the form's address."""
        return redirect("project-page", project_id)

    def post(self, request: HttpRequest, project_id: int, **given: Any) -> HttpResponse:
        """Do what the form says and go back to the page; or show what is wrong."""
        project = _project(request, project_id)
        if not access_of(request.user).may_manage(project.pk):
            raise PermissionDenied(f"Only admins of the project {project.name} may do that.")
        return self.act(request, project, **given)

    @abstractmethod
    def act(self, request: HttpRequest, project: Project, **given: Any) -> HttpResponse:
        """Do what the form says."""


class ChangeProject(ProjectFormView):
    """The form of name and description."""

    def act(self, request: HttpRequest, project: Project, **_: Any) -> HttpResponse:
        """Store both."""
        form = ProjectForm(request.POST)
        if not form.is_valid() or _applied(form, lambda: projects.change(project, **form.cleaned_data)) is None:
            return _page(request, _project(request, project.pk), form=form)
        return _back(request, project, "The changes are stored.")


class ChangeQuotas(ProjectFormView):
    """The form of quotas, for operators alone."""

    def act(self, request: HttpRequest, project: Project, **_: Any) -> HttpResponse:
        """Store the quotas."""
        if not is_unlimited(access_of(request.user)):
            raise PermissionDenied(OPERATORS_ALONE)
        form = QuotaForm(request.POST, initial=QuotaForm.of(project))
        if not form.is_valid() or _applied(form, lambda: projects.change(project, **form.quotas())) is None:
            return _page(request, _project(request, project.pk), quota_form=form)
        return _back(request, project, "The quotas hold from now on. What is more already stays.")


class SetMember(ProjectFormView):
    """The form that adds a member, and the choice of a member's role."""

    def act(self, request: HttpRequest, project: Project, **_: Any) -> HttpResponse:
        """Give the user the role."""
        form = MemberForm(request.POST)
        if not form.is_valid():
            return _page(request, project, member_form=form)
        user = User.objects.filter(username=form.cleaned_data["user"]).first()
        if user is None:
            form.add_error("user", "There is no user of that name; capital and small letters count.")
            return _page(request, project, member_form=form)
        role = Role(form.cleaned_data["role"])
        try:
            members.set_role(project.pk, user, role)
        except members.NotPossible as error:
            return _refused(request, project, error)
        return _back(request, project, f"{user.get_username()} is {role} of this project now.")


class RemoveMember(ProjectFormView):
    """The button that removes a member."""

    def act(self, request: HttpRequest, project: Project, **given: Any) -> HttpResponse:
        """Remove the member; 404 for somebody who is none."""
        user = User.objects.filter(pk=given["user_id"]).first()
        try:
            removed = None if user is None else members.remove(project.pk, user)
        except members.NotPossible as error:
            return _refused(request, project, error)
        if removed is None:
            raise Http404("There is no such member.")
        return _back(request, project, f"{removed.user.get_username()} is no member any more. Their runs stay here.")


class RevokeLink(ProjectFormView):
    """The button that revokes a share link of one of the project's runs."""

    def act(self, request: HttpRequest, project: Project, **given: Any) -> HttpResponse:
        """Revoke the link; 404 for one of other projects."""
        link = links.of_project(project.pk).filter(pk=given["link_id"]).first()
        if link is None:
            raise Http404("There is no such link.")
        links.revoke(link, stored_user(request))
        return _back(request, project, "The link is revoked: who opens it sees nothing any more.")


def _applied(form: Any, change: Callable[[], Any]) -> Any:
    """Change something and return what came of it; None where the form says what is wrong."""
    try:
        return change()
    except projects.NotValid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None


def _list_page(request: HttpRequest, **parts: Any) -> HttpResponse:
    access = access_of(request.user)
    found = [_with_words(one) for one in described_all(projects.visible_projects(access), access)]
    context = {"projects": found, "may_create": is_unlimited(access), "form": ProjectForm()}
    return render(request, "accounts/projects.html", context | parts)


def _page(request: HttpRequest, project: Project, **parts: Any) -> HttpResponse:
    access = access_of(request.user)
    manages = access.may_manage(project.pk)
    context = {
        "project": project,
        "detail": _with_words(described(project, access)),
        "of_its_runs": urlencode({"project": project.name.replace(",", "\\,")}),  # as the list keeps it in its address
        "members": members.members(project.pk),
        "roles": Role.choices,
        "manages": manages,
        "may_set_quotas": is_unlimited(access),
        "share_links": _share_links(request, project) if manages else (),
        "form": ProjectForm(initial={"name": project.name, "description": project.description}),
        "quota_form": QuotaForm(initial=QuotaForm.of(project)),
        "member_form": MemberForm(),
    }
    return render(request, "accounts/project.html", context | parts)


def _share_links(request: HttpRequest, project: Project) -> list[tuple[ShareLink, list[Run], int]]:
    """List the links to runs of the project, with the runs that the user sees and the number of the others."""
    found = [(link, links.runs_shown_to(request.user, link)) for link in links.of_project(project.pk)]
    return [(link, runs, len(link.runs.all()) - len(runs)) for link, runs in found]


def _with_words(detail: dict[str, Any]) -> dict[str, Any]:
    """Add the rows of quotas as the pages show them: name, used, allowed, and the share, if there is a limit."""
    names = {"max_queued": "Queued runs", "max_running": "Runs at a time", "max_disk_bytes": "Files"}
    rows = []
    for quota, name in names.items():
        used, allowed = detail["quotas"][quota].values()
        write: Callable[[int], str] = size_text if quota == "max_disk_bytes" else "{:,}".format
        words = write(used) if allowed is None else f"{write(used)} of {write(allowed)}"
        is_full = allowed is not None and used >= allowed
        marks = {"low": (allowed or 1) * 0.8, "high": (allowed or 1) * 0.99}  # where the bar changes its colour
        row = {"name": name, "words": words, "used": used, "allowed": allowed, "is_full": is_full}
        rows.append(row | marks)
    return detail | {"rows": rows}


def _project(request: HttpRequest, project_id: int) -> Project:
    """Return the project; raises Http404 for one that the user does not see."""
    found = projects.visible_projects(access_of(request.user)).filter(pk=project_id).first()
    if found is None:
        raise Http404(f"There is no project {project_id}.")
    return found


def _back(request: HttpRequest, project: Project, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("project-page", project.pk)


def _refused(request: HttpRequest, project: Project, error: Exception) -> HttpResponse:
    page = _page(request, project, refusal=str(error))
    page.status_code = HTTPStatus.CONFLICT
    return page
