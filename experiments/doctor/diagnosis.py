"""Runs everything that `manage.py doctor` diagnoses, in order."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import ERROR, WARNING, run_checks

from experiments.doctor import installation, mail, peers, sign_on, storage
from experiments.doctor.finding import Finding, Level


def diagnose() -> Iterator[Finding]:
    """Yield one finding after the other, as it is made; changes nothing."""
    yield from _settings()
    yield from installation.diagnose()
    yield from storage.diagnose()
    yield from peers.diagnose()
    yield from sign_on.diagnose()
    yield from mail.diagnose()


def _settings() -> Iterator[Finding]:
    """Report the findings of the system checks, of which errors keep other commands from starting."""
    messages = [found for found in run_checks() if found.level >= WARNING and not found.is_silenced()]
    if not messages:
        yield Finding("ok", "settings", "all checks pass")
    for found in messages:
        level: Level = "fail" if found.level >= ERROR else "warn"
        yield Finding(level, "settings", f"{found.msg} ({found.id})", found.hint or "See manage.py check.")
