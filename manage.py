#!/usr/bin/env python
"""The command line of the Livetrain server, with `serve`, `worker`, `train`, `apitoken` and others."""

import gc

# Nothing of what is loaded until a command runs is garbage; looking for some takes an eighth of the time of a start.
gc.disable()

import os  # noqa: E402
import sys  # noqa: E402

from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import BaseCommand, ManagementUtility  # noqa: E402

from audit import actor  # noqa: E402
from experiments.server import launcher_watch  # noqa: E402

ACT_FOR_OTHERS = ("web", "worker", "join")
"""What these do they do for users, or by themselves; all others are a person's at the command line."""


class Commands(ManagementUtility):
    """Django's commands and ours; garbage is collected once the one that was asked for is loaded."""

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Load a command, and leave all that is loaded out of garbage collection for good."""
        command = super().fetch_command(subcommand)
        if subcommand not in ACT_FOR_OTHERS:
            actor.act_as_command()
        gc.freeze()
        gc.enable()
        return command


def main() -> None:
    """Run the command that the arguments name."""
    launcher_watch.begin(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        Commands(sys.argv).execute()
    except ImproperlyConfigured as error:
        sys.exit(f"Livetrain cannot start: {error}")


if __name__ == "__main__":
    main()
