"""A run for asyncio: the same as `Run`, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
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

    from livetrain.async_client import AsyncClient


class AsyncRun(DescribedRun):
    """A run of a server."""

    def __init__(self, client: AsyncClient, run_id: int, details: Mapping[str, Any]) -> None:
        super().__init__(client.url, run_id, details)
        self._client = client

    async def refresh(self) -> Self:
        """Ask for its present state, and return it."""
        self.details = await self._client._carry_out(runs.detail(self.id, self._client.patience))
        return self

    async def events(
        self, after: int = 0, *, types: str | Iterable[str] = (), beyond_end: bool = False
    ) -> AsyncIterator[Event]:
        """Yield its events as they happen, each once and in order, until the run has ended.

        A connection that breaks, or a server that starts again, is not noticed: it goes on behind the last event.

        Args:
            after: the number of the last event that is known already.
            types: only events of these types, such as `["epoch_end"]`.
            beyond_end: go on when the run has ended, since it may be resumed.
        """
        patience = self._client.patience
        async for event in self._client._follow(
            following.follow(self.id, patience, after, types, beyond_end=beyond_end)
        ):
            yield event

    async def wait(self, timeout: float | None = None, *, check: bool = False) -> Self:  # noqa: ASYNC109 - of the run
        """Wait until it has ended, and return it.

        Args:
            timeout: at most so many seconds.
            check: raise RunFailed unless it has completed.

        Raises:
            WaitedTooLong: it goes on after that time.
        """
        while not (await self.refresh()).ended:
            after, patience = int(self.details["last_seq"]), self._client.patience
            if not await self._client._carry_out(following.until_ended(self.id, after, timeout, patience)):
                if (await self.refresh()).ended:
                    break
                raise WaitedTooLong(f"Run {self.id} is still {self.status} after {timeout:g} seconds.")
        if check:
            self.check()
        return self

    async def watch(self) -> Self:
        """Show it until it has ended, live in a notebook, elsewhere a line per epoch; return it."""
        view = LiveView(self)
        async for event in self.events(types=TOLD_BY):
            view.take(event)
        await self.refresh()
        view.end()
        return self

    async def history(self) -> DataFrame:
        """Return a row per epoch, counted from 0, and a column per metric."""
        return tables.of_history(await self._client._carry_out(curves.history(self.id, self._client.patience)))

    async def curves(self, *names: str, by: str = "step") -> DataFrame:
        """Return curves with every sample: a row per place on the axis, and a column per curve.

        Args:
            names: such as `batch/loss`, or `batch/*` for all that begin so; `batch/*` where there are none.
            by: `step`, `epoch` or `time`.
        """
        found = await self._client._carry_out(curves.curves(self.id, names or ("batch/*",), by, self._client.patience))
        return tables.of_curves(found, by)

    async def predictions(self) -> DataFrame:
        """Return a row per sample of the validation and the test split, with the scores of the best checkpoint."""
        return tables.of_parquet(await self.content("predictions.parquet"))

    async def results(self) -> dict[str, Any]:
        """Return the final statistics of the best checkpoint by split, `val` and `test`; none before there are any."""
        found = await self._client.get(f"{runs.RUNS}{self.id}/final-stats/")
        return dict(found["splits"])

    async def files(self) -> list[dict[str, Any]]:
        """Return `name`, `size`, `modified`, `media_type` and `url` of each file."""
        return await self._client._carry_out(files.files(self.id, self._client.patience))

    async def content(self, name: str) -> bytes:
        """Return the bytes of one of its files."""
        return await self._client._carry_out(files.content(self.id, name, self._client.patience))

    async def download(self, folder: str | Path = ".", names: str | Iterable[str] | None = None) -> list[Path]:
        """Write its files, or those of these names, into a folder; return their paths."""
        return await self._client._carry_out(files.download(self.id, Path(folder), names, self._client.patience))

    async def log(self, lines: int = 200) -> list[str]:
        """Return the last lines of its log."""
        found = await self._client.get(f"{runs.RUNS}{self.id}/log/", limit=lines)
        return [str(line["text"]) for line in found["lines"]]

    async def cancel(self, *, evaluate: bool = False) -> Self:
        """Stop it after the current batch; `evaluate` its best epoch first."""
        return await self._acted("cancel", {"evaluate": evaluate})

    async def finish(self) -> Self:
        """Stop training after the current batch, evaluate the best epoch, and end it as completed."""
        return await self._acted("finish")

    async def kill(self) -> Self:
        """End its processes at once."""
        return await self._acted("kill")

    async def resume(self) -> Self:
        """Queue it again, if it failed or was cancelled, to continue from its last complete epoch."""
        return await self._acted("resume")

    async def retry(self) -> AsyncRun:
        """Queue a new run of the same configuration, and return it."""
        return await self._other("retry")

    async def clone(self, **changes: Any) -> AsyncRun:
        """Queue a new run with changes, and return it."""
        return await self._other("clone", changes)

    async def delete(self) -> Self:
        """Hide it, if it has ended; `restore` undoes that for some days."""
        await self._client._carry_out(runs.act(self.id, "delete", self._client.patience))
        return self

    async def restore(self) -> Self:
        """Undo its deletion."""
        return await self._acted("restore")

    async def rename(self, name: str) -> Self:
        """Give its experiment another name."""
        await self._client._carry_out(runs.revise(self.id, {"experiment_name": name}, self._client.patience))
        return await self.refresh()

    async def describe(self, text: str) -> Self:
        """Say what it is about."""
        await self._client._carry_out(runs.revise(self.id, {"description": text}, self._client.patience))
        return await self.refresh()

    async def tag(self, *add: str, remove: str | Iterable[str] = ()) -> Self:
        """Add tags, and remove others."""
        await self._client._carry_out(runs.tag(self.id, add, remove, self._client.patience))
        return await self.refresh()

    async def _acted(self, action: str, body: Mapping[str, Any] | None = None) -> Self:
        await self._client._carry_out(runs.act(self.id, action, self._client.patience, body))
        return await self.refresh()

    async def _other(self, action: str, body: Mapping[str, Any] | None = None) -> AsyncRun:
        answer = await self._client._carry_out(runs.act(self.id, action, self._client.patience, body))
        return await self._client.run(answer["run_id"])
