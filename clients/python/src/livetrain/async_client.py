"""The client for asyncio: the same as `Client`, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2

from livetrain import transport
from livetrain.address import chosen
from livetrain.async_model_use import AsyncModelUse
from livetrain.async_run import AsyncRun
from livetrain.described_run import DescribedRun
from livetrain.errors import WaitedTooLong
from livetrain.events import Event
from livetrain.operations import following, runs, uploading
from livetrain.operations.following import Heard
from livetrain.wire import Answer, Failure, Operation, Pause, Request, Result

T = TypeVar("T")


class AsyncClient(AsyncModelUse):
    """A server, and the runs there. Close it, or use it as a context manager.

    Args:
        url: the server's address; else `LIVETRAIN_URL`, else that of `livetrain login`.
        token: an API token; else `LIVETRAIN_TOKEN`, else that of `livetrain login`.
        patience: how many seconds a server that does not answer, or is busy, is asked again.

    Raises:
        Misconfigured: one of the first two is known from nowhere.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, patience: float = 60.0) -> None:
        address = chosen(url, token)
        self.url, self.patience = address.url, patience
        self._http = transport.opened(httpx2.AsyncClient, address)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def train(
        self,
        options: Mapping[str, Any] | None = None,
        *,
        project: str | int | None = None,
        key: str | None = None,
        **more: Any,
    ) -> AsyncRun:
        """Queue a training.

        Args:
            options: of the training, as the server's reference names them: `source_path`, `trainer`, …
            project: where the run belongs, by name or number; else the only one in which you train, or "Default".
            key: two requests with the same key make one run; by default each call makes its own.
            more: options, which count instead of those of the same name.

        Returns:
            The run; of a cross-validation its first fold, whose `details["group_id"]` leads to the others.

        Raises:
            BadRequest: options are wrong; `errors` names each with its cure.
        """
        answer = await self._carry_out(runs.train(runs.chosen(options, project, more), self.patience, key))
        return await self.run(answer["run_id"])

    async def check(
        self,
        options: Mapping[str, Any] | None = None,
        *,
        project: str | int | None = None,
        wait: float = 20.0,
        **more: Any,
    ) -> dict[str, Any]:
        """Let the server look at the options and the data of a training, and return its report; nothing is trained.

        Args:
            options: as of `train`.
            project: as of `train`; its members see the report.
            wait: at most so many seconds; then `report` is None, and `preflight_id` leads to it.
            more: options, which count instead of those of the same name.
        """
        return await self._carry_out(runs.check(runs.chosen(options, project, more), self.patience, wait))

    async def run(self, run_id: int) -> AsyncRun:
        """Return a run.

        Raises:
            NotFound: there is none of that number.
        """
        return AsyncRun(self, run_id, await self._carry_out(runs.detail(run_id, self.patience)))

    async def runs(self, **filters: Any) -> AsyncIterator[AsyncRun]:
        """Yield runs, the newest first; filters are the parameters of the server's list, such as `status="failed"`.

        What is yielded has the fields of a line of the list; `refresh()` gets all others.
        """
        asked, cursor = runs.as_parameters(filters), None
        while True:
            lines, cursor = await self._carry_out(runs.page({**asked, "cursor": cursor}, self.patience))
            for line in lines:
                yield AsyncRun(self, line["run_id"], line)
            if cursor is None:
                return

    async def compare(self, *compared: int | DescribedRun) -> dict[str, Any]:
        """Say whether the AUROC of two runs or more, or of runs of these numbers, differs by more than chance explains.

        Returns:
            By split what the server's reference says of `/api/runs/differences/`: `splits`.
        """
        ids = [one.id if isinstance(one, DescribedRun) else one for one in compared]
        return await self._carry_out(runs.compare(ids, self.patience))

    async def upload(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        project: str | int | None = None,
        told: Callable[[int, int], object] | None = None,
    ) -> dict[str, Any]:
        """Upload a file as a data set, and return it; an upload of the same file that broke off is continued.

        Args:
            path: of a table, or of a zip of images.
            name: of the data set; else the file's.
            project: where the data set belongs, as of `train`.
            told: is called with the bytes that have arrived, and with all.
        """
        return await self._carry_out(uploading.upload(Path(path), name, self.patience, told, project))

    async def checked(self, name: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ASYNC109 - of the check
        """Wait until the server has checked a data set, and return it: its `state` is `ready` or `refused`.

        Raises:
            WaitedTooLong: it is still being checked after `timeout` seconds.
        """
        found = await self._carry_out(uploading.checked(name, timeout, self.patience))
        if found is None:
            raise WaitedTooLong(f"The data set {name} is still being checked after {timeout:g} seconds.")
        return found

    async def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of any path of the API, such as `/api/queue/`."""
        path, asked = runs.address_of(path, parameters)
        return await self._carry_out(runs.get(path, self.patience, asked, seconds=60))

    async def _carry_out(self, operation: Operation[T]) -> T:
        """Do what an operation yields until it returns."""
        got: Result = None
        while True:
            try:
                step = operation.send(got)
            except StopIteration as end:
                returned: T = end.value
                return returned
            got = await self._do(step, operation)

    async def _follow(self, operation: following.Following) -> AsyncIterator[Event]:
        got: Result = None
        while True:
            try:
                step = operation.send(got)
            except StopIteration:
                return
            if isinstance(step, Heard):
                for event in step.events:
                    yield event
                got = None
            else:
                got = await self._do(step, operation)

    async def _do(self, step: Request | Pause, operation: Any) -> Result:
        try:
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                return None
            return await self._answer(step)
        except BaseException:
            operation.close()
            raise

    async def _answer(self, request: Request) -> Answer | Failure:
        try:
            async with self._http.stream(**transport.arguments(request)) as response:
                if request.into is not None and response.status_code < 300:
                    with transport.created(request.into) as file:
                        async for part in response.aiter_bytes(transport.PIECE):
                            file.write(part)
                    return transport.answer(response, b"")
                return transport.answer(response, await response.aread())
        except httpx2.RequestError as error:
            return transport.failure(error)
