"""The options of each management command, as argparse knows them."""

from __future__ import annotations

import argparse

import django
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from docs.from_code.markdown import code, table


def command_options(name: str) -> str:
    """Write what a command does, and its own arguments."""
    if not apps.ready:
        django.setup()
    command = load_command_class(get_commands()[name], name)
    of_every_command = {action.dest for action in BaseCommand().create_parser("manage.py", name)._actions}
    parser = command.create_parser("manage.py", name)
    own = [action for action in parser._actions if action.dest not in of_every_command]
    rows = [row for action in own for row in _rows(parser, action)]
    return f"{command.help}\n\n{table(('argument', 'meaning'), rows)}" if rows else f"{command.help}"


def _rows(parser: argparse.ArgumentParser, action: argparse.Action) -> list[tuple[str, str]]:
    """Write the row of an argument; of a choice of ways, a row for each of them and their arguments."""
    if not isinstance(action, argparse._SubParsersAction):
        return [(code(_spelling(action)), _help(parser, action))]
    said = {chosen.dest: chosen.help or "" for chosen in action._choices_actions}
    rows = []
    for name, way in action.choices.items():
        inner = [one for one in way._actions if not isinstance(one, argparse._HelpAction)]
        rows += [(code(name), said[name]), *((code(f"{name} {_spelling(one)}"), _help(way, one)) for one in inner)]
    return rows


def _spelling(action: argparse.Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest).upper()
    flag = action.option_strings[-1]
    return flag if action.nargs == 0 else f"{flag} {action.metavar or action.dest.upper()}"


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = (action.help or "") % {**vars(action), "prog": parser.prog}
    choices = ", ".join(map(str, action.choices or ()))
    return text if choices in text else f"{text}; one of {choices}"
