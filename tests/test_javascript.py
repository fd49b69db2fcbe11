"""The unit tests of the pages' scripts, which run in Node, are part of the suite; pure scripts are type-checked."""

from __future__ import annotations

import re
from pathlib import Path

from tests.node import ROOT, node

TESTS = sorted((ROOT / "tests" / "javascript").glob("*.test.js"))
SCRIPTS = [script for app in ("experiments", "realtime") for script in (ROOT / app / "static").rglob("*.js")]
HEAD = re.compile(r"\A(?://.*\n)+")


def test_the_scripts_pass_their_unit_tests() -> None:
    # In one process: Node's own way, one for each file, takes five times as long.
    script = "\n".join(f"await import('./{path.relative_to(ROOT)}');" for path in TESTS)
    setup = ("--import", "./tests/javascript/setup.js")
    answer = node(*setup, "--test-reporter=tap", "--input-type=module", "-e", script, timeout=300)
    assert answer.returncode == 0, answer.stdout[-8000:] + answer.stderr[-2000:]
    [passed] = re.findall(r"^# pass (\d+)$", answer.stdout, re.MULTILINE)
    assert int(passed) >= len(TESTS) > 10


def test_every_script_that_says_it_is_pure_is_type_checked() -> None:
    pure = {path for path in SCRIPTS if (head := HEAD.match(path.read_text())) and "Pure." in head[0]}
    answer = node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json", "--listFilesOnly")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    checked = {Path(line).resolve() for line in answer.stdout.splitlines()}
    assert len(pure) > 30
    assert sorted(pure - checked) == []
