"""Addresses that stand in messages: absolute ones, by the address that browsers use, or none where it is not set."""

from __future__ import annotations

from django.conf import settings


def absolute(path: str) -> str:
    """Return the absolute address of a path; blank without a public address."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL else ""


def run_link(run_id: int | None) -> str:
    """Return the address of a run's page."""
    return "" if run_id is None else absolute(f"/runs/{run_id}/")
