"""Prepared queries give what Django gives for the same query, and ask the database each time."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import Run, RunTag
from runs.queries import with_summary
from runs.serializers import run_summary
from runs.statements.prepared_query import PreparedQuery
from runs.summaries.run_rows import SUMMARY_COLUMNS, run_rows
from tests.runs.conftest import MakeRun, completed_columns

pytestmark = pytest.mark.django_db
COLUMNS = ("pk", "experiment_name", "created_at", "deleted_at", "replaced", "config", "notes", "progress")


def of_owner(owner: int, ids: Any, names: Any) -> Any:
    runs = Run.objects.filter(owner=owner, pk__in=ids, experiment_name__in=names)
    return runs.order_by("pk").values_list(*COLUMNS)


def test_rows_are_those_of_django(make_run: MakeRun, user: User) -> None:
    made = [make_run(experiment_name=f"É '{n}' %s ?", notes=[{"code": "a", "text": "Ü"}]) for n in range(4)]
    query = PreparedQuery(of_owner)
    for ids in ([made[0].pk], [made[2].pk, made[1].pk], [run.pk for run in made], [10**9], [-1, 0]):
        for names in (["É '1' %s ?"], [run.experiment_name for run in made]):
            assert query.rows(user.pk, ids, names) == list(of_owner(user.pk, ids, names))
    assert query.rows(user.pk + 1, [made[0].pk], [made[0].experiment_name]) == []
    assert (
        query.first(user.pk, [made[3].pk], [made[3].experiment_name])
        == of_owner(user.pk, [made[3].pk], [made[3].experiment_name]).first()
    )


def test_a_query_is_written_once_and_asked_each_time(make_run: MakeRun) -> None:
    written = []

    def by_id(pk: int) -> Any:
        written.append(pk)
        return Run.objects.filter(pk=pk).values_list("status")

    query, run = PreparedQuery(by_id), make_run()
    with CaptureQueriesContext(connection) as asked:
        assert query.first(run.pk) == ("queued",)
        Run.objects.filter(pk=run.pk).update(status="failed")
        assert query.first(run.pk) == ("failed",)
        assert query.first(run.pk + 1) is None
    assert len(asked) == 4
    assert len(written) == 1


def test_few_statements_serve_lists_of_all_lengths(make_run: MakeRun) -> None:
    written = []

    def by_ids(ids: list[int], names: list[str]) -> Any:
        written.append((len(ids), len(names)))
        return Run.objects.filter(pk__in=ids, experiment_name__in=names).order_by("pk").values_list("pk")

    query = PreparedQuery(by_ids)
    made = [make_run() for _ in range(5)]
    names, keys = [made[0].experiment_name, "another"], [run.pk for run in made]
    for length in range(1, 6):
        for others in range(12):
            ids = keys[:length] + [10**9 + other for other in range(others)]
            assert query.rows(ids, names) == [(pk,) for pk in keys[:length]]
    assert sorted(written) == [(1, 2), (2, 2), (4, 2), (8, 2), (16, 2)]


def test_a_line_of_a_list_is_the_same_from_a_row_and_from_a_model(make_run: MakeRun) -> None:
    made = [
        make_run(),
        make_run(**completed_columns(), priority=3, fold=2, folds=5, reason="É", queued_at=timezone.now()),
        make_run(status="failed", notes=[{"code": "a", "text": "b"}], deleted_at=timezone.now(), stop_request="kill"),
    ]
    RunTag.objects.bulk_create(RunTag(run=made[1], name=name) for name in ("z", "a", "m"))
    ids = [made[2].pk, 10**9, made[0].pk, made[1].pk]
    rows = run_rows(ids)
    assert [row.pk for row in rows] == [made[2].pk, made[0].pk, made[1].pk]
    models = with_summary(Run.objects.all()).in_bulk()
    assert [run_summary(row) for row in rows] == [run_summary(models[row.pk]) for row in rows]
    assert rows[2].tag_names == ["a", "m", "z"]
    for name in SUMMARY_COLUMNS:
        assert [getattr(row, name) for row in rows] == [getattr(models[row.pk], name) for row in rows]
    assert run_rows([]) == []
