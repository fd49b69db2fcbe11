"""The times by which expensive tests are found count other processes too, whether they have ended or not."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

from tests import cpu_seconds
from tests.waiting import eventually

WORK = "import time\nwhile time.process_time() < 0.3: pass\n"


def test_a_process_counts_when_it_has_ended() -> None:
    before = cpu_seconds.cpu_seconds()
    subprocess.run([sys.executable, "-c", WORK], check=True)
    assert 0.25 < cpu_seconds.cpu_seconds() - before < 3  # the system counts in hundredths, several of them


def test_a_process_counts_while_it_lives() -> None:
    before = cpu_seconds.cpu_seconds()
    living = subprocess.Popen([sys.executable, "-c", WORK + "input()"], stdin=subprocess.PIPE)
    try:
        eventually(lambda: cpu_seconds.cpu_seconds() - before > 0.25)
    finally:
        living.kill()
        living.wait()


def test_files_and_tests_are_listed_from_the_most_expensive_on() -> None:
    spent = Counter({"tests/a.py::one": 1, "tests/b.py::two": 3, "tests/a.py::three": 4})
    assert cpu_seconds.most(cpu_seconds.by_file(spent)) == ["    5.00 tests/a.py", "    3.00 tests/b.py"]
    assert cpu_seconds.most(spent)[0] == "    4.00 tests/a.py::three"
