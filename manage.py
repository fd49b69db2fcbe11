#!/usr/bin/env python
"""Command line of the Livetrain server: `manage.py serve`, `worker`, `train`, `apitoken`, …"""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415  (settings come first)
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Livetrain cannot start: {error}")


if __name__ == "__main__":
    main()
