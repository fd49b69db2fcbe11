"""How users log in through an identity provider, as the settings say it. Pure: settings load before Django's apps."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.sign_on.group_rules import GroupRule


@dataclass(frozen=True, slots=True)
class SignOn:
    """Single sign-on by OpenID Connect at one provider."""

    issuer: str
    """Its address without a slash at the end; with a subject it identifies a user."""
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    """What users know the provider by."""
    scopes: tuple[str, ...]
    username_claim: str
    groups_claim: str
    rules: tuple[GroupRule, ...] = ()
    required_groups: tuple[str, ...] = ()
    """Who is in none of these is refused; empty: everybody whom the provider lets in may log in."""
    acr: tuple[str, ...] = ()
    """Ways of authentication that are asked for; another one is refused. Empty: any will do."""

    @property
    def needs_groups(self) -> bool:
        """Whether anything depends on the groups of a user."""
        return bool(self.rules or self.required_groups)
