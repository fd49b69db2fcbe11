"""A run that blocks; `make_sync.py` wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from livetrain import tables
from livetrain.described_run import DescribedRun
from livetrain.errors import WaitedTooLong
from livetrain.events import Event
from livetrain.notebook import LiveView
from livetrain.operations import curves, files, following, runs
from livetrain.progress import TOLD_BY

if TYPE_CHECKING:
    from pandas import DataFrame

    from livetrain.client import Client


class Run(DescribedRun):
    """A run of a server."""

    def __init__(self, client: Client, run_id: int, details: Mapping[str, Any]) -> None:
        super().__init__(client.url, run_id, details)
        self._client = client

    def refresh(self) -> Self:
        """Ask for its present state, and return it."""
        self.details = self._client._carry_out(runs.detail(self.id, self._client.patience))
        return self

    def events(self, after: int = 0, *, types: str | Iterable[str] = (), beyond_end: bool = False) -> Iterator[Event]:
        """Yield its events as they happen, each once and in order, until the run has ended.

        A connection that breaks, or a server that starts again, is not noticed: it goes on behind the last event.

        Args:
            after: the number of the last event that is known already.
            types: only events of these types, such as `["epoch_end"]`.
            beyond_end: go on when the run has ended, since it may be resumed.
        """
        patience = self._client.patience
        yield from self._client._follow(following.follow(self.id, patience, after, types, beyond_end=beyond_end))

    def wait(self, timeout: float | None = None, *, check: bool = False) -> Self:
        """Wait until it has ended, and return it.

        Args:
            timeout: at most so many seconds.
            check: raise RunFailed unless it has completed.

        Raises:
            WaitedTooLong: it goes on after that time.
        """
        while not self.refresh().ended:
            after, patience = int(self.details["last_seq"]), self._client.patience
            if not self._client._carry_out(following.until_ended(self.id, after, timeout, patience)):
                if self.refresh().ended:
                    break
                raise WaitedTooLong(f"Run {self.id} is still {self.status} after {timeout:g} seconds.")
        if check:
            self.check()
        return self

    def watch(self) -> Self:
        """Show it until it has ended, live in a notebook, elsewhere a line per epoch; return it."""
        view = LiveView(self)
        for event in self.events(types=TOLD_BY):
            view.take(event)
        self.refresh()
        view.end()
        return self

    def history(self) -> DataFrame:
        """Return a row per epoch, counted from 0, and a column per metric."""
        return tables.of_history(self._client._carry_out(curves.history(self.id, self._client.patience)))

    def curves(self, *names: str, by: str = "step") -> DataFrame:
        """Return curves with every sample: a row per place on the axis, and a column per curve.

        Args:
            names: such as `batch/loss`, or `batch/*` for all that begin so; `batch/*` where there are none.
            by: `step`, `epoch` or `time`.
        """
        found = self._client._carry_out(curves.curves(self.id, names or ("batch/*",), by, self._client.patience))
        return tables.of_curves(found, by)

    def predictions(self) -> DataFrame:
        """Return a row per sample of the validation and the test split, with the scores of the best checkpoint."""
        return tables.of_parquet(self.content("predictions.parquet"))

    def results(self) -> dict[str, Any]:
        """Return the final statistics of the best checkpoint by split, `val` and `test`; none before there are any."""
        found = self._client.get(f"{runs.RUNS}{self.id}/final-stats/")
        return dict(found["splits"])

    def files(self) -> list[dict[str, Any]]:
        """Return `name`, `size`, `modified`, `media_type` and `url` of each file."""
        return self._client._carry_out(files.files(self.id, self._client.patience))

    def content(self, name: str) -> bytes:
        """Return the bytes of one of its files."""
        return self._client._carry_out(files.content(self.id, name, self._client.patience))

    def download(self, folder: str | Path = ".", names: str | Iterable[str] | None = None) -> list[Path]:
        """Write its files, or those of these names, into a folder; return their paths."""
        return self._client._carry_out(files.download(self.id, Path(folder), names, self._client.patience))

    def log(self, lines: int = 200) -> list[str]:
        """Return the last lines of its log."""
        found = self._client.get(f"{runs.RUNS}{self.id}/log/", limit=lines)
        return [str(line["text"]) for line in found["lines"]]

    def cancel(self, *, evaluate: bool = False) -> Self:
        """Stop it after the current batch; `evaluate` its best epoch first."""
        return self._acted("cancel", {"evaluate": evaluate})

    def finish(self) -> Self:
        """Stop training after the current batch, evaluate the best epoch, and end it as completed."""
        return self._acted("finish")

    def kill(self) -> Self:
        """End its processes at once."""
        return self._acted("kill")

    def resume(self) -> Self:
        """Queue it again, if it failed or was cancelled, to continue from its last complete epoch."""
        return self._acted("resume")

    def retry(self) -> Run:
        """Queue a new run of the same configuration, and return it."""
        return self._other("retry")

    def clone(self, **changes: Any) -> Run:
        """Queue a new run with changes, and return it."""
        return self._other("clone", changes)

    def delete(self) -> Self:
        """Hide it, if it has ended; `restore` undoes that for some days."""
        self._client._carry_out(runs.act(self.id, "delete", self._client.patience))
        return self

    def restore(self) -> Self:
        """Undo its deletion."""
        return self._acted("restore")

    def rename(self, name: str) -> Self:
        """Give its experiment another name."""
        self._client._carry_out(runs.revise(self.id, {"experiment_name": name}, self._client.patience))
        return self.refresh()

    def describe(self, text: str) -> Self:
        """Say what it is about."""
        self._client._carry_out(runs.revise(self.id, {"description": text}, self._client.patience))
        return self.refresh()

    def tag(self, *add: str, remove: str | Iterable[str] = ()) -> Self:
        """Add tags, and remove others."""
        self._client._carry_out(runs.tag(self.id, add, remove, self._client.patience))
        return self.refresh()

    def _acted(self, action: str, body: Mapping[str, Any] | None = None) -> Self:
        self._client._carry_out(runs.act(self.id, action, self._client.patience, body))
        return self.refresh()

    def _other(self, action: str, body: Mapping[str, Any] | None = None) -> Run:
        answer = self._client._carry_out(runs.act(self.id, action, self._client.patience, body))
        return self._client.run(answer["run_id"])
