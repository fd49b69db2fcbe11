"""The lanes of `make test`: each test is in one of them, none is lost on the way, and what one says is heard."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests import integration, side_by_side
from tests.side_by_side import LANES, LANES_PER_CORE, PLACES, ROOT, SHOWN
from tests.waiting import eventually

FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))
LANE = """
import pathlib, sys, time
folder, name, together, status = pathlib.Path(sys.argv[1]), *sys.argv[2:]
(folder / "started" / name).touch()
(folder / "running" / name).touch()
print(f"{name} beside", len(list((folder / "running").iterdir())) - 1)
deadline = time.monotonic() + 60
while len(list((folder / "started").iterdir())) < int(together):
    assert time.monotonic() < deadline, "too few run side by side"
    time.sleep(0.02)
(folder / "running" / name).unlink()
sys.exit(int(status))
"""


def collects(words: Sequence[str], path: Path) -> bool:
    """Tell whether a pytest with these arguments collects the file: under a place it names, under none it ignores."""
    above = {str(path), *map(str, path.parents)}
    ignored = {word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")}
    return bool(above & set(words)) and not above & ignored


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_of_tests_is_in_one_lane(path: Path) -> None:
    lanes = [name for name, words in LANES.items() if words[1] == "pytest" and collects(words, path)]
    assert len(lanes) == 1


def test_places_are_those_of_the_tests_on_disk() -> None:
    once_more = (*integration.CORE, *integration.QUEUE)
    named = [place for places in PLACES.values() for place in places] + [name.partition("::")[0] for name in once_more]
    for place in named:
        assert [path for path in FILES if path.is_relative_to(place)], f"{place} holds no tests"


def test_each_broker_has_a_lane_of_the_integration_tests() -> None:
    chosen = [words for words in LANES.values() if words[1] == "tests.integration"]
    own = [{*words} & {*integration.OWN_WORDS} for words in chosen]
    assert [word for words in chosen for word in words if word.startswith("--only=")].count("--only=rabbitmq") == 1
    on_redis = [words for words in own if "--only=redis" in words]
    assert len(chosen) == len(on_redis) + 1
    cores = [integration.CHOICES[word] for words in on_redis for word in words if word in integration.CHOICES]
    assert len(cores) == len(on_redis)
    assert sorted(place for core in cores for place in core) == sorted(integration.CORE), "each place in one lane"


def test_every_lane_tries_again_and_the_first_one_is_shown() -> None:
    assert next(iter(LANES)) == SHOWN
    assert [name for name, words in LANES.items() if not {*side_by_side.AGAIN} <= {*words}] == []


def lanes_that_meet(folder: Path, together: int) -> dict[str, Sequence[str]]:
    """Make lanes that end when so many have started, and say how many run beside them; one fails with 3."""
    for name in ("started", "running"):
        (folder / name).mkdir()
    names = (SHOWN, *(f"lane{number}" for number in range(1, 11)))
    return {name: ["-c", LANE, str(folder), name, str(together), "3" if name == "lane2" else "0"] for name in names}


def said(text: str) -> list[tuple[str, int]]:
    """Each lane that said something, in the order of the output, with how many ran beside it when it started."""
    lines = [line.split(" beside ") for line in text.splitlines() if " beside " in line and "sys.argv" not in line]
    return [(name, int(number)) for name, number in lines]


@pytest.mark.parametrize(("cores", "at_once"), [(1, 1), (2, 2 * LANES_PER_CORE), (64, 11)])
def test_all_lanes_run_and_the_worst_status_is_the_whole_ones(
    cores: int, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lanes = lanes_that_meet(tmp_path, at_once)
    monkeypatch.setattr(side_by_side, "LANES", lanes)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert side_by_side.main() == 3
    output = capfd.readouterr().out
    found = said(output)
    assert [name for name, _ in found] == list(lanes)
    closing = output.splitlines()[-len(lanes) :]
    assert {line.split(": ")[0] for line in closing} == {f"== lane of {name}" for name in lanes}
    assert max(number for _, number in found) < at_once


def test_a_lane_that_a_signal_ends_fails(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    killed = ["-c", "import os; os.kill(os.getpid(), 9)"]
    monkeypatch.setattr(side_by_side, "LANES", {SHOWN: ["-c", "pass"], "killed": killed})
    assert side_by_side.main() == 1
    assert "exit status -9" in capfd.readouterr().out


def test_the_time_of_what_outlives_its_parent_is_counted(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """So do fork servers, which take most of the time of some lanes."""
    busy = "import time\nwhile time.process_time() < 1.2: pass"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {busy!r}])"
    # The second one lasts until the first one's child, which it does not know, has ended.
    waits = (
        f"import subprocess, sys, time, psutil; subprocess.run([sys.executable, '-c', {parent!r}])\n"
        "while len(psutil.Process().parent().children()) > 1: time.sleep(0.05)"
    )
    monkeypatch.setattr(side_by_side, "LANES", {SHOWN: ["-c", "pass"], "orphans": ["-c", waits]})
    assert side_by_side.main() == 0
    times = dict(re.findall(r"== lane of (\w+): \d+ s, (\d+) CPU seconds, exit status 0", capfd.readouterr().out))
    assert int(times["orphans"]) >= 1
    assert int(times[SHOWN]) < 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_lane_outlives_the_whole(number: signal.Signals) -> None:
    """Even where the shell that started it ignores SIGINT, as one does for what it runs in the background."""
    script = (
        "import signal, sys; from tests import side_by_side as lanes\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "lanes.LANES = dict.fromkeys((lanes.SHOWN, 'other'), ['-c', 'import time; time.sleep(60)'])\n"
        "lanes.end_with_its_lanes(); sys.exit(lanes.main())"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.DEVNULL) as whole:
        started = psutil.Process(whole.pid)
        expected = 4 if (os.cpu_count() or 1) > 1 else 2  # each lane and its command
        children = eventually(lambda: all_of(started, expected), within=60)
        whole.send_signal(number)
        assert whole.wait(60) != 0
    assert psutil.wait_procs(children, timeout=60)[1] == []


def all_of(process: psutil.Process, expected: int) -> list[psutil.Process] | None:
    """Find the processes below this one, once there are as many as expected."""
    found = process.children(recursive=True)
    return found if len(found) == expected else None
