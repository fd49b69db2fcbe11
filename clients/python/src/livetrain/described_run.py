"""What a run's details say, for both clients: fields by name, and how a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from livetrain.curve_drawing import drawn
from livetrain.errors import RunFailed
from livetrain.operations.following import ENDED


class DescribedRun:
    """A run as it was when it was last asked for.

    Attributes:
        id: its number.
        details: all fields that the server tells of it.
        sparkline: its `metric` and some `values` of it, once known: of `watch()`, or of `runs(sparkline=True)`.
    """

    def __init__(self, url: str, run_id: int, details: Mapping[str, Any]) -> None:
        self._url = url
        self.id = run_id
        self.details = dict(details)
        self.sparkline: Mapping[str, Any] | None = details.get("sparkline")

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.details.get("experiment_name", ""))

    @property
    def status(self) -> str:
        """`queued`, `in_progress`, `completed`, `failed` or `cancelled`, as it was when it was last asked for."""
        return str(self.details.get("status", ""))

    @property
    def ended(self) -> bool:
        """Whether it had ended."""
        return self.status in ENDED

    @property
    def reason(self) -> str | None:
        """Why it failed or was cancelled."""
        return self.details.get("reason") or None

    @property
    def page(self) -> str:
        """The address of its page for people."""
        return f"{self._url}/runs/{self.id}/"

    def check(self) -> None:
        """Raise RunFailed unless it has completed."""
        if self.status != "completed":
            raise RunFailed(self.id, self.status, self.reason)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status} {self.name!r}>"

    def _repr_html_(self) -> str:
        progress = self.details.get("progress") or {}
        rows = [
            ("status", f"{self.status}{f': {self.reason}' if self.reason else ''}"),
            ("epoch", epochs_in_words(progress)),
            ("best", best_in_words(self.details)),
            ("result", result_in_words(self.details.get("final"))),
        ]
        cells = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(text)}</td></tr>'
            for name, text in rows
            if text
        )
        title = f'<a href="{escape(self.page, quote=True)}">Run {self.id}: {escape(self.name)}</a>'
        bar = f'<progress max="1" value="{self._done()}"></progress>'
        curve = drawn(str(self.sparkline["metric"]), self.sparkline["values"]) if self.sparkline else ""
        return f"<div><strong>{title}</strong> {bar}<table>{cells}</table>{curve}</div>"

    def _done(self) -> float:
        if self.status == "completed":
            return 1.0
        return float((self.details.get("progress") or {}).get("fraction") or 0.0)


def epochs_in_words(progress: Mapping[str, Any]) -> str:
    """Say how far a run is; epochs count from 1 for people."""
    epoch, most = progress.get("epoch"), progress.get("max_epochs")
    return f"{epoch + 1} of {most}" if epoch is not None and most else ""


def best_in_words(details: Mapping[str, Any]) -> str:
    """Say the best value of the monitored metric."""
    best = details.get("best") or {}
    if best.get("value") is None or best.get("epoch") is None:
        return ""
    return f"{details.get('monitor')} {best['value']:.4g}, epoch {best['epoch'] + 1}"


def result_in_words(final: Mapping[str, Any] | None) -> str:
    """Say the headline of the final result, and of which split it is."""
    if not final:
        return ""
    known = [(name, final.get(name)) for name in ("auroc", "recall", "precision", "f1")]
    numbers = ", ".join(f"{name} {value:.4g}" for name, value in known if isinstance(value, int | float))
    return f"{final.get('split')}: {numbers}" if numbers else ""
