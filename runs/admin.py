"""Runs in the Django admin: to be read, compared and followed to their live pages, never to be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs.admin_report import duration, number, report
from runs.models import Run
from runs.queries import with_summary

admin.site.site_header = admin.site.site_title = "Livetrain"
admin.site.index_title = "Administration"


class RunChangeList(ChangeList):
    """Only the columns that are shown; what is unknown stands last, whichever way a column is sorted."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Run]:
        return with_summary(super().get_queryset(request, exclude_parameters))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Run]) -> list[Any]:
        return [_unknown_last(name) for name in super().get_ordering(request, queryset)]


def _unknown_last(ordering: Any) -> Any:
    if not isinstance(ordering, str) or ordering.removeprefix("-") in ("pk", "id"):
        return ordering
    column = F(ordering.removeprefix("-"))
    return column.desc(nulls_last=True) if ordering.startswith("-") else column.asc(nulls_last=True)


@admin.register(Run)
class RunAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """Reading only: writing is `lifecycle`'s and `recorder`'s."""

    list_display = (
        "id",
        "experiment_name",
        "status_badge",
        "progress_bar",
        "owner",
        "best",
        "recall_best",
        "loss_best",
        "cm_tp",
        "cm_tn",
        "cm_fp",
        "cm_fn",
        "precision",
        "recall",
        "f1",
        "auroc",
        "duration",
        "created",
    )
    list_display_links = ("id", "experiment_name")
    list_filter = ("status", "training_mode", "created_at", "final_split")
    list_per_page = 50
    list_select_related = ("owner",)
    show_full_result_count = False
    search_fields = ("=id", "experiment_name", "source_path", "owner__username", "reason")
    search_help_text = "Number, name, data source, owner or reason"
    ordering = ("-id",)
    actions = None
    fields = ()

    class Media:
        css = {"all": ["runs/admin.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return RunChangeList

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:  # noqa: ARG002
        return False

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Run | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context |= {"run": obj, "title": str(obj), "subtitle": None, "report": report(obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="status", ordering="status")
    def status_badge(self, run: Run) -> SafeString:
        return format_html('<span class="lt-status lt-{}">{}</span>', run.status, run.status.replace("_", " "))

    @admin.display(description="progress", ordering="progress")
    def progress_bar(self, run: Run) -> SafeString:
        share = f"{run.progress:.0%}"
        return format_html('<progress max="1" value="{}">{}</progress> {}', round(run.progress, 4), share, share)

    @admin.display(description="best", ordering="best_value")
    def best(self, run: Run) -> SafeString:
        return _with_epoch(run.best_value, run.best_epoch, run.monitor)

    @admin.display(description="best recall", ordering="best_val_recall")
    def recall_best(self, run: Run) -> SafeString:
        return _with_epoch(run.best_val_recall, run.best_val_recall_epoch)

    @admin.display(description="best loss", ordering="best_val_loss")
    def loss_best(self, run: Run) -> SafeString:
        return _with_epoch(run.best_val_loss, run.best_val_loss_epoch)

    @admin.display(description="precision", ordering="final_precision")
    def precision(self, run: Run) -> str:
        return number(run.final_precision)

    @admin.display(description="recall", ordering="final_recall")
    def recall(self, run: Run) -> str:
        return number(run.final_recall)

    @admin.display(description="F1", ordering="final_f1")
    def f1(self, run: Run) -> str:
        return number(run.final_f1)

    @admin.display(description="AUROC", ordering="final_auroc")
    def auroc(self, run: Run) -> str:
        return number(run.final_auroc)

    @admin.display(description="duration", ordering="duration_seconds")
    def duration(self, run: Run) -> str:
        return duration(run.duration_seconds)

    @admin.display(description="created (UTC)", ordering="created_at")
    def created(self, run: Run) -> str:
        return f"{run.created_at:%Y-%m-%d %H:%M}"


def _with_epoch(value: float | None, epoch: int | None, name: str = "") -> SafeString:
    if value is None or epoch is None:
        return format_html("–")
    return format_html('{} <span class="lt-epoch">{} epoch {}</span>', number(value), name, epoch)
