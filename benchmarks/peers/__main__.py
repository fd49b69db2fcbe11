"""Ours beside the peers: `python -m benchmarks.peers [--minutes 10] [--full] [--only text] [--without NAME ...]`.

Each contestant has an environment of its own, made by this script with pinned versions (`var/peers`, some GB; minutes
the first time, which do not count; `--prepare` does nothing else). Every row is measured once, then again as often as
fits into the minutes. Writes JSON to `var/peers/results.json` and, with `--write`, `benchmarks/RESULTS.md`,
`benchmarks/results.json` and the table of peers in `README.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.peers import readme_table, results, results_page
from benchmarks.peers.contestants import CONTESTANTS, OURS, ROOT
from benchmarks.peers.environments import prepared
from benchmarks.peers.own_rows import ROWS
from benchmarks.peers.rounds import Rounds

QUICK_MINUTES = 10.0


def main() -> None:
    asked = _asked()
    taking_part = [one for one in CONTESTANTS if one is OURS or one.name not in asked.without]
    contestants = [prepared(one, asked.folder) for one in taking_part]
    if asked.prepare:
        return
    start = time.monotonic()
    rows = [row for row in ROWS if row.work(full=asked.full) is not None and asked.only in row.name]
    rounds = Rounds(rows, contestants, full=asked.full, minutes=asked.minutes)
    rounds.carry_out(asked.rounds, _told)
    found = [(row, rounds.measured(row)) for row in rows]
    versions = {one.contestant.name: dict(one.versions) for one in contestants}
    minutes = (time.monotonic() - start) / 60
    as_json = results.as_json(found, versions, minutes)
    text = results_page.as_text(found, versions, minutes, command="make bench-full" if asked.full else "make bench")
    sys.stdout.write("\n" + text)
    folders = [asked.folder, *([ROOT / "benchmarks"] if asked.write else [])]
    for folder in folders:
        (folder / "results.json").write_text(json.dumps(as_json, indent=1) + "\n")
    if asked.write:
        (ROOT / "benchmarks" / "RESULTS.md").write_text(text)
        readme = ROOT / "README.md"
        readme.write_text(readme_table.renewed(readme.read_text(), as_json))


def _told(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ours beside the peers.")
    parser.add_argument("--full", action="store_true", help="the long sizes (hours)")
    parser.add_argument("--rounds", type=int, default=3, help="at most")
    parser.add_argument("--minutes", type=float, help="of measuring; 10 unless --full, which has no limit")
    parser.add_argument("--only", default="", help="rows whose name has this")
    parser.add_argument("--without", nargs="*", default=[], choices=[one.name for one in CONTESTANTS])
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "peers", help="environments and JSON")
    parser.add_argument("--prepare", action="store_true", help="make the environments, measure nothing")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md, results.json and the README's table")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    asked.folder = asked.folder.resolve()
    if asked.minutes is None and not asked.full:
        asked.minutes = QUICK_MINUTES
    return asked


if __name__ == "__main__":
    main()
