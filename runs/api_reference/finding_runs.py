"""The operations that find runs and read what is known of one."""

from __future__ import annotations

from collections.abc import Mapping

from runs.api_reference.operation import Content, Operation
from runs.shapes import curve_shapes, list_shapes, result_shapes, run_shapes

TAG = "Runs"
STORE = {503: "The object store of the run's files fails."}

OPERATIONS: Mapping[str, Operation] = {
    "GET run-list": Operation(
        summary="List runs",
        description="A page of summaries, newest first by default. Follow `next` for the following page.",
        answers={200: run_shapes.RunPage},
    ),
    "GET run-facets": Operation(
        summary="Count by what runs can be filtered",
        description="Statuses, tags, data, networks and owners of the chosen runs, and all possible columns.",
        answers={200: list_shapes.Facets},
    ),
    "GET run-grouped": Operation(
        summary="Group runs by what they share",
        description="Groups of the chosen runs with mean and spread, those with the newest runs first.",
        answers={200: list_shapes.GroupedPage},
    ),
    "GET group-list": Operation(
        summary="List groups of runs",
        description="Cross-validations and other groups, newest first, with mean and spread of completed runs.",
        answers={200: list_shapes.GroupPage},
    ),
    "GET group-detail": Operation(
        summary="Read a group of runs",
        description="Its runs with their final results, mean and spread, and the summed matrix.",
        answers={200: list_shapes.GroupDetail},
    ),
    "GET run-detail": Operation(
        summary="Read a run",
        description="State, progress, best values, configuration, versions, and what really trained it.",
        answers={200: run_shapes.RunDetail},
    ),
    "GET run-hints": Operation(
        summary="Read hints about a run",
        description="What is wrong with it or could be better, in words; may be up to half a minute old.",
        answers={200: curve_shapes.RunHints},
    ),
    "GET run-test-split": Operation(
        summary="Read how often the test split was looked at",
        description="With at most 500 of the runs that looked, the newest first.",
        answers={200: result_shapes.TestSplit},
    ),
    "GET run-log": Operation(
        summary="Read lines of the log",
        description="The last lines of `train.log`; those `before` or `after` a byte offset; or those with a text. "
        "With `wait` the answer comes as soon as there are new lines, or the run has ended.",
        answers={200: curve_shapes.LogPage},
        refusals=STORE,
    ),
    "GET run-files": Operation(
        summary="List the files of a run",
        answers={200: curve_shapes.RunFiles},
        refusals=STORE,
    ),
    "GET run-file": Operation(
        summary="Download a file of a run",
        description="Its media type is that of the list of files.",
        answers={200: Content(media_type="*/*", description="The file.")},
        refusals=STORE,
    ),
    "GET run-archive": Operation(
        summary="Download all files of a run",
        description="In one zip, in a folder `run-<run_id>`, written while it is sent.",
        answers={200: Content(media_type="application/zip", description="The zip.")},
        refusals=STORE,
    ),
}
