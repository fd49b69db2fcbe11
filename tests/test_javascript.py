"""The unit tests of the pages' scripts, which run in Node, are part of the suite; pure scripts are type-checked."""

from __future__ import annotations

import re
from pathlib import Path

from tests.node import ROOT, node

TESTS = sorted((ROOT / "tests" / "javascript").glob("*.test.js"))
SCRIPTS = [script for app in ("experiments", "realtime") for script in (ROOT / app / "static").rglob("*.js")]
REPLACES = re.compile(r"\bmock\.timers\b|\bglobalThis\.")
HEAD = re.compile(r"\A(?://.*\n)+")


def test_the_scripts_pass_their_unit_tests() -> None:
    """Those that replace what all scripts share have a process each; Node gives every file one, which takes long."""
    alone = [path for path in TESTS if REPLACES.search(path.read_text())]
    together = "\n".join(f"await import('./{path.relative_to(ROOT)}');" for path in TESTS if path not in alone)
    passed = number_passing("--input-type=module", "-e", together)
    passed += number_passing("--test", *(str(path.relative_to(ROOT)) for path in alone))
    assert passed >= len(TESTS) > 10


def number_passing(*arguments: str) -> int:
    """Let Node run tests, none of which may fail; return how many passed."""
    answer = node("--import", "./tests/javascript/setup.js", "--test-reporter=tap", *arguments, timeout=300)
    assert answer.returncode == 0, answer.stdout[-8000:] + answer.stderr[-2000:]
    [passed] = re.findall(r"^# pass (\d+)$", answer.stdout, re.MULTILINE)
    return int(passed)


def test_every_script_that_says_it_is_pure_is_type_checked() -> None:
    pure = {path for path in SCRIPTS if (head := HEAD.match(path.read_text())) and "Pure." in head[0]}
    answer = node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json", "--listFilesOnly")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    checked = {Path(line).resolve() for line in answer.stdout.splitlines()}
    assert len(pure) > 30
    assert sorted(pure - checked) == []
