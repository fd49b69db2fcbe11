"""What the claims of a provider say of a person. Pure."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from accounts.sign_on.configuration import SignOn
from accounts.sign_on.refused import Refused

logger = logging.getLogger(__name__)

LONGEST_SUBJECT: Final = 255
"""As OpenID Connect says."""
LONGEST_NAME: Final = 150
LONGEST_EMAIL: Final = 254
MOST_GROUPS: Final = 5_000
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the provider has let in. What it did not say is blank."""

    issuer: str
    subject: str
    user_name: str
    first_name: str
    last_name: str
    email: str
    """Blank unless the provider says that it has verified it."""
    groups: frozenset[str]


def person_of(claims: Mapping[str, Any], sign_on: SignOn) -> Person:
    """Read the claims, which are validated as far as tokens go; raises Refused for those that make no person."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise _unusable("sub", f"a text of 1 to {LONGEST_SUBJECT} characters")
    return Person(
        issuer=sign_on.issuer,
        subject=subject,
        user_name=_user_name(claims, sign_on),
        first_name=_text(claims.get("given_name"), LONGEST_NAME) or _text(claims.get("name"), LONGEST_NAME),
        last_name=_text(claims.get("family_name"), LONGEST_NAME),
        email=_email(claims),
        groups=_groups(claims, sign_on) if sign_on.needs_groups else frozenset(),
    )


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a path such as `realm_access.roles`; None where there is none."""
    if name in claims:  # also a name with dots in it, as of an address
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _user_name(claims: Mapping[str, Any], sign_on: SignOn) -> str:
    """Return the claim as a user name; what Django does not allow in one becomes a dash."""
    given = claim_of(claims, sign_on.username_claim)
    if not isinstance(given, str) or not given.strip():
        raise _unusable(sign_on.username_claim, "a text, the user name (LIVETRAIN_OIDC_USERNAME_CLAIM names the claim)")
    name = re.sub(r"[^\w.@+-]+", "-", unicodedata.normalize("NFKC", given).strip())[:LONGEST_NAME]
    if not name.strip("-"):
        raise _unusable(sign_on.username_claim, "a user name with letters or digits")
    return name


def _text(value: Any, longest: int) -> str:
    """Return one line of text, cut to its limit; blank for anything else."""
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value if character.isprintable()).strip()[:longest]


def _email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    if claims.get("email_verified") not in (True, "true") or not isinstance(email, str):
        return ""
    return email if _EMAIL.fullmatch(email) and email.isprintable() and len(email) <= LONGEST_EMAIL else ""


def _groups(claims: Mapping[str, Any], sign_on: SignOn) -> frozenset[str]:
    """Return the groups. None at all is a list too: of somebody who has lost all, nothing may stay."""
    name = sign_on.groups_claim
    elsewhere = claims.get("_claim_names")
    given = claim_of(claims, name)
    if given is None and ((isinstance(elsewhere, Mapping) and name in elsewhere) or claims.get("hasgroups")):
        raise Refused(
            "Your groups did not come along",
            f"You are in more groups than {sign_on.name} puts into a login. The administrator of {sign_on.name} can "
            "limit the claim to the groups that are assigned to this application.",
        )
    if given is None:
        logger.warning("single sign-on: no claim %r, so no groups; the claims are %s", name, ", ".join(sorted(claims)))
        return frozenset()
    groups = [given] if isinstance(given, str) else given
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups) or len(groups) > MOST_GROUPS:
        raise _unusable(name, f"a list of up to {MOST_GROUPS:,} names (LIVETRAIN_OIDC_GROUPS_CLAIM names the claim)")
    return frozenset(groups)


def _unusable(claim: str, expected: str) -> Refused:
    return Refused(
        "This login lacks something",
        f"What came from the identity provider has no usable claim “{claim}”: expected {expected}. The administrators "
        "of the provider and of this server can see to it.",
    )
