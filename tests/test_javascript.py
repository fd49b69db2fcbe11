"""The unit tests of the pages' scripts, which run in Node, are part of the suite."""

from __future__ import annotations

import re

from tests.node import ROOT, node

TESTS = sorted((ROOT / "tests" / "javascript").glob("*.test.js"))


def test_the_scripts_pass_their_unit_tests() -> None:
    names = [str(path.relative_to(ROOT)) for path in TESTS]
    answer = node("--import", "./tests/javascript/setup.js", "--test", "--test-reporter=tap", *names, timeout=300)
    assert answer.returncode == 0, answer.stdout[-8000:] + answer.stderr[-2000:]
    [passed] = re.findall(r"^# pass (\d+)$", answer.stdout, re.MULTILINE)
    assert int(passed) >= len(TESTS) > 10
