"""Diagnoses single sign-on: whether the provider describes itself, and whether what the mapping names is there."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from access.models import Project
from accounts.sign_on.configuration import SignOn
from experiments.doctor.finding import Finding

SUBJECT = "single sign-on"
DOWN = (
    "Correct LIVETRAIN_OIDC_ISSUER, or let this machine reach it; a certificate of your own authority is trusted with "
    "REQUESTS_CA_BUNDLE. Meanwhile: passwords, if LIVETRAIN_PASSWORD_LOGIN allows them, and manage.py loginlink."
)


def diagnose() -> Iterator[Finding]:
    """Yield the findings; asks the provider for its metadata and keys."""
    sign_on: SignOn | None = settings.SIGN_ON
    if sign_on is None:
        yield Finding("ok", SUBJECT, "none: users log in by password")
        return
    yield _provider(sign_on)
    yield from _address()


def diagnose_projects() -> Iterator[Finding]:
    """Report projects that the mapping names and nobody has made; asks the database."""
    sign_on: SignOn | None = settings.SIGN_ON
    named = {rule.project for rule in sign_on.rules if rule.project} if sign_on else set()
    missing = sorted(named - set(Project.objects.filter(name__in=named).values_list("name", flat=True)))
    if missing:
        cure = "Make them in the admin, or correct LIVETRAIN_OIDC_GROUPS; else the first login of such a group does."
        yield Finding(
            "warn", SUBJECT, f"the mapping of groups names projects that are not there: {', '.join(missing)}", cure
        )


def _provider(sign_on: SignOn) -> Finding:
    from realtime.sign_on import metadata  # noqa: PLC0415

    provider = metadata.provider_at(sign_on.issuer)
    try:
        found = provider.metadata()
        keys = sum(bool(provider.keys(None, signature)) for signature in found.signatures)
    except metadata.Unreachable as error:
        return Finding("fail", SUBJECT, f"{sign_on.issuer} cannot be used: {error}", DOWN)
    if not keys:
        text = f"{sign_on.issuer} has no key for a signature that is accepted: {', '.join(metadata.SIGNATURES)}"
        return Finding("fail", SUBJECT, text, "Let the provider sign ID tokens of this client by RS256.")
    return Finding("ok", SUBJECT, f"{sign_on.issuer} describes itself and has keys")


def _address() -> Iterator[Finding]:
    """Report a public address that is missing: the provider knows one, and compares it."""
    if not settings.PUBLIC_URL:
        text = "there is no public address: the provider sends browsers back to the one that they began at"
        yield Finding(
            "warn",
            SUBJECT,
            text,
            "Set LIVETRAIN_PUBLIC_URL, and let the provider know <that address>/login/oidc/callback/.",
        )
