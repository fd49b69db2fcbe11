"""Runs in the Django admin: read, compare and follow them to their live pages, never change them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet, Value
from django.db.models.functions import NullIf
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from runs.admin_pages.admin_report import report
from runs.admin_pages.group_admin import GroupAdmin
from runs.admin_pages.reading_admin import ReadingAdmin
from runs.models import Run, RunGroup
from runs.queries import with_summary
from runs.statistics.metric_names import COUNTS
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_value
from runs.wording.number_text import duration, percent, score

admin.site.site_header = admin.site.site_title = "Livetrain"
admin.site.index_title = "Administration"
admin.site.enable_nav_sidebar = False  # few entries, beside tables that need the width
admin.site.register(RunGroup, GroupAdmin)


class RunChangeList(ChangeList):
    """A change list that reads only the columns shown and sorts unknown values last in both directions."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Run]:
        """Select only the columns that the list shows."""
        return with_summary(super().get_queryset(request, exclude_parameters))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Run]) -> list[Any]:
        """Replace each ordering by one that puts unknown values last."""
        return [_unknown_last(name) for name in super().get_ordering(request, queryset)]


def _unknown_last(ordering: Any) -> Any:
    if not isinstance(ordering, str) or ordering.removeprefix("-") in ("pk", "id"):
        return ordering
    name = ordering.removeprefix("-")
    column = NullIf(F(name), Value("")) if name == "final_split" else F(name)  # blank: unknown
    return column.desc(nulls_last=True) if ordering != name else column.asc(nulls_last=True)


class FinalStatisticsFilter(admin.SimpleListFilter):
    """A filter by the split that the headline statistics are of."""

    title = "final statistics"
    parameter_name = "final"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the splits to choose from."""
        return [("test", "of the test split"), ("val", "of the validation split"), ("none", "none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:  # noqa: ARG002
        """Keep the runs whose headline is of the chosen split."""
        split = self.value()
        return queryset.filter(final_split="" if split == "none" else split) if split else queryset


class DeletionFilter(admin.SimpleListFilter):
    """A filter that shows deleted runs; without it they are hidden."""

    title = "deletion"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the one choice: deleted runs."""
        return [("1", "deleted, can be restored")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:  # noqa: ARG002
        """Keep deleted runs if they are chosen, else all others."""
        return queryset.filter(deleted_at__isnull=self.value() != "1")


class GroupFilter(admin.SimpleListFilter):
    """A filter by group that lists the newest ones; any other group's number works in the address too."""

    title = "group"
    parameter_name = "group"
    shown = 10

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the newest groups, and "none"."""
        newest = RunGroup.objects.values_list("pk", "name")[: self.shown]
        return [*((str(pk), f"{pk}: {Truncator(name).chars(30)}") for pk, name in newest), ("none", "none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:  # noqa: ARG002
        """Keep the runs of the chosen group; none for a value that is not a group's number."""
        group = self.value()
        if group is None:
            return queryset
        if group == "none":
            return queryset.filter(group=None)
        return queryset.filter(group_id=int(group)) if group.isdecimal() and len(group) < 19 else queryset.none()


class RunAdmin(ReadingAdmin):
    """The read-only pages of runs; `experiments.admin` adds the actions and registers it."""

    list_display = (
        "id",
        "experiment_name",
        "status_badge",
        "progress_bar",
        "in_group",
        "owner_name",
        "best",
        "recall_best",
        "loss_best",
        "split",
        *COUNTS,
        "precision",
        "recall",
        "f1",
        "auroc",
        "duration",
        "created",
    )
    list_display_links = ("id", "experiment_name")
    list_filter = ("status", "training_mode", "created_at", DeletionFilter, FinalStatisticsFilter, GroupFilter)
    search_fields = (
        "=id",
        "experiment_name",
        "source_path",
        "owner__username",
        "reason",
        "description",
        "tag_rows__name",
    )
    search_help_text = "Number, name, data source, owner, reason, description or tag"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Render the list under the title "Runs"."""
        return super().changelist_view(request, {"title": "Runs", **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the change list class."""
        return RunChangeList

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the run and its report to the context of the page of one run."""
        run = context["original"]
        context |= {"run": run, "title": str(run), "subtitle": None, "report": report(run)}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="status", ordering="status")
    def status_badge(self, run: Run) -> SafeString:
        """Render the status as a coloured label."""
        return format_html('<span class="lt-status lt-{}">{}</span>', run.status, run.status.replace("_", " "))

    @admin.display(description="progress", ordering="progress")
    def progress_bar(self, run: Run) -> SafeString:
        """Render the progress as a bar with its percentage."""
        share = percent(run.progress, 0)
        return format_html('<progress max="1" value="{}">{}</progress> {}', round(run.progress, 4), share, share)

    @admin.display(description="fold", ordering="group_id")
    def in_group(self, run: Run) -> str:
        """Render the fold with a link to its group."""
        if run.group_id is None:
            return run.which_fold or "–"
        link = reverse("admin:runs_rungroup_change", args=[run.group_id])
        return format_html(
            '{} of {} <a class="lt-epoch" href="{}">group {}</a>', run.fold, run.folds, link, run.group_id
        )

    @admin.display(description="owner", ordering="owner__username")
    def owner_name(self, run: Run) -> str:
        """Return the owner's user name."""
        return run.owner.username

    @admin.display(description="best", ordering="best_value")
    def best(self, run: Run) -> str:
        """Render the best monitored value with its epoch."""
        return _with_epoch(run.monitor, run.best_value, run.best_epoch, run.monitor)

    @admin.display(description="best recall", ordering="best_val_recall")
    def recall_best(self, run: Run) -> str:
        """Render the best validation recall with its epoch."""
        return _with_epoch("val_recall", run.best_val_recall, run.best_val_recall_epoch)

    @admin.display(description="best loss", ordering="best_val_loss")
    def loss_best(self, run: Run) -> str:
        """Render the best validation loss with its epoch."""
        return _with_epoch("val_loss", run.best_val_loss, run.best_val_loss_epoch)

    @admin.display(description="statistics of", ordering="final_split")
    def split(self, run: Run) -> str:
        """Return the split that the counts and final numbers are of: those of test and validation do not compare."""
        return run.final_split or "–"

    @admin.display(description="precision", ordering="final_precision")
    def precision(self, run: Run) -> str:
        """Return the final precision."""
        return percent(run.final_precision)

    @admin.display(description="recall", ordering="final_recall")
    def recall(self, run: Run) -> str:
        """Return the final recall."""
        return percent(run.final_recall)

    @admin.display(description="F1", ordering="final_f1")
    def f1(self, run: Run) -> str:
        """Return the final F1."""
        return percent(run.final_f1)

    @admin.display(description="AUROC", ordering="final_auroc")
    def auroc(self, run: Run) -> str:
        """Return the final AUROC."""
        return score(run.final_auroc)

    @admin.display(description="duration", ordering="duration_seconds")
    def duration(self, run: Run) -> str:
        """Return the duration in words."""
        return duration(run.duration_seconds)

    @admin.display(description="created (UTC)", ordering="created_at")
    def created(self, run: Run) -> str:
        """Return the time of creation in UTC, to the minute."""
        return f"{run.created_at:%Y-%m-%d %H:%M}"


def _with_epoch(metric: str, value: float | None, epoch: int | None, name: str = "") -> str:
    if value is None or epoch is None:
        return "–"
    return format_html(
        '{} <span class="lt-epoch">{} epoch {}</span>', metric_value(metric, value), name, epoch_number(epoch)
    )
