"""The command `livetrain`: what it is called with, and how it ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from livetrain import address
from livetrain.cli import ending, exit_codes, output, predicting, watching
from livetrain.cli.arguments import JSON, PROJECT, RUN, with_client
from livetrain.cli.configuration import options_from
from livetrain.client import Client
from livetrain.errors import LivetrainError
from livetrain.run import Run

LINES = ("id", "status", "name", "epoch", "monitored", "best", "owner", "duration")


@click.group(
    cls=ending.Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "LIVETRAIN"}
)
@click.option("--url", allow_from_autoenv=False, help="The server; else LIVETRAIN_URL, else that of `livetrain login`.")
@click.option(
    "--token", allow_from_autoenv=False, help="An API token; else LIVETRAIN_TOKEN, else that of `livetrain login`."
)
@click.option("--patience", default=60.0, show_default=True, help="Seconds that a silent server is asked again.")
@click.version_option(package_name="livetrain")
def cli(url: str | None, token: str | None, patience: float) -> None:
    """Start, follow and read trainings of a Livetrain server.

    Completion: eval "$(_LIVETRAIN_COMPLETE=bash_source livetrain)", or zsh_source, fish_source.
    """


@cli.command()
@click.argument("url")
@click.option("--token", help="Else it is asked for.")
@JSON
def login(url: str, token: str | None, json_: bool) -> None:
    """Keep a server's address and a token in the configuration file, once they work.

    A token is made on the server's page /account/, and shown there once.
    """
    token = token or click.prompt(f"API token, made on {url.rstrip('/')}/account/", hide_input=True, err=True)
    with Client(url, token) as client:
        found = client.get("/api/runs/", page_size=1)
        if not isinstance(found, dict) or "results" not in found:
            raise LivetrainError(f"What answers at {client.url} is no Livetrain server.")
        file = address.keep(client.url, str(token).strip())
    if json_:
        output.as_json({"url": client.url, "file": str(file)})
    else:
        click.echo(f"Logged in to {client.url}; kept in {file}")


@cli.command()
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="Such as trainer.max_epochs=20.")
@click.option("--watch/--no-watch", "watched", default=False, help="Watch it until it has ended.")
@click.option("--check", is_flag=True, help="Only look at options and data; train nothing.")
@PROJECT
@JSON
@with_client
def train(
    client: Client,
    /,
    *,
    file: str | None,
    settings: tuple[str, ...],
    watched: bool,
    check: bool,
    project: str | None,
    json_: bool,
) -> None:
    """Queue a training with the options of a JSON or TOML FILE (-: standard input)."""
    options = options_from(file, settings)
    if check:
        report = client.check(options, project=project, wait=math.inf)
        output.as_json(report)
        raise click.exceptions.Exit(exit_codes.DONE if report["status"] == "done" else exit_codes.FAILED)
    run = client.train(options, project=project)
    _told(run, json_, f"Run {run.id} is queued: {run.page}")
    if watched:
        _end(run, quiet=json_)


@cli.command()
@RUN
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code tells how it ended.")
@click.option("--json", "json_", is_flag=True, help="Print all its events, each as a line of JSON.")
@with_client
def watch(client: Client, run_id: int, quiet: bool, json_: bool) -> None:
    """Show a run until it has ended; the exit code is its own: 0 completed, 1 failed, 3 cancelled."""
    if quiet and json_:
        raise click.UsageError("--quiet and --json exclude each other.")
    run = client.run(run_id)
    if json_:
        watching.events(run)
    _end(run, quiet=quiet or json_)


@cli.command("ls")
@click.option("--status", help="Such as failed,cancelled.")
@click.option("--search", help="Words of name, data, owner, tags, description.")
@click.option("--tag")
@click.option("--owner")
@PROJECT
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1))
@JSON
@with_client
def list_(client: Client, /, *, limit: int, json_: bool, **filters: str | None) -> None:
    """List runs, the newest first."""
    found = []
    for run in client.runs(page_size=min(limit, 200), **filters):
        found.append(run)
        if len(found) == limit:
            break
    if json_:
        output.as_json([run.details for run in found])
        return
    output.as_table(LINES, map(_line, found))


@cli.command()
@RUN
@JSON
@with_client
def show(client: Client, run_id: int, json_: bool) -> None:
    """Show a run: its state, its options and its result."""
    run = client.run(run_id)
    results = run.results()
    if json_:
        output.as_json(run.details | {"results": results})
        return
    output.as_table(LINES, [_line(run)])
    console = output.console()
    if run.reason:
        console.print(output.text(run.reason), style=output.COLOURS.get(run.status, ""), markup=False)
    for split, found in results.items():
        output.as_table((split, "value", "95 % interval"), _numbers(found.get("statistics") or {}))
    console.print(run.page, markup=False)


@cli.command()
@RUN
@click.option("--lines", default=200, show_default=True, type=click.IntRange(1, 5_000))
@JSON
@with_client
def logs(client: Client, run_id: int, lines: int, json_: bool) -> None:
    """Print the last lines of a run's log."""
    found = client.run(run_id).log(lines)
    if json_:
        output.as_json(found)
        return
    for line in found:
        click.echo(output.text(line))


@cli.command()
@RUN
@click.option("--evaluate", is_flag=True, help="Evaluate the best epoch first.")
@click.option("--now", is_flag=True, help="End its processes at once.")
@JSON
@with_client
def stop(client: Client, run_id: int, evaluate: bool, now: bool, json_: bool) -> None:
    """Stop a run after its current batch; it ends as cancelled."""
    if evaluate and now:
        raise click.UsageError("--evaluate and --now exclude each other.")
    run = client.run(run_id)
    _told(run.kill() if now else run.cancel(evaluate=evaluate), json_)


@cli.command()
@RUN
@JSON
@with_client
def finish(client: Client, run_id: int, json_: bool) -> None:
    """Stop training after the current batch, evaluate the best epoch, end the run as completed."""
    _told(client.run(run_id).finish(), json_)


@cli.command()
@RUN
@JSON
@with_client
def resume(client: Client, run_id: int, json_: bool) -> None:
    """Queue a failed or cancelled run again, to continue from its last complete epoch."""
    _told(client.run(run_id).resume(), json_)


@cli.command()
@RUN
@click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="What differs.")
@JSON
@with_client
def clone(client: Client, run_id: int, settings: tuple[str, ...], json_: bool) -> None:
    """Queue a new run of the same options, with changes."""
    run = client.run(run_id).clone(**options_from(None, settings))
    _told(run, json_, f"Run {run.id} is queued: {run.page}")


@cli.command()
@click.argument("run_ids", nargs=-1, required=True, type=click.IntRange(1), metavar="RUN RUN...")
@JSON
@with_client
def compare(client: Client, run_ids: tuple[int, ...], json_: bool) -> None:
    """Say whether the AUROC of ended runs differs by more than chance explains."""
    if len(run_ids) < 2:
        raise click.UsageError("Name two runs at least.")
    found = client.compare(*run_ids)
    if json_:
        output.as_json(found)
        return
    if not found["splits"]:
        click.echo("There is no split that all of them evaluated.")
    for split, said in found["splits"].items():
        if said["problem"]:
            click.echo(f"{split}: {output.text(said['problem'])}")
            continue
        best = said["best"]
        told = f"run {best} is better than each other one" if best else "no run is shown to be the best"
        click.echo(f"{split}, {said['samples']:,} samples: run {said['highest']} has the highest AUROC; {told}")
        header = ("less run", "difference", "from", "to", "p", "adjusted p")
        rows = [
            (one["run"], *(one[name] for name in ("difference", "low", "high", "p", "adjusted_p")))
            for one in said["against"]
        ]
        output.as_table(header, rows)


@cli.group()
def data() -> None:
    """Upload data sets, and list them."""


@data.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Of the data set; else the file's.")
@click.option("--wait/--no-wait", "waits", default=True, help="Until it is checked; exit code 1 where it is refused.")
@PROJECT
@JSON
@with_client
def upload(client: Client, /, *, file: Path, name: str | None, waits: bool, project: str | None, json_: bool) -> None:
    """Upload a table, or a zip of images; called again, it continues an upload that broke off."""
    columns = (BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=json_) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)
        found = client.upload(
            file, name=name, project=project, told=lambda received, _size: bar.update(task, completed=received)
        )
    found = client.checked(found["name"]) if waits else found
    if json_:
        output.as_json(found)
    else:
        said = {"ready": f"{found['source_path']} is ready", "refused": f"Refused: {found['problem']}"}
        told = said.get(found["state"], f"{found['source_path']} is being checked")
        click.echo(f"{output.text(told)}. {client.url}{found['links']['page']}")
    if found["state"] == "refused":
        raise click.exceptions.Exit(exit_codes.FAILED)


@data.command("ls")
@PROJECT
@JSON
@with_client
def list_data(client: Client, /, *, project: str | None, json_: bool) -> None:
    """List the data sets."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = client.get("/api/datasets/", after=after, project=project)["results"]
        found += page
        if not page:
            break
        after = page[-1]["name"]
    if json_:
        output.as_json(found)
        return
    rows = [(one["name"], one["state"], one["owner"], one["files"], one["source_path"]) for one in found]
    output.as_table(("name", "state", "owner", "files", "source path"), rows)


@cli.command()
@RUN
@click.argument("names", nargs=-1, metavar="[FILE]...")
@click.option("--to", "folder", default=".", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--list", "listed", is_flag=True, help="Only list them.")
@JSON
@with_client
def export(client: Client, /, *, run_id: int, names: tuple[str, ...], folder: Path, listed: bool, json_: bool) -> None:
    """Download files of a run, or all of them."""
    run = client.run(run_id)
    if listed:
        found = run.files()
        if json_:
            output.as_json(found)
        else:
            output.as_table(("name", "bytes"), [(one["name"], one["size"]) for one in found])
        return
    written = [str(path) for path in run.download(folder, names or None)]
    if json_:
        output.as_json(written)
    else:
        click.echo("\n".join(written))


cli.add_command(predicting.predict)


def main() -> None:
    """Carry out the command; end with the exit code that tells how it went."""
    ending.exit_after(lambda: cli.main(prog_name="livetrain", standalone_mode=False))


def _end(run: Run, *, quiet: bool) -> None:
    if not quiet:
        watching.watch(run)
    ended = run.wait()
    if not quiet:
        click.echo(f"Run {ended.id} is {ended.status}{f': {output.text(ended.reason)}' if ended.reason else ''}")
    raise click.exceptions.Exit(exit_codes.OF_STATUS[ended.status])


def _told(run: Run, json_: bool, said: str = "") -> None:
    if json_:
        output.as_json(run.details)
        return
    click.echo(output.text(said or f"Run {run.id} is {run.status}. {run.page}"))


def _numbers(statistics: Mapping[str, Any]) -> Iterator[tuple[str, object, str]]:
    """Yield each number with its interval; those of single classes are left to `--json`."""
    for name, value in statistics.items():
        if name.endswith(("_ci_low", "_ci_high")) or not isinstance(value, int | float):
            continue
        low, high = statistics.get(f"{name}_ci_low"), statistics.get(f"{name}_ci_high")
        yield name, value, "" if low is None else f"{output.text(low)} to {output.text(high)}"


def _line(run: Run) -> tuple[object, ...]:
    known, best = run.details.get("progress") or {}, run.details.get("best") or {}
    epoch = f"{known['epoch'] + 1}/{output.text(known.get('max_epochs'))}" if known.get("epoch") is not None else None
    duration = output.seconds(run.details.get("duration_seconds"))
    return (
        run.id,
        output.status(run.status),
        run.name,
        epoch,
        run.details.get("monitor"),
        best.get("value"),
        run.details.get("owner"),
        duration,
    )
