"""The version of what is known of an ended run, which changes with anything of it, in few quick queries.

An answer is made of one row with its JSON, the names of those that it refers to, and, of a run with a test split, how
often others looked at that: all of it is read as the database has it, and none of it is decoded.
"""

from __future__ import annotations

from django.db.models import Count, Max, Min
from rest_framework.request import Request

from runs.api.entity_tags import entity_tag
from runs.derived_models import SplitLook
from runs.models import Run
from runs.statements.prepared_query import PreparedQuery

_NAMES = ("username", "name")
"""The fields by which answers name what a run belongs to: its owner, who revised it, and so on."""
_COLUMNS = (
    *(column.attname for column in Run._meta.concrete_fields),
    *(
        f"{relation.name}__{field.name}"
        for relation in Run._meta.concrete_fields
        if relation.related_model
        for field in relation.related_model._meta.concrete_fields
        if field.name in _NAMES
    ),
)
_ROW = PreparedQuery(lambda pk: Run.objects.filter(pk=pk).order_by().values_list(*_COLUMNS))
_LOOKS = PreparedQuery(
    lambda pk: (
        SplitLook.objects.filter(identity__in=SplitLook.objects.filter(run_number=pk).values("identity"))
        .order_by()
        .values("identity")
        .annotate(looks=Count("pk"), last=Max("pk"))
        .values_list("identity", "looks", "last")
    )
)
_OTHERS = PreparedQuery(
    lambda pk: (
        Run.objects.filter(
            pk__in=SplitLook.objects.filter(
                identity__in=SplitLook.objects.filter(run_number=pk).values("identity")
            ).values("run_number"),
            final_split="test",
            final_auroc__isnull=False,
        )
        .order_by()
        .values("final_split")
        .annotate(runs=Count("pk"), highest=Max("final_auroc"), lowest=Min("final_auroc"))
        .values_list("runs", "highest", "lowest")
    )
)


def version(request: Request, run: Run | None, *facts: object) -> str | None:
    """Return the tag of an answer about a run that `queries.curve_run` let the user see; None unless it has ended.

    `facts` are what the answer depends on beside the run and the address.
    """
    if run is None or run.status not in Run.ENDED:
        return None
    return entity_tag(request, _ROW.stored(run.pk), sorted(_LOOKS.stored(run.pk)), _OTHERS.stored(run.pk), *facts)
