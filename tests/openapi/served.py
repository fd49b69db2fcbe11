"""`make fuzz`: a real server with real runs, asked for hours if need be by Schemathesis' own command.

`--seed` repeats a run. All checks are on but those that take what is lenient for wrong: numbers in texts, say.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.installation import Installation, Server

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
REQUEST = {
    "experiment_name": "fuzz",
    "source_path": "builtin:digits-is-8",
    "data": {"test_fraction": 0.2},
    "trainer": {"max_epochs": 2},
}


def main() -> int:
    """Return the exit status of the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="of each operation (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=10, help="at most (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Installation(Path(folder) / "home", LIVETRAIN_UPLOAD_LIMIT_GIB="0.01")
        document = Path(folder) / "openapi.json"
        home.python(WRITE, str(document))
        with home.serve() as server:
            for _ in range(2):
                server.wait_for(server.train(**REQUEST), "completed")
            common = ["--max-examples", str(options.examples), "--seed", str(options.seed)]
            common += ["--max-time", str(int(60 * options.minutes))]
            return ask(server, document, common)


WRITE = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
import django
django.setup()
from pathlib import Path
from project.openapi import document
from tests.openapi.hasty import hasty
Path(sys.argv[1]).write_text(json.dumps(hasty(document.build())))
"""


def ask(server: Server, document: Path, options: list[str]) -> int:
    """Run the command with the token of a user."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(document), "--url", server.address]
    command += ["--checks", ",".join(CHECKS), "--continue-on-failure", "--no-color", *options]
    command += ["--header", f"Authorization: Token {server.token}"]
    return subprocess.run(command, check=False, env=os.environ | {"COLUMNS": "160"}).returncode


if __name__ == "__main__":
    sys.exit(main())
