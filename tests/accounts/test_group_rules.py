"""How the mapping of groups is written, and what is told of an entry that gives nothing."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from access.models import LONGEST_NAME, Membership, Project
from access.roles import Role
from accounts.sign_on.group_rules import (
    LONGEST_GROUP,
    LONGEST_PROJECT,
    ROLES,
    GroupRule,
    WrongRule,
    managed_rights,
    parse_groups,
    parse_rules,
    roles_of,
)


def test_groups_give_roles_in_projects_and_rights() -> None:
    rules = parse_rules("radiology=Lungs:trainer, it=superuser, ops=staff")
    assert rules == (
        GroupRule("radiology", "trainer", "Lungs"),
        GroupRule("it", "superuser"),
        GroupRule("ops", "staff"),
    )
    assert managed_rights(rules) == {"superuser", "staff"}
    assert managed_rights(rules[:2]) == {"superuser"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("/clinic/radiology = Lungs : viewer", GroupRule("/clinic/radiology", "viewer", "Lungs")),
        ('"CN=Heads,OU=CT"="Lungs, CT: 2026":admin', GroupRule("CN=Heads,OU=CT", "admin", "Lungs, CT: 2026")),
        ('"a ""b"""=Lungs:viewer', GroupRule('a "b"', "viewer", "Lungs")),
        ("urn:example:a b=Lungs of 2026:viewer,\n", GroupRule("urn:example:a b", "viewer", "Lungs of 2026")),
        (
            "1b6f0a52-8a3c-4d6e-9a35-2f0c7f6ed5a1=12a:admin",
            GroupRule("1b6f0a52-8a3c-4d6e-9a35-2f0c7f6ed5a1", "admin", "12a"),
        ),
    ],
)
def test_any_name_can_be_written(text: str, rule: GroupRule) -> None:
    assert parse_rules(text) == (rule,)


def test_line_breaks_separate_entries_too() -> None:
    assert [rule.group for rule in parse_rules("a=X:viewer\nb=X:admin\r\n\n c=staff,")] == ["a", "b", "c"]
    assert parse_rules("") == parse_rules(" , ") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it=superuser, radiology", "entry 'radiology': expected group=Project:role"),
        ("it=superuser, radiology=Lungs", "entry 'radiology=Lungs': 'Lungs' gives nothing"),
        ("radiology=Lungs:boss", "'boss' is no role; expected viewer, trainer or admin"),
        ("radiology=Lungs:Trainer", "'Trainer' is no role"),
        ("radiology=:trainer", "gives nothing"),
        ("=Lungs:trainer", "entry '=Lungs:trainer'"),
        ('""=Lungs:trainer', "a group's name has 1 to 255 characters"),
        ("radiology=12:trainer", "not digits alone"),
        (f"radiology={'x' * 101}:trainer", "1 to 100 characters"),
        (f"{'x' * 256}=Lungs:trainer", "1 to 255 characters"),
        ('"radiology=Lungs:trainer', "a double quote is opened and not closed"),
        ('it=superuser, "radiology=Lungs:trainer', "a double quote is opened and not closed"),
        ("CN=Heads=Lungs:trainer", "entry 'CN=Heads=Lungs:trainer'"),
        ("a=Lungs:viewer, a=Lungs:admin", "an entry before it says what this group gives there"),
        ("a=staff, a=staff", "an entry before it"),
    ],
)
def test_an_entry_that_gives_nothing_is_named(text: str, told: str) -> None:
    with pytest.raises(WrongRule) as wrong:
        parse_rules(text)
    assert told in str(wrong.value)


def test_required_groups_are_written_alike() -> None:
    assert parse_groups('staff, "a, b"') == ("staff", "a, b")
    assert parse_groups("") == ()
    with pytest.raises(WrongRule):
        parse_groups(" , ")  # which would let everybody in


def test_of_several_groups_the_widest_role_counts() -> None:
    rules = parse_rules("a=X:viewer, b=X:admin, c=X:trainer, b=Y:viewer, b=staff")
    found = roles_of(rules, frozenset({"a", "b", "c", "d"}))
    assert {project: rule.gives for project, rule in found.items()} == {"X": "admin", "Y": "viewer"}
    assert roles_of(rules, frozenset({"a", "c"}))["X"].group == "c"
    assert roles_of(rules, frozenset()) == {}


def test_roles_and_limits_are_those_of_projects() -> None:
    assert list(ROLES) == list(Role.values)
    assert LONGEST_PROJECT == LONGEST_NAME
    assert Membership._meta.get_field("from_group").max_length == LONGEST_GROUP


@pytest.mark.parametrize("name", ["Lungs", "Lungs, CT", "12a", "ä", "x" * 100])
def test_a_name_that_a_rule_takes_is_one_of_a_project(name: str) -> None:
    [rule] = parse_rules(f'g="{name}":viewer')
    Project(name=rule.project).clean_fields()


@pytest.mark.parametrize("name", ["12", "a\tb", "x" * 101])
def test_a_name_that_is_none_of_a_project_is_refused(name: str) -> None:
    with pytest.raises(WrongRule):
        parse_rules(f'g="{name}":viewer')
    with pytest.raises(ValidationError):
        Project(name=name).clean_fields()
