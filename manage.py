#!/usr/bin/env python
"""The command line of the Livetrain server, with `serve`, `worker`, `train`, `apitoken` and others."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from experiments.server import launcher_watch


def main() -> None:
    """Run the command that the arguments name."""
    launcher_watch.begin(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Livetrain cannot start: {error}")


if __name__ == "__main__":
    main()
