"""Which roles groups of the identity provider give, as `LIVETRAIN_OIDC_GROUPS` says it. Pure.

    radiology=Lungs:trainer, "CN=Heads,OU=CT"="Lungs, CT":admin, it=superuser, ops=staff

Entries are separated by commas or line breaks. What holds a comma, an equals sign, a colon or spaces at its ends stands
in double quotes; a double quote within is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

ROLES: Final = ("viewer", "trainer", "admin")
"""The roles of a project, the narrowest first; a test compares them with `access.roles`."""
SUPERUSER, STAFF = "superuser", "staff"
LONGEST_GROUP: Final = 255
LONGEST_PROJECT: Final = 100
_QUOTED = r'"(?:[^"\r\n]|"")*"'
_ENTRY = re.compile(rf'(?:{_QUOTED}|[^",\r\n])+')
_NAME = rf'({_QUOTED}|[^"=:]+?)'
_GROUP = re.compile(rf'({_QUOTED}|[^"=]+?)\s*=\s*(.*)')
_PROJECT_ROLE = re.compile(rf"{_NAME}\s*:\s*([^:\"]+)")
EXAMPLE = 'group=Project:role, group=superuser or group=staff, such as "radiology=Lungs:trainer, it=superuser"'


class WrongRule(ValueError):
    """An entry that gives nothing; the sentence names it and says what is expected."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """What the members of one group get: a role in a project, or, with no project, the rights named by `gives`."""

    group: str
    gives: str
    """A role of `ROLES` in the project; without one `superuser` or `staff`."""
    project: str = ""


def parse_rules(text: str) -> tuple[GroupRule, ...]:
    """Read the mapping; raises WrongRule, which names the entry."""
    rules: dict[tuple[str, str], GroupRule] = {}
    for entry in _entries(text):
        rule = _rule(entry)
        key = rule.group, rule.project or rule.gives
        if key in rules:
            raise WrongRule(f"entry {entry!r}: an entry before it says what this group gives there")
        rules[key] = rule
    return tuple(rules.values())


def parse_groups(text: str) -> tuple[str, ...]:
    """Read the names of groups, separated and quoted as in the mapping; raises WrongRule."""
    groups = tuple(_unquoted(entry) for entry in _entries(text))
    if text.strip() and not groups:  # which must not let everybody in
        raise WrongRule(f"{text!r} names no group")
    for group in groups:
        _check_group(group, group)
    return groups


def managed_rights(rules: Sequence[GroupRule]) -> frozenset[str]:
    """Return which of `superuser` and `staff` follow the groups: those that an entry names."""
    return frozenset(rule.gives for rule in rules if not rule.project)


def roles_of(rules: Sequence[GroupRule], groups: frozenset[str]) -> dict[str, GroupRule]:
    """Return by project the rule that gives a member of these groups the widest role there."""
    found: dict[str, GroupRule] = {}
    for rule in rules:
        if rule.project and rule.group in groups:
            before = found.get(rule.project)
            if before is None or ROLES.index(rule.gives) > ROLES.index(before.gives):
                found[rule.project] = rule
    return found


def _entries(text: str) -> Iterator[str]:
    for part in re.split(r"[\r\n]+", text):
        left = part.strip().strip(",")
        while left:
            found = _ENTRY.match(left)
            if found is None:
                raise WrongRule(f"entry {left!r}: a double quote is opened and not closed")
            if entry := found[0].strip():
                yield entry
            left = left[found.end() :].lstrip(", ")
            if left and not _ENTRY.match(left):
                raise WrongRule(f"entry {left!r}: a double quote is opened and not closed")


def _rule(entry: str) -> GroupRule:
    found = _GROUP.fullmatch(entry)
    if found is None:
        raise WrongRule(f"entry {entry!r}: expected {EXAMPLE}")
    group, target = _unquoted(found[1]), found[2].strip()
    _check_group(entry, group)
    if target in (SUPERUSER, STAFF):
        return GroupRule(group, target)
    project_role = _PROJECT_ROLE.fullmatch(target)
    if project_role is None:
        raise WrongRule(f"entry {entry!r}: {target!r} gives nothing; expected {EXAMPLE}")
    project, role = _unquoted(project_role[1]), project_role[2].strip()
    if role not in ROLES:
        raise WrongRule(f"entry {entry!r}: {role!r} is no role; expected {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    if not 1 <= len(project) <= LONGEST_PROJECT or not project.isprintable() or project.isdecimal():
        raise WrongRule(
            f"entry {entry!r}: a project's name has 1 to {LONGEST_PROJECT} characters on one line, not digits alone"
        )
    return GroupRule(group, role, project)


def _check_group(entry: str, group: str) -> None:
    if not 1 <= len(group) <= LONGEST_GROUP or not group.isprintable():
        raise WrongRule(f"entry {entry!r}: a group's name has 1 to {LONGEST_GROUP} characters on one line")


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"').strip()
    return text
