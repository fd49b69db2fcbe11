"""A check of a data set that reports progress and then never ends."""

import threading

from experiments.training.contract.check_reports import Progress, Task
from experiments.training.data.inspection import check


def check_data_set(task: Task, report: object) -> None:
    assert callable(report)
    report(Progress(files=7, size=70, files_done=3, bytes_done=30))
    threading.Event().wait()


if __name__ == "__main__":
    check.check_data_set = check_data_set
    check.main()
