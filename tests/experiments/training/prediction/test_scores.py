"""Scores, probabilities and decisions are those of the run; what cannot be loaded says why."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch
from scipy.special import expit, softmax

from experiments.training.model_source import ModelSource
from experiments.training.prediction import scores
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.trained_model import load
from tests.experiments.training.prediction.trained import Trained


def source(**changed: object) -> ModelSource:
    plain: dict[str, object] = {"run_id": 1, "attempt": 1, "config": {}, "checkpoint": "", "folder": "", "sha256": ""}
    return ModelSource(**plain | {"classes": ["no", "yes"], "own_threshold": 0.5} | changed)  # type: ignore[arg-type]


def saved(threshold: float, log_odds: float | None = None) -> dict[str, object]:
    return {"holds": "saved", "saved": {"threshold": threshold, "log_odds": log_odds}, "own": {"threshold": 0.5}}


def test_a_threshold_that_is_a_score_calls_its_sample_whatever_the_last_digits_are() -> None:
    logits = np.sort(np.random.default_rng(0).normal(0, 4, 200).astype(np.float32)).astype(np.float64)
    for at in range(0, 200, 7):
        found = source(decision=saved(float(expit(logits[at]))))
        for drift in (-3e-7, 0.0, 3e-7):
            said = scores.decided(logits * (1 + drift), found)
            assert said.tolist() == [0] * at + [1] * (200 - at)


def test_a_threshold_between_scores_is_taken_as_it_is() -> None:
    logits = np.array([-0.3, -1e-9, 0.0, 1e-9, 0.3])
    assert scores.decided(logits, source()).tolist() == [0, 0, 1, 1, 1]
    assert scores.decided(logits, source(own_threshold=float(expit(0.2)))).tolist() == [0, 0, 0, 0, 1]
    assert scores.decided(np.array([39.0, 40.0, 41.0]), source(decision=saved(1.0, 39.5))).tolist() == [0, 1, 1]


def test_what_decides_is_named() -> None:
    by = [source(), source(decision=saved(0.3)), source(decision={"holds": "own", "saved": None})]
    found = [scores.scored(np.array([0.0]), one)[0].decided_by for one in by]
    assert found == ["own_threshold", "saved_point", "own_threshold"]
    assert [one.threshold for one in by] == [0.5, 0.3, 0.5]


def test_probabilities_are_platts() -> None:
    logits = np.array([-3.0, 0.2, 50.0])
    found = scores.scored(logits, source(recalibration={"slope": 0.7, "intercept": -1.0}))
    assert [one.probabilities["yes"] for one in found if one.probabilities] == pytest.approx(expit(-1 + 0.7 * logits))
    assert [one.scores["yes"] for one in found] == pytest.approx(expit(logits))
    assert [sum(one.scores.values()) for one in found] == pytest.approx([1, 1, 1])
    assert scores.scored(logits, source())[0].probabilities is None


def test_of_many_classes_the_first_highest_is_predicted() -> None:
    logits = np.array([[1.0, 3.0, 3.0], [2.0, -1.0, 0.0]])
    many = source(classes=["a", "b", "c"], own_threshold=None, recalibration={"slope": 1.0, "intercept": 0.0})
    found = scores.scored(logits, many)
    assert [one.predicted for one in found] == ["b", "a"]
    np.testing.assert_allclose([list(one.scores.values()) for one in found], softmax(logits, axis=1), rtol=1e-12)
    assert {one.decided_by for one in found} == {"highest_score"}
    assert found[0].probabilities is None


def test_outputs_that_are_no_numbers_get_no_score() -> None:
    good, bad = scores.scored(np.array([1.0, np.nan]), source())
    assert (good.predicted, good.problem) == ("yes", None)
    assert (bad.predicted, bad.scores) == (None, {})
    assert "no finite number" in str(bad.problem)
    assert b"NaN" not in msgspec.json.encode(bad)


def test_inputs_of_another_shape_are_refused(of_pictures: Trained) -> None:
    with pytest.raises(ModelError, match=r"^inputs: The network takes torch.uint8 of shape \('B', 1, 8, 8\)"):
        of_pictures.model.logits(torch.zeros(2, 1, 9, 9, dtype=torch.uint8))
    assert of_pictures.model.logits(torch.zeros(0, 1, 8, 8, dtype=torch.uint8)).shape == (0,)


def test_a_model_is_in_evaluation_mode_and_leaves_random_numbers_alone(of_pictures: Trained) -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    model = of_pictures.model
    assert torch.rand(2).equal(expected)
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sha256": "0" * 64}, "checkpoint: The checkpoint is not the file that it was"),
        ({"checkpoint": "/nowhere/a.ckpt"}, r"checkpoint: a.ckpt cannot be read \(No such file"),
        ({"folder": "/nowhere"}, "folder: What the run wrote of its inputs cannot be read"),
        ({"classes": ["a", "b", "c"]}, "classes: The network has 1 outputs, which 3 classes cannot have"),
        ({"rendering": None}, "rendering: The run did not note how the values of its images became grey"),
        ({"config": {}}, r"config\.\w+: This version does not read the run's configuration"),
        ({"networks": ["nowhere:SPEC"]}, "networks: nowhere:SPEC: ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_loaded_says_why(of_pictures: Trained, changed: dict[str, object], words: str) -> None:
    with pytest.raises(ModelError, match=f"^{words}"):
        load(msgspec.structs.replace(of_pictures.source, **changed))


@pytest.mark.parametrize("device", ["abacus", "meta", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(of_pictures: Trained, device: str) -> None:
    with pytest.raises(ModelError, match=r"^device: "):
        load(of_pictures.source, device=device)


class Hostile:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('the checkpoint ran code')",)


def test_a_checkpoint_with_code_is_refused(of_pictures: Trained, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("hostile") / "a.ckpt"
    torch.save({"state_dict": Hostile()}, path)
    with pytest.raises(ModelError, match=r"^checkpoint: a\.ckpt does not hold the weights of this run's network"):
        load(msgspec.structs.replace(of_pictures.source, checkpoint=str(path), sha256=""))
