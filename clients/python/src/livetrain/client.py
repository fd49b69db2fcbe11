"""The client that blocks; `make_sync.py` wrote it from `async_client.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx2

from livetrain import tables, transport
from livetrain.address import chosen
from livetrain.described_run import DescribedRun
from livetrain.errors import WaitedTooLong
from livetrain.events import Event
from livetrain.notebook import LiveView
from livetrain.operations import curves, exporting, files, following, predicting, runs, uploading
from livetrain.operations.following import Heard
from livetrain.progress import TOLD_BY
from livetrain.wire import Answer, Failure, Operation, Pause, Request, Result

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")


class Client:
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
        self._http = transport.opened(httpx2.Client, address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def train(
        self,
        options: Mapping[str, Any] | None = None,
        *,
        project: str | int | None = None,
        key: str | None = None,
        **more: Any,
    ) -> Run:
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
        answer = self._carry_out(runs.train(runs.chosen(options, project, more), self.patience, key))
        return self.run(answer["run_id"])

    def check(
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
        return self._carry_out(runs.check(runs.chosen(options, project, more), self.patience, wait))

    def run(self, run_id: int) -> Run:
        """Return a run.

        Raises:
            NotFound: there is none of that number.
        """
        return Run(self, run_id, self._carry_out(runs.detail(run_id, self.patience)))

    def runs(self, **filters: Any) -> Iterator[Run]:
        """Yield runs, the newest first; filters are the parameters of the server's list, such as `status="failed"`.

        What is yielded has the fields of a line of the list; `refresh()` gets all others.
        """
        asked, cursor = runs.as_parameters(filters), None
        while True:
            lines, cursor = self._carry_out(runs.page({**asked, "cursor": cursor}, self.patience))
            for line in lines:
                yield Run(self, line["run_id"], line)
            if cursor is None:
                return

    def compare(self, *compared: int | DescribedRun) -> dict[str, Any]:
        """Say whether the AUROC of two runs or more, or of runs of these numbers, differs by more than chance explains.

        Returns:
            By split what the server's reference says of `/api/runs/differences/`: `splits`.
        """
        ids = [one.id if isinstance(one, DescribedRun) else one for one in compared]
        return self._carry_out(runs.compare(ids, self.patience))

    def upload(
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
        return self._carry_out(uploading.upload(Path(path), name, self.patience, told, project))

    def checked(self, name: str, timeout: float | None = None) -> dict[str, Any]:
        """Wait until the server has checked a data set, and return it: its `state` is `ready` or `refused`.

        Raises:
            WaitedTooLong: it is still being checked after `timeout` seconds.
        """
        found = self._carry_out(uploading.checked(name, timeout, self.patience))
        if found is None:
            raise WaitedTooLong(f"The data set {name} is still being checked after {timeout:g} seconds.")
        return found

    def predict(
        self,
        run: int | DescribedRun,
        files: Iterable[predicting.File] | None = None,
        *,
        rows: Any = None,
        source: str | None = None,
        timeout: float | None = None,
        told: predicting.Told | None = None,
    ) -> dict[str, Any]:
        """Predict with the model of a run that has ended: files, rows, or a data set of the server.

        Args:
            run: the run, or its number.
            files: paths of images or of one table, or pairs of a name and the bytes.
            rows: mappings of columns' names to values, or a DataFrame.
            source: `dataset:NAME`, or a path in the server's data roots, which a worker predicts.
            timeout: at most so many seconds for the worker; 0 returns as soon as it is queued.
            told: is called with how much is predicted, and with all.

        Returns:
            What the server's reference says of `/api/runs/<run_id>/predict/`: the model, its decision, and `items` in
            the order of what was given. Of a data set the job: `status`, `result`, and `files` for `download_result`.
        """
        run_id = run.id if isinstance(run, DescribedRun) else run
        way, value = predicting.given(files=files, rows=rows, source=source)
        if way == "source":
            return self._carry_out(predicting.data(run_id, value, self.patience, timeout, told))
        operation = predicting.files if way == "files" else predicting.rows
        return self._carry_out(operation(run_id, value, self.patience, told))

    def download_result(self, job: Mapping[str, Any], folder: str | Path = ".") -> list[Path]:
        """Write the files of a job that is done, such as the predictions of a data set, into a folder."""
        return self._carry_out(predicting.download(job, Path(folder), self.patience))

    def export(
        self,
        run: int | DescribedRun,
        path: str | Path = ".",
        *,
        format: str = "onnx",
        licence: str | None = None,
        timeout: float | None = None,
    ) -> Path:
        """Write the model of a run that has ended into a folder or a file, `onnx` or `pt2`, and return its path.

        A worker makes the file where there is none; `licence` is what it says of its own.
        """
        run_id = run.id if isinstance(run, DescribedRun) else run
        asked = {"format": format, "licence": licence}
        return self._carry_out(exporting.export(run_id, Path(path), asked, timeout, self.patience))

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of any path of the API, such as `/api/queue/`."""
        path, asked = runs.address_of(path, parameters)
        return self._carry_out(runs.get(path, self.patience, asked, seconds=60))

    def _carry_out(self, operation: Operation[T]) -> T:
        """Do what an operation yields until it returns."""
        got: Result = None
        while True:
            try:
                step = operation.send(got)
            except StopIteration as end:
                returned: T = end.value
                return returned
            got = self._do(step, operation)

    def _follow(self, operation: following.Following) -> Iterator[Event]:
        got: Result = None
        while True:
            try:
                step = operation.send(got)
            except StopIteration:
                return
            if isinstance(step, Heard):
                yield from step.events
                got = None
            else:
                got = self._do(step, operation)

    def _do(self, step: Request | Pause, operation: Any) -> Result:
        try:
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                return None
            return self._answer(step)
        except BaseException:
            operation.close()
            raise

    def _answer(self, request: Request) -> Answer | Failure:
        try:
            with self._http.stream(**transport.arguments(request)) as response:
                if request.into is not None and response.status_code < 300:
                    with transport.created(request.into) as file:
                        for part in response.iter_bytes(transport.PIECE):
                            file.write(part)
                    return transport.answer(response, b"")
                return transport.answer(response, response.read())
        except httpx2.RequestError as error:
            return transport.failure(error)


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
