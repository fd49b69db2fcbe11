"""What an asynchronous client does with the models of runs that have ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from livetrain.described_run import DescribedRun
from livetrain.operations import evaluating, exporting, predicting
from livetrain.wire import Operation

T = TypeVar("T")


class AsyncModelUse(ABC):
    """Methods of a client that use the model of a run."""

    patience: float

    @abstractmethod
    async def _carry_out(self, operation: Operation[T]) -> T:
        """Do what an operation yields until it returns."""

    async def evaluate(
        self,
        run: int | DescribedRun,
        source_path: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the test
        **options: Any,
    ) -> dict[str, Any]:
        """Test a run's model on another data set, wait for that, and return what it gives.

        Args:
            run: the run, or its number.
            source_path: the other data, as of a training.
            timeout: how many seconds to wait.
            options: further fields of `POST /api/runs/<id>/evaluate/`, such as `site` and `class_names`.

        Raises:
            JobFailed: there is no result, with the reason.
            WaitedTooLong: it goes on after `timeout` seconds.
        """
        number = run.id if isinstance(run, DescribedRun) else run
        asked = {"source_path": source_path, **options}
        return await self._carry_out(evaluating.evaluate(number, asked, timeout, self.patience))

    async def predict(
        self,
        run: int | DescribedRun,
        files: Iterable[predicting.File] | None = None,
        *,
        rows: Any = None,
        source: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - of the worker
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
            return await self._carry_out(predicting.data(run_id, value, self.patience, timeout, told))
        operation = predicting.files if way == "files" else predicting.rows
        return await self._carry_out(operation(run_id, value, self.patience, told))

    async def download_result(self, job: Mapping[str, Any], folder: str | Path = ".") -> list[Path]:
        """Write the files of a job that is done, such as the predictions of a data set, into a folder."""
        return await self._carry_out(predicting.download(job, Path(folder), self.patience))

    async def export(
        self,
        run: int | DescribedRun,
        path: str | Path = ".",
        *,
        format: str = "onnx",
        licence: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - of the worker
    ) -> Path:
        """Write the model of a run that has ended into a folder or a file, `onnx` or `pt2`, and return its path.

        A worker makes the file where there is none; `licence` is what it says of its own.
        """
        run_id = run.id if isinstance(run, DescribedRun) else run
        asked = {"format": format, "licence": licence}
        return await self._carry_out(exporting.export(run_id, Path(path), asked, timeout, self.patience))
