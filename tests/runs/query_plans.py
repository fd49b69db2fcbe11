"""What a database would read for a query: whether a large table from end to end.

SQLite plans alike for few rows and for many. PostgreSQL plans by the size of a table and by what it has found in the
columns, and reads a small table whole whatever indexes it has. So `pretend_many_rows` tells it of a million rows of the
kind that there are; and `enable_seqscan = off` makes it prefer any index to the table itself, which in a table of one
page never costs much. It then may walk a whole index row by row instead, which counts as the same, except that of an
index alone (an index-only scan), and of a partial index, which has few rows. What is shown is that there is an index
for the query; how long it takes with many rows `benchmarks.listing` measures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.db import connection, transaction

LARGE = (
    "run", "listedrun", "runevent", "runmetric", "metricsummary", "optionvalue", "runsamples", "runtag", "finalresult",
    "storedfile",
)  # fmt: skip
WHOLE = re.compile(rf"SCAN runs_({'|'.join(LARGE)})\b(?! USING)")
ENDS_NOTHING = {"Limit", "Nested Loop", "Incremental Sort", "Result", "LockRows", "Subquery Scan", "Append", "Unique"}
"""Steps of PostgreSQL that hand on each row as it comes, so that a LIMIT above them ends what is below."""


def sqlite_plan(sql: str) -> str:
    """Return the steps of SQLite, one a line."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}", [])
        return "\n".join(row[3] for row in cursor.fetchall())


def reads_a_table_whole(sql: str) -> bool:
    """Tell whether it reads a large table from end to end; not one in the order of an index with a LIMIT."""
    if connection.vendor != "sqlite":
        return any(_whole(step, limited) for step, limited in _steps(_postgresql_plan(sql)))
    found = sqlite_plan(sql)
    ends_early = " LIMIT " in sql and "TEMP B-TREE" not in found
    return bool(WHOLE.search(found)) and not ends_early


def pretend_many_rows() -> None:
    """Give PostgreSQL the statistics of large tables until the transaction ends."""
    with connection.cursor() as cursor:
        for name in LARGE:
            cursor.execute(f"ANALYZE runs_{name}")
            cursor.execute(f"UPDATE pg_class SET relpages = 1, reltuples = 1e6 WHERE oid = 'runs_{name}'::regclass")


def _postgresql_plan(sql: str) -> dict[str, Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}", [])
        [[[found]]] = cursor.fetchall()
        cursor.execute("SET LOCAL enable_seqscan = on")
        plan: dict[str, Any] = found["Plan"]
        return plan


def _steps(step: dict[str, Any], limited: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield all steps, and of each whether a LIMIT ends it early."""
    yield step, limited
    limited = step["Node Type"] == "Limit" or (limited and step["Node Type"] in ENDS_NOTHING)
    for inner in step.get("Plans", ()):
        first = inner.get("Parent Relationship") in ("Outer", "Member", "Subquery")
        yield from _steps(inner, limited and first)


def _whole(step: dict[str, Any], limited: bool) -> bool:
    if step.get("Relation Name", "").removeprefix("runs_") not in LARGE or limited:
        return False
    if step["Node Type"] != "Index Scan":
        return bool(step["Node Type"] == "Seq Scan")
    first_column, partial = _indexes()[step["Index Name"]]
    return not partial and not re.search(rf"\b{first_column}\b", step.get("Index Cond", ""))


@cache
def _indexes() -> dict[str, tuple[str, bool]]:
    """Read the first column of each index, without which it is read whole, and whether the index is partial."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_get_indexdef(indexrelid, 1, true), indpred IS NOT NULL"
            " FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        )
        return {name: (column, partial) for name, column, partial in cursor.fetchall()}
