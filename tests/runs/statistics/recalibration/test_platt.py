"""Platt's numbers against the logistic regressions of statsmodels and scikit-learn, and where there are none."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from runs.statistics.recalibration import platt
from runs.statistics.recalibration.methods import Method
from runs.statistics.roc import Floats, Ints


def drawn(seed: int, samples: int = 200, *, slope: float = 0.6, shift: float = -1.5) -> tuple[Floats, Ints]:
    """Draw outputs of a network that is too sure of itself, and takes too many for positive."""
    random = np.random.default_rng(seed)
    logits = random.normal(1, 2, samples)
    return logits, (random.random(samples) < 1 / (1 + np.exp(-(shift + slope * logits)))).astype(np.int64)


def line(method: Method) -> list[float]:
    assert method.problem is None
    return [float(method.parameters[name]) for name in ("intercept", "slope")]  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_regression_without_penalty_of_statsmodels(seed: int, scale: float) -> None:
    logits, targets = drawn(seed)
    expected = sm.Logit(targets, sm.add_constant(logits)).fit(disp=0, tol=1e-14, maxiter=100).params
    found = line(platt.fit(logits * scale, targets == 1, "validation"))
    assert [found[0], found[1] * scale] == pytest.approx(list(expected), abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_regression_without_penalty_of_scikit_learn(seed: int) -> None:
    logits, targets = drawn(seed, 500)
    model = LogisticRegression(C=np.inf, tol=1e-14, max_iter=1000, solver="newton-cholesky")
    model.fit(logits[:, None], targets)
    found = platt.fit(logits, targets == 1, "validation")
    assert line(found) == pytest.approx([model.intercept_[0], model.coef_[0, 0]], abs=1e-8)
    recalibrated = 1 / (1 + np.exp(-platt.apply(logits, found)))
    assert recalibrated == pytest.approx(model.predict_proba(logits[:, None])[:, 1], abs=1e-9)
    assert recalibrated.mean() == pytest.approx(targets.mean(), abs=1e-9)


@pytest.mark.parametrize("gap", [0.0, 3.0])
def test_separated_classes_have_no_slope(gap: float) -> None:
    logits = np.concatenate([np.linspace(-2, 0, 20), np.linspace(gap, gap + 2, 20)])
    found = platt.fit(logits, np.arange(40) >= 20, "validation")
    assert found.parameters == {}
    assert found.problem == "A threshold separates the classes of the validation split: the slope has no bound."


def test_nearly_separated_classes_have_the_slope_that_they_have() -> None:
    """One sample of each is on the other side."""
    logits = np.concatenate([np.linspace(-9, -1, 20), np.linspace(1, 9, 20)])
    targets = np.arange(40) >= 20
    targets[19], targets[20] = True, False
    expected = sm.Logit(targets, sm.add_constant(logits)).fit(disp=0, tol=1e-14, maxiter=100).params
    assert line(platt.fit(logits, targets, "validation")) == pytest.approx(list(expected), abs=1e-8)


def test_a_network_that_is_worse_than_chance_is_not_turned_around() -> None:
    logits, targets = drawn(3, slope=-1.0, shift=0.0)
    problem = platt.fit(logits, targets == 1, "validation").problem
    assert problem == "In the validation split higher scores are no more likely to be positive."


def test_outputs_of_very_different_size_are_no_fault_of_the_run() -> None:
    """Either the fit is at the maximum, or it says that it is not."""
    logits, targets = drawn(1)
    for farthest in (1e3, 1e8, 1e29):
        logits[0], targets[0] = farthest, 1
        found = platt.fit(logits, targets == 1, "validation")
        if found.problem is None:
            expected = sm.Logit(targets[1:], sm.add_constant(logits[1:])).fit(disp=0, tol=1e-12).params
            assert line(found) == pytest.approx(list(expected), rel=1e-3)
        else:
            assert "orders of magnitude" in found.problem
