"""Lines of the run list and of its groups as JSON, as `serializers` does it for runs. Unknown is null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from runs.listing.columns import Column, chosen
from runs.listing.grouping import Group
from runs.models import Run
from runs.serializers import group_links, run_summaries, run_summary
from runs.summaries import metric_summaries
from runs.summaries.run_rows import RunRow


def run_lines(runs: Sequence[RunRow], columns: Sequence[Column], sparkline: bool) -> list[dict[str, Any]]:
    """Build summaries; with `columns` each has that object, with `sparkline` its monitored curve, maybe empty."""
    found = chosen([run.pk for run in runs], columns) if columns else {}
    curves = metric_summaries.sparklines({run.pk: run.monitor for run in runs}) if sparkline else {}
    return [
        summary
        | ({"columns": found[run.pk]} if columns else {})
        | ({"sparkline": {"metric": run.monitor, "values": curves.get(run.pk, [])}} if sparkline else {})
        for run, summary in zip(runs, run_summaries(runs), strict=True)
    ]


def grouped(group: Group, by: str) -> dict[str, Any]:
    """Build one group's line; `label` is for people, `links.runs` lists the group's runs."""
    newest: Run | None = group["run"]
    key = group["key"]
    links = {"runs": f"/api/runs/?{urlencode({by: str(key).replace(',', chr(92) + ',')})}"}
    if by == "group":
        links["page"] = group_links(key)["page"]
    return {
        "key": key,
        "label": newest.experiment_name if by == "group" and newest else str(key),
        "count": group["count"],
        "statuses": group["statuses"],
        "newest": run_summary(newest) if newest else None,
        "splits": group["splits"],
        "links": links,
    }
