"""`make docs`: build the pages that the server shows under `/help/`.

The pages name what the code declares, so the project is imported; with a throw-away home and without the settings of
this shell, because a build must depend on nothing but the code.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TARGET = FOLDER / "_build" / "html"
FOREIGN = ("LIVETRAIN_", "DATABASE_URL", "REDIS_URL", "BROKER_URL", "AWS_", "CUDA_VISIBLE_DEVICES")


def main() -> int:
    """Return Sphinx's exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail on warnings, such as a link that leads nowhere")
    parser.add_argument("--into", type=Path, default=TARGET, help="folder of the pages (default: %(default)s)")
    options = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"LIVETRAIN_HOME": home, "DJANGO_SETTINGS_MODULE": "project.settings"}
        return build(options.into, strict=options.strict)


def build(target: Path, *, strict: bool) -> int:
    """Write every page again: Sphinx does not see that the code behind a page has changed."""
    from sphinx.cmd.build import main as sphinx  # noqa: PLC0415  settings are read on import

    doctrees = tempfile.mkdtemp()
    flags = ["--fail-on-warning", "--keep-going"] if strict else []
    arguments = ["--quiet", "--builder", "html", "--fresh-env", "--doctree-dir", doctrees, *flags]
    return sphinx([*arguments, str(FOLDER), str(target)])


if __name__ == "__main__":
    sys.exit(main())
