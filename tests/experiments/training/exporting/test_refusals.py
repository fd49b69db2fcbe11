"""What cannot be written as a file, and what is not offered: each in clear words with the cure."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from experiments.training.exporting import building, model_graph, onnx_file, verification
from experiments.training.exporting.file_request import Format
from experiments.training.exporting.verification import sample_of
from experiments.training.prediction.errors import ModelError
from tests.experiments.training.exporting.exported import FACTS
from tests.experiments.training.exporting.untrained import LooksAtValues, NotInOnnx, Scores, model_of


def refusal(path: Path, network: nn.Module | None = None, form: Format = "onnx", **fields: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        building.write(model_of(network, **fields), FACTS, form, path, lambda _: None)
    assert not path.exists()
    return caught.value


def test_a_network_without_one_score_for_each_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path / "a.onnx", Scores(2))
    assert found.field == "networks"
    assert "gives the shape (12, 2) for 12 samples, not one score for each, so" in found.message
    assert "Let forward of the module return the scores before sigmoid or softmax" in found.message
    found = refusal(tmp_path / "a.onnx", Scores(2), classes=3)
    assert "not one score for each and class" in found.message


@pytest.mark.parametrize("form", ["onnx", "pt2"])
def test_a_network_that_decides_by_values_is_refused_with_the_cure(tmp_path: Path, form: Format) -> None:
    found = refusal(tmp_path / f"a.{form}", LooksAtValues(1), form)
    assert found.field == "networks"
    assert found.message.startswith("torch.export cannot follow the network: ")
    assert found.message.endswith("rewrite such lines with torch.where, or with shapes of the input alone.")
    assert "\n" not in found.message
    assert len(found.message) < 700


def test_a_network_with_an_operator_that_onnx_lacks_can_be_had_as_pt2(tmp_path: Path) -> None:
    found = refusal(tmp_path / "a.onnx", NotInOnnx(1))
    assert found.message.startswith("The network cannot be written as ONNX: ")
    assert "bessel_j0" in found.message
    assert "Ask for the format pt2" in found.message
    model = model_of(NotInOnnx(1))
    assert building.write(model, FACTS, "pt2", tmp_path / "a.pt2", lambda _: None).deviation < 1e-6


def test_without_the_extra_there_is_no_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None if name == "onnxscript" else find_spec(name))
    message = refusal(tmp_path / "a.onnx").message
    assert 'make setup EXTRAS="onnx"' in message
    assert "pt2" in message


def test_weights_that_no_onnx_file_can_hold_are_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 100)
    assert "one ONNX file holds less than 2; ask for the format pt2" in refusal(tmp_path / "a.onnx").message


@pytest.mark.parametrize(("name", "changed"), [("score", lambda found: found + 2e-4), ("score", np.log)])
def test_a_file_whose_scores_differ_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, changed: Any
) -> None:
    write_as(monkeypatch, name, changed)
    message = refusal(tmp_path / "a.pt2", form="pt2").message
    assert "its scores differ from the network's own by up to" in message
    assert "it is not offered" in message


def test_a_file_that_decides_otherwise_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_as(monkeypatch, "label", lambda found: 1 - found)
    assert "decides otherwise than the run on 12 of 12 samples" in refusal(tmp_path / "a.pt2", form="pt2").message


def write_as(monkeypatch: pytest.MonkeyPatch, name: str, changed: Any) -> None:
    """Let files be read with one output changed; nothing is written."""

    def outputs(_path: Path, given: torch.Tensor) -> dict[str, Any]:
        graph = model_graph.graph_of(model_of(), None)
        found = {key: value.numpy() for key, value in graph(given).items()}
        return found | {name: changed(found[name])}

    def write(_graph: Any, _example: Any, path: Path, _metadata: Any) -> None:
        path.touch()

    monkeypatch.setitem(building._BY_FORMAT, "pt2", (write, outputs))


def test_what_files_are_compared_on_differs(tmp_path: Path) -> None:
    del tmp_path
    given = sample_of(model_of(), None).given
    assert given.dtype == torch.uint8
    assert len({bytes(one.numpy().tobytes()) for one in given}) == len(given) == verification.SAMPLES
