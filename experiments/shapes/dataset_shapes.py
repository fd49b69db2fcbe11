"""Data sets, their samples and uploads in answers. See `experiments.datasets.serializers`."""

from __future__ import annotations

from typing import Literal, TypedDict

from experiments.training.contract.preflight_report import SplitCounts, Verdict
from experiments.training.contract.reading import Finding, Reading
from experiments.training.contract.splits import SplitName
from experiments.training.data.inspection.sample_sheets import Feature
from runs.events import Status


class ClassSize(TypedDict):
    """A class and its number of samples."""

    name: str
    samples: int


class DatasetProgress(TypedDict):
    """How far the upload or the check is, whichever is under way."""

    bytes_done: int
    bytes: int
    files_done: int | None
    files: int | None


class ReportSummary(TypedDict):
    """The report of the last check, of a training with default options, in numbers."""

    id: int
    status: str
    page: str
    verdict: Verdict | None
    blocks: int
    warnings: int
    questions: int


class CheckReport(TypedDict):
    """The report of the last check: findings, splits, and how the data are read."""

    id: int
    status: str
    page: str
    problem: str | None
    verdict: Verdict | None
    findings: list[Finding]
    classes: list[str]
    counts: list[SplitCounts]
    reading: Reading | None


class DatasetLine(TypedDict):
    """A data set as a line of a list."""

    name: str
    source_path: str
    kind: str
    state: str
    owner: str | None
    project: str | None
    project_id: int | None
    may_change: bool
    created_at: str | None
    checked_at: str | None
    layout: str | None
    files: int | None
    size: int | None
    classes: list[ClassSize] | None
    content_hash: str | None
    problem: str | None
    progress: DatasetProgress | None
    report: ReportSummary | None
    links: dict[str, str]


class DatasetPage(TypedDict):
    """A page of data sets by name."""

    next: str | None
    results: list[DatasetLine]


class RunOnData(TypedDict):
    """A run on a data set; `same_version`: on what the data set is now."""

    run_id: int
    experiment_name: str
    status: Status
    created_at: str
    dataset_hash: str | None
    same_version: bool
    page: str


class DatasetDetail(DatasetLine):
    """Everything known of a data set, and the newest of the runs on it."""

    path: str | None
    preflight: CheckReport | None
    runs: list[RunOnData]
    run_count: int


class BuiltinSummary(TypedDict):
    """A built-in data set as the form of a new run shows it."""

    source_path: str
    table: bool
    about: str
    classes: list[ClassSize]
    links: dict[str, str]


class BuiltinDetail(DatasetDetail):
    """A built-in data set; what it has none of is null."""

    table: bool
    about: str


class UploadState(TypedDict):
    """How far an upload is, and how to continue: pieces of `piece_bytes`, at most `piece_limit`."""

    id: str
    name: str
    project: str
    project_id: int
    filename: str
    size: int
    sha256: str | None
    received: int
    piece_bytes: int
    piece_limit: int
    expires_at: str
    links: dict[str, str]


class Uploads(TypedDict):
    """One's own unfinished uploads."""

    results: list[UploadState]


SampleOfPage = TypedDict(
    "SampleOfPage",
    {
        "number": int,
        "id": str,
        "class": str,
        "split": SplitName | None,
        "problem": str | None,
        "image": str | None,
    },
)
SampleOfPage.__doc__ = "A sample; `image` is the address of its picture, null where `problem` says why."

SamplePage = TypedDict(
    "SamplePage",
    {
        "version": str,
        "total": int,
        "problem": str | None,
        "columns": list[str] | None,
        "rows": list[list[str]],
        "results": list[SampleOfPage],
        "class": str | None,
        "page": int,
        "pages": int,
    },
)
SamplePage.__doc__ = "A page of samples: pictures in `results`, or of a table `columns` and `rows`."


class Features(TypedDict):
    """What the columns of a table hold, in all rows and in each class."""

    version: str
    rows: int
    total: int
    class_total: int
    classes: list[str]
    features: list[Feature]
    problem: str | None


class RootEntry(TypedDict):
    """A folder, or a file that may be a data set."""

    kind: Literal["folder", "file"]
    name: str
    path: str


class RootListing(TypedDict):
    """What may be chosen in a folder of the data roots; `others` counts what may not."""

    path: str
    parent: str | None
    entries: list[RootEntry]
    others: int
    is_cut: bool
