"""The actions of the audit trail, as the code lists them."""

from __future__ import annotations

from audit.actions import ACTIONS, Action
from docs.from_code.markdown import code, table


def audit_actions() -> str:
    """Write the table of all actions."""
    return table(("action", "what has happened", "counted"), (_row(action) for action in ACTIONS.values()))


def _row(action: Action) -> tuple[str, str, str]:
    if action.counted is None:
        return code(action.name), action.meaning, ""
    minutes = round(action.counted.total_seconds() / 60)
    return code(action.name), action.meaning, "per minute" if minutes == 1 else f"per {minutes} minutes"
