"""Judge whether a network's gradients vanish or explode, per layer group. Pure.

The verdict uses the last `WINDOW` norms of `gradient_stats` (L2, before clipping), by their median: single batches
spike in healthy trainings too, the more the better the network fits.

- exploding: not finite in two of them (mixed precision loses one now and then, on purpose), or above `HUGE`, or
  above `LARGE` and `GROWN` times what they were in the first `WINDOW`. Healthy norms of networks with normalised
  inputs are about 0.01 to 100, and usual limits for clipping 0.1 to 10 (Pascanu et al., ICML 2013, take half to ten
  times the mean norm).
- vanishing: zero, or at most `VANISHED` of the largest group's. Layers of one healthy network differ by a factor of
  some tens (Glorot and Bengio, AISTATS 2010, figure 7: unnormalised sigmoid layers fall by ten per layer, and
  stall); at a ten-thousandth a layer stands still while another one learns. No threshold is absolute: a network
  that fits its data has small gradients everywhere, and nothing is wrong with it.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from runs.statistics.matrix_statistics import Number

Health: TypeAlias = Literal["vanishing", "exploding", "ok"]
Norms: TypeAlias = Mapping[str, Number]
"""The norm of each layer group in one optimizer step; None: not finite."""

WINDOW = 5
LOST = 2
HUGE = 1e4
LARGE = 10.0
GROWN = 100.0
VANISHED = 1e-4


def health(first: Sequence[Norms], last: Sequence[Norms]) -> dict[str, Health]:
    """Judge each group in the newest sample, from the first and the last samples, both in their order.

    Empty before there are `WINDOW` samples: fewer would be a verdict on single batches.
    """
    recent = last[-WINDOW:]
    if len(recent) < WINDOW:
        return {}
    typical = {group: _median(recent, group) for group in recent[-1]}
    largest = max((norm for norm in typical.values() if norm is not None), default=0.0)
    return {group: _judged(group, typical[group], largest, first[:WINDOW], recent) for group in recent[-1]}


def _judged(group: str, norm: Number, largest: float, first: Sequence[Norms], recent: Sequence[Norms]) -> Health:
    if sum(norms.get(group, 0.0) is None for norms in recent) >= LOST or norm is None:
        return "exploding"
    before = _median(first, group)
    if norm > HUGE or (norm > LARGE and before is not None and norm > GROWN * before):
        return "exploding"
    return "vanishing" if norm <= VANISHED * largest else "ok"


def _median(samples: Sequence[Norms], group: str) -> Number:
    """Return the median of the known norms; a group may be frozen at first."""
    known = [norm for norms in samples if (norm := norms.get(group)) is not None]
    return statistics.median(known) if known else None
