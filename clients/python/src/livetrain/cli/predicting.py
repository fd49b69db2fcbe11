"""The command that has a run's model predict files, or a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from livetrain.cli import exit_codes, output
from livetrain.cli.arguments import JSON, RUN, with_client
from livetrain.client import Client


@click.command()
@RUN
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option("--source", help="A data set of the server, dataset:NAME, which a worker predicts.")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where its files are written.")
@click.option("--wait/--no-wait", "waits", default=True, help="Until the worker has predicted the data set.")
@JSON
@with_client
def predict(
    client: Client,
    /,
    *,
    run_id: int,
    paths: tuple[Path, ...],
    source: str | None,
    folder: Path | None,
    waits: bool,
    json_: bool,
) -> None:
    """Predict images, or the rows of a table, with the model of a run that has ended.

    A PATH is a file, or a folder whose files are predicted. The exit code is 1 where something could not be predicted.
    """
    if bool(paths) == bool(source):
        raise click.UsageError("Give either PATHs or --source.")
    if folder and (not source or not waits):
        raise click.UsageError("--to needs --source, and that it is waited for.")
    with _bar(json_) as bar:
        task = bar.add_task("", total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if source:
            found = client.predict(run_id, source=source, timeout=None if waits else 0, told=told)
        else:
            found = client.predict(run_id, list(_files(paths)), told=told)
    if source:
        _show_job(client, found, folder, json_)
    else:
        _show_items(found, json_)


def _bar(json_: bool) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=json_, transient=True)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, of folders those below them whose names begin with no dot, by name."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for one in sorted(path.rglob("*")):
            if one.is_file() and not any(part.startswith(".") for part in one.relative_to(path).parts):
                yield one


def _show_items(found: dict[str, Any], json_: bool) -> None:
    items = found["items"]
    if json_:
        output.as_json(found)
    else:
        output.as_table(("name", "predicted", "score", "probability", "problem"), map(_line, items))
        decision = found["decision"]
        if decision:
            threshold = output.text(decision["threshold"])
            click.echo(f"{found['positive']} from a score of {threshold} on: {output.text(decision['label'])}")
    if any(item["problem"] for item in items):
        raise click.exceptions.Exit(exit_codes.FAILED)


def _line(item: dict[str, Any]) -> tuple[object, ...]:
    """Return a line: of two classes with the numbers of the positive one, of more with those of the predicted one."""
    predicted = item["predicted"]
    score = item["score"] if item["score"] is not None else (item["scores"] or {}).get(predicted)
    return item["name"], predicted, score, item["probability"], item["problem"]


def _show_job(client: Client, job: dict[str, Any], folder: Path | None, json_: bool) -> None:
    written = client.download_result(job, folder) if folder and job["status"] == "done" else []
    if json_:
        output.as_json(job)
    else:
        click.echo(f"Prediction {job['model_job_id']} is {job['status']}: {output.text(job['problem'] or job['done'])}")
        for path in written:
            click.echo(str(path))
    if job["status"] in {"failed", "cancelled"}:
        raise click.exceptions.Exit(exit_codes.FAILED)
