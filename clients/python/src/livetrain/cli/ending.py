"""How a command ends: with a sentence and an exit code, never with a traceback."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import click

from livetrain.cli import exit_codes, output
from livetrain.errors import InsecureWarning, LivetrainError, Misconfigured, NotLoggedIn, ServerUnreachable


class Commands(click.Group):
    """Ends as others do when whoever reads the output has enough: click would say 1, as of a failed run."""

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            output.nowhere()
            raise click.exceptions.Exit(exit_codes.UNREAD) from None


def exit_after(carry_out: Callable[[], object]) -> NoReturn:
    """Carry out a command, and exit with the code of an `Exit`, or of what went wrong."""
    output.any_letter()
    with warnings.catch_warnings():
        warnings.showwarning = _warned
        try:
            code = carry_out()
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            code = _said("Interrupted. A run that was started goes on.", exit_codes.INTERRUPTED)
        except ServerUnreachable as error:
            code = _said(f"Error: {error}", exit_codes.UNREACHABLE)
        except (Misconfigured, NotLoggedIn) as error:
            code = _said(f"Error: {error}", exit_codes.WRONG_USE)
        except LivetrainError as error:
            code = _said(f"Error: {error}", exit_codes.FAILED)
        except OSError as error:  # a full disk, a folder that cannot be written
            code = _said(f"Error: {error.filename or 'Writing'}: {error.strerror or error}", exit_codes.FAILED)
    sys.exit(code if isinstance(code, int) else exit_codes.DONE)


def _said(text: str, code: int) -> int:
    click.echo(output.text(text), err=True)
    return code


def _warned(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    if issubclass(category, InsecureWarning):  # what libraries warn of is nothing for those who call a command
        click.echo(f"Warning: {output.text(message)}", err=True)
