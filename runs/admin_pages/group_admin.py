"""Groups of runs in the Django admin: mean and spread side by side, and each group's folds. Read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from runs.admin_pages.group_report import group_report, headline
from runs.admin_pages.reading_admin import ReadingAdmin
from runs.groups.statistics import GroupReport, report, reports
from runs.models import RunGroup
from runs.wording.metric_text import metric_value


class GroupChangeList(ChangeList):
    """A change list that attaches its report to each group of the page."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page's groups, and the reports of all in two more queries."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        for group, found in zip(self.result_list, reports(self.result_list), strict=True):
            group.report = found


def _mean(name: str, description: str) -> Any:
    """Make a column of a statistic's mean and standard deviation over the completed folds."""

    @admin.display(description=description)
    def column(_admin: GroupAdmin, group: RunGroup) -> str:
        found: GroupReport = group.report  # type: ignore[attr-defined]  # set by the change list
        split = headline(found)
        spread = found.splits[split].statistics.get(name) if split else None
        if spread is None or spread.mean is None:
            return "–"
        deviation = "" if spread.sd is None else f"± {metric_value(name, spread.sd)}"
        return format_html('{} <span class="lt-epoch">{}</span>', metric_value(name, spread.mean), deviation)

    return column


class GroupAdmin(ReadingAdmin):
    """The read-only pages of groups; statistics are of the test split if there is one, else of validation."""

    auroc = _mean("final_auroc_cm", "AUROC")
    recall = _mean("final_recall_cm", "recall")
    precision = _mean("final_precision_cm", "precision")
    f1 = _mean("final_f1_cm", "F1")
    accuracy = _mean("final_accuracy_cm", "accuracy")

    list_display = (
        "id", "name", "done", "owner_name", "split", "auroc", "recall", "precision", "f1", "accuracy", "created",
    )  # fmt: skip
    list_display_links = ("id", "name")
    list_filter = ("created_at",)
    search_fields = ("=id", "name", "owner__username")
    search_help_text = "Number, name or owner"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Render the list under the title "Groups of runs"."""
        return super().changelist_view(request, {"title": "Groups of runs", **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the change list class."""
        return GroupChangeList

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the group and its report to the context of the page of one group."""
        group = context["original"]
        context |= {"group": group, "title": str(group), "subtitle": None, "report": group_report(report(group))}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="completed")
    def done(self, group: RunGroup) -> str:
        """Return how many folds are completed."""
        return f"{group.report.completed} of {group.size}"  # type: ignore[attr-defined]

    @admin.display(description="owner", ordering="owner__username")
    def owner_name(self, group: RunGroup) -> str:
        """Return the owner's user name."""
        return group.owner.username

    @admin.display(description="statistics of")
    def split(self, group: RunGroup) -> str:
        """Return the split that the statistics are of."""
        return headline(group.report) or "–"  # type: ignore[attr-defined]

    @admin.display(description="created (UTC)", ordering="created_at")
    def created(self, group: RunGroup) -> str:
        """Return the time of creation in UTC, to the minute."""
        return f"{group.created_at:%Y-%m-%d %H:%M}"
