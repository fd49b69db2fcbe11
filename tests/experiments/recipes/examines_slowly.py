"""An examination that tells of its progress and then takes for ever."""

import threading

from experiments.training.data import examination
from experiments.training.data.examination import Progress, Report, Task


def examine(task: Task, tell: object) -> None:
    assert callable(tell)
    report: Report = Progress(files=7, size=70, files_done=3, bytes_done=30)
    tell(report)
    threading.Event().wait()


if __name__ == "__main__":
    examination.examine = examine
    examination.main()
