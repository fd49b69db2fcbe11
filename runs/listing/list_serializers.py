"""Groups of the run list as JSON, as `serializers` does it for runs. Unknown is null."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from runs.listing.grouping import Group
from runs.models import Run
from runs.serializers import group_links, run_summary


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
