"""What a training loads, and that what it leaves out is there for who uses it."""

from __future__ import annotations

import json
from pathlib import Path

from experiments.processes.training_process import TrainingProcess
from tests.experiments.training.trainings import job_of, outcome

LEFT_OUT = {
    "django": "the worker's program, which Python would run again",
    "pandas": "Arrow looks whether what it is given comes from there",
    "scipy.signal": "torchmetrics adds a function to it",
    "sklearn": "the built-in data are read from its files",
    "sympy": "a part of PyTorch's compiler",
    "torch._dynamo": "PyTorch's compiler",
}


def test_a_training_loads_nothing_that_it_does_not_use_and_a_compiled_network_works(tmp_path: Path, warm: None) -> None:
    asked = job_of(
        tmp_path, source_path="builtin:breast-cancer", data={"test_fraction": 0.2}, trainer={"max_epochs": 1}
    )
    process = TrainingProcess(asked, recipe="tests.experiments.recipes.tells_modules")
    received = [message for batch in process.batches(5.0) for message, _, _ in batch or ()]
    assert process.close() == 0
    assert outcome(received).status == "completed"
    told = json.loads((Path(asked.run_dir) / "modules.json").read_text())
    assert set(LEFT_OUT) & set(told["loaded"]) == set()
    assert "torch" in told["loaded"]
    assert all(told["compiled"])
