"""The process that looks at data for a server: what it answers, and that it survives whatever a look does to it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from experiments.processes import inspection_process, isolated_process
from experiments.processes.inspection_process import Answer, InspectionProcess
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import Fine, OfContents, OfTraining, Patience, Refused, Undecided
from experiments.training.data.inspection import inspection_server
from tests.experiments.training.datasets import with_csv, zipped
from tests.test_architecture import LOCAL_IMPORTS
from tests.waiting import eventually

LONG = Patience(20.0, 60.0, 60.0)
ODD = "tests.experiments.recipes.inspects_oddly"


def training(
    name: str = "x",
    source: str | Path = "builtin:breast-cancer",
    *,
    roots: tuple[Path, ...] = (),
    stamp: str | None = None,
    **data: Any,
) -> OfTraining:
    config = TrainingConfig.model_validate({"experiment_name": name, "source_path": str(source), "data": data})
    return OfTraining(
        config=config.model_dump(mode="json"),
        roots=[str(root) for root in roots],
        cache_bytes=2**30,
        answered=True,
        stamp=stamp,
    )


@pytest.fixture(scope="module")
def real() -> Iterator[InspectionProcess]:
    process = InspectionProcess()
    yield process
    process.close()


@pytest.fixture(scope="module")
def lasting() -> Iterator[InspectionProcess]:
    """Make one whose looks go wrong, for tests that do it no harm."""
    process = InspectionProcess(module=ODD)
    yield process
    process.close()


@pytest.fixture
def odd() -> Iterator[InspectionProcess]:
    process = InspectionProcess(module=ODD)
    yield process
    process.close()


def refusal(answer: Answer) -> tuple[str, str]:
    assert isinstance(answer, Refused), answer
    return answer.field, answer.message


def server(process: InspectionProcess) -> psutil.Process:
    """Return the process itself, by what one of its looks says of its parent."""
    _, told = refusal(process.ask(training("tell"), LONG))
    return psutil.Process(int(told.split()[0]))


def test_what_can_be_trained_on_is_fine(real: InspectionProcess, tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "lungs")
    assert real.ask(training(), LONG) == Fine()
    assert real.ask(training(source=folder, roots=(tmp_path,), batch_size=2), LONG) == Fine()
    assert real.ask(training(source=zipped(folder), roots=(tmp_path,), batch_size=2), LONG) == Fine()


def test_a_fault_is_told_with_its_field(real: InspectionProcess, tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "lungs")
    field, message = refusal(real.ask(training(source=folder, roots=(tmp_path,), batch_size=9), LONG))
    assert (field, message[:35]) == ("data.batch_size", "9 is more than the 8 training sampl")
    assert refusal(real.ask(training(source="/etc", roots=(tmp_path,)), LONG))[0] == "source_path"
    stamp = "0" * 64
    found = real.ask(training(source=folder, roots=(tmp_path,), batch_size=2, stamp=stamp), LONG)
    assert "has changed since its content hash was taken" in refusal(found)[1]


def test_the_contents_of_a_file_alone(real: InspectionProcess, tmp_path: Path) -> None:
    def ask(path: Path) -> Answer:
        of = OfContents(path=str(path), roots=[str(tmp_path)])
        return real.ask(of, LONG)

    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no archive")
    assert "not a zip file or is broken" in refusal(ask(tmp_path / "broken.zip"))[1]
    (tmp_path / "empty.csv").touch()  # its check says what is missing
    assert ask(tmp_path / "empty.csv") == Fine()


def test_what_is_loaded_beforehand_exists() -> None:
    """What does not is passed over when the process starts, and each look would load it again."""
    optional = {"pydicom.pixels"}
    assert [name for name in inspection_server.NEEDED if name not in optional and not find_spec(name)] == []
    local = {module for _, module in LOCAL_IMPORTS if module.startswith("experiments.training.data")}
    assert all(any(name.startswith(module) for name in inspection_server.NEEDED) for module in local)


def test_options_that_only_the_server_knows_are_no_fault_of_the_data(real: InspectionProcess) -> None:
    asked = training()
    asked.config["model"] = {"name": "a network of another team"}
    answer = real.ask(asked, LONG)
    assert isinstance(answer, Undecided)
    assert "options" in answer.why


def test_it_knows_nothing_that_is_worth_telling(odd: InspectionProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://livetrain:secret@db/livetrain")
    _, told = refusal(odd.ask(training("tell"), LONG))
    server, niceness = map(int, told.split())
    assert psutil.Process(server).environ().keys() <= isolated_process.environment().keys()
    assert niceness == os.nice(0)  # somebody waits for it


@pytest.mark.parametrize(("name", "signal"), [("crash", "SIGSEGV"), ("be killed", "SIGKILL")])
def test_a_file_that_kills_its_reader_is_told_in_words(lasting: InspectionProcess, name: str, signal: str) -> None:
    before = server(lasting)
    field, message = refusal(lasting.ask(training(name), LONG))
    assert field == "source_path"
    assert re.fullmatch(
        rf"The process that looked at these data was killed by {signal}.*; a file in them may be damaged\.", message
    )
    assert server(lasting) == before  # which took no harm


def test_a_fault_of_ours_is_told_without_its_words(odd: InspectionProcess, capfd: pytest.CaptureFixture[str]) -> None:
    field, message = refusal(odd.ask(training("stumble"), LONG))
    assert (field, "fault of ours" in message) == ("source_path", False)
    assert "log" in message
    assert "KeyError: 'a fault of ours'" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "patience", "why"),
    [
        ("spin", Patience(0.2, 60.0, 60.0), "longer"),
        ("spin", Patience(20.0, 0.2, 60.0), "longer"),
        ("sleep", Patience(20.0, 0.1, 0.3), "longer"),
        ("fill the memory", LONG, "memory"),
        ("exit", LONG, "exit code 3"),
    ],
)
def test_what_takes_too_much_stays_undecided(
    lasting: InspectionProcess, name: str, patience: Patience, why: str
) -> None:
    before = server(lasting)
    answer = lasting.ask(training(name), patience)
    assert isinstance(answer, Undecided)
    assert why in answer.why
    assert server(lasting) == before
    assert eventually(lambda: not before.children())


def test_what_the_machine_kept_from_computing_gets_more_time(lasting: InspectionProcess, tmp_path: Path) -> None:
    asked = training("wait", tmp_path / "done")
    touching = threading.Timer(0.5, (tmp_path / "done").touch)
    touching.start()
    assert lasting.ask(asked, Patience(20.0, 0.1, 60.0)) == Fine()


def test_a_slow_look_delays_no_other(lasting: InspectionProcess, tmp_path: Path) -> None:
    answers: list[Answer] = []
    slow = threading.Thread(target=lambda: answers.append(lasting.ask(training("wait", tmp_path / "done"), LONG)))
    slow.start()
    pid = server(lasting)
    eventually(pid.children)
    for _ in range(3):
        assert lasting.ask(training(), LONG) == Fine()
    assert not answers
    (tmp_path / "done").touch()
    slow.join(30)
    assert answers == [Fine()]


def test_one_that_hangs_is_killed_and_replaced(odd: InspectionProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    before = server(odd)
    assert odd.ask(training("stop the server"), LONG) == Fine()  # which its own process could still say
    monkeypatch.setattr(inspection_process, "START_SECONDS", 0.5)
    answer = odd.ask(training(), LONG)
    assert isinstance(answer, Undecided)
    assert "no sign of life" in answer.why
    assert not before.is_running()
    monkeypatch.undo()
    assert odd.ask(training(), LONG) == Fine()


def test_one_that_is_killed_while_it_looks_leaves_nothing_behind(odd: InspectionProcess) -> None:
    before = server(odd)
    answer = odd.ask(training("kill the server"), Patience(20.0, 0.5, 0.5))
    assert isinstance(answer, Undecided)
    assert not before.is_running()
    assert odd.ask(training(), LONG) == Fine()


def test_one_that_died_in_between_is_started_again(odd: InspectionProcess) -> None:
    before = server(odd)
    before.kill()
    eventually(lambda: before.status() == psutil.STATUS_ZOMBIE)
    assert odd.ask(training(), LONG) == Fine()
    assert server(odd) != before


def test_one_that_nobody_needs_ends_and_comes_back() -> None:
    process = InspectionProcess(["0.3"], module=ODD)
    first = server(process)
    assert eventually(lambda: first.status() == psutil.STATUS_ZOMBIE)
    assert process.ask(training(), LONG) == Fine()
    process.close()


def test_it_ends_with_its_server(odd: InspectionProcess) -> None:
    process = server(odd)
    assert odd._running is not None
    odd._running.control.close()  # what the death of this side would do
    assert eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_one_that_cannot_start_leaves_it_undecided() -> None:
    process = InspectionProcess(module="tests.experiments.recipes.no_such_module")
    started = time.monotonic()
    assert isinstance(process.ask(training(), LONG), Undecided)
    assert time.monotonic() - started < inspection_process.START_SECONDS
    process.close()
