"""The forms of the pages of projects."""

from __future__ import annotations

from typing import Any

from django import forms

from access.models import LONGEST_NAME, Project
from access.projects import LONGEST_DESCRIPTION
from access.roles import Role
from accounts.forms import PlainForm

GIB = 2**30
MOST = 2**31 - 1


class ProjectForm(PlainForm):
    """Name and description of a project."""

    name = forms.CharField(max_length=LONGEST_NAME, label="Name")
    description = forms.CharField(
        required=False,
        max_length=LONGEST_DESCRIPTION,
        label="Description",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class QuotaForm(PlainForm):
    """The quotas of a project; a blank field is no limit."""

    max_queued = forms.IntegerField(required=False, min_value=0, max_value=MOST, label="Queued runs")
    max_running = forms.IntegerField(required=False, min_value=0, max_value=MOST, label="Runs at a time")
    max_disk = forms.FloatField(required=False, min_value=0, max_value=2**33, label="Files, in GiB")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["max_disk"].widget.attrs["step"] = "any"

    @staticmethod
    def of(project: Project) -> dict[str, Any]:
        """Return the values of a project as the form has them."""
        size = project.max_disk_bytes
        return {
            "max_queued": project.max_queued,
            "max_running": project.max_running,
            "max_disk": None if size is None else float(f"{size / GIB:.6g}"),
        }

    def quotas(self) -> dict[str, Any]:
        """Return the quotas of a valid form; one that was not touched keeps its bytes."""
        cleaned = {name: value for name, value in self.cleaned_data.items() if name in self.changed_data}
        if "max_disk" in cleaned:
            size = cleaned.pop("max_disk")
            cleaned["max_disk_bytes"] = None if size is None else round(size * GIB)
        return cleaned


class MemberForm(PlainForm):
    """Somebody who is to be a member."""

    user = forms.CharField(max_length=150, label="User name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=Role.choices, initial=Role.VIEWER.value, label="Role")
