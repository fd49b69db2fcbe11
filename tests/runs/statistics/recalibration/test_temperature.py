"""Temperatures against a minimisation by scipy of a loss that is written here, and at their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from runs.statistics.recalibration import temperature
from runs.statistics.roc import Floats, Ints


def drawn(seed: int, classes: int, samples: int = 300, true: float = 2.5) -> tuple[Floats, Ints]:
    """Draw the outputs of a network whose best temperature is about `true`."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 4, (samples, classes))
    chances = softmax(logits / true, axis=1)
    return logits, np.array([random.choice(classes, p=row) for row in chances])


def minimised(logits: Floats, targets: Ints) -> float:
    """Return the temperature with the least log loss, to the seven digits that a minimum of a loss can have."""

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(scaled[np.arange(len(targets)), targets].sum())

    return float(np.exp(minimize_scalar(loss, bracket=(-0.5, 1.0), tol=1e-12).x))


@pytest.mark.parametrize("classes", [3, 7])
@pytest.mark.parametrize("seed", range(4))
def test_several_classes(seed: int, classes: int) -> None:
    logits, targets = drawn(seed, classes)
    found = temperature.fit(logits, targets, "validation")
    assert found.parameters["temperature"] == pytest.approx(minimised(logits, targets), rel=1e-6)
    assert (found.problem, found.warning) == (None, None)
    assert temperature.apply(logits, found) == pytest.approx(logits / found.parameters["temperature"])


@pytest.mark.parametrize("seed", range(4))
def test_two_classes_are_as_two_outputs_whose_difference_is_the_logit(seed: int) -> None:
    pairs, targets = drawn(seed, 2)
    logits = pairs[:, 1] - pairs[:, 0]
    found = temperature.fit(logits, targets, "validation")
    assert found.parameters["temperature"] == pytest.approx(minimised(pairs, targets), rel=1e-6)
    same = temperature.fit(pairs, targets, "validation")
    assert found.parameters["temperature"] == pytest.approx(same.parameters["temperature"], rel=1e-12)


def test_many_cells_are_summed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, targets = drawn(5, 6, true=1.7)
    whole = temperature.fit(logits, targets, "validation").parameters["temperature"]
    monkeypatch.setattr(temperature, "_CELLS", 50)
    assert temperature.fit(logits, targets, "validation").parameters["temperature"] == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_split_without_a_mistake_ends_at_the_lower_bound(classes: int) -> None:
    logits, _ = drawn(1, classes)
    targets = logits.argmax(axis=1)
    outputs = logits[:, 1] - logits[:, 0] if classes == 2 else logits
    found = temperature.fit(outputs, targets, "validation")
    assert found.parameters == {"temperature": 0.05}
    warning = "The temperature is at its bound, 0.05, as in the validation split hardly a prediction is wrong."
    assert found.warning == warning


@pytest.mark.parametrize("classes", [2, 3])
def test_outputs_that_say_the_opposite_end_at_the_upper_bound(classes: int) -> None:
    logits, _ = drawn(1, classes)
    targets = logits.argmin(axis=1)
    outputs = logits[:, 1] - logits[:, 0] if classes == 2 else logits
    found = temperature.fit(outputs, targets, "validation")
    assert found.parameters == {"temperature": 20.0}
    assert found.warning is not None
    assert "say hardly anything" in found.warning


def test_large_outputs_do_not_overflow() -> None:
    logits, targets = drawn(2, 3)
    found = temperature.fit(logits * 1e3, targets, "validation")
    assert found.parameters == {"temperature": 20.0}
    assert np.isfinite(temperature.apply(logits * 1e29, found)).all()
