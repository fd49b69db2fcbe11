"""Ours beside the peers: `python -m benchmarks.peers [--full] [--rounds 3] [--only text] [--without NAME ...]`.

Each contestant has an environment of its own, made by this script with pinned versions (`var/peers`, some GB; minutes
the first time). Writes JSON to `var/peers/results.json` and, with `--write`, `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.peers import results
from benchmarks.peers.contestants import CONTESTANTS, OURS, ROOT
from benchmarks.peers.environments import python_of, versions_of
from benchmarks.peers.rounds import measured
from benchmarks.peers.rows import ROWS


def main() -> None:
    asked = _asked()
    taking_part = [one for one in CONTESTANTS if one is OURS or one.name not in asked.without]
    contestants = [(one, python_of(one, asked.folder)) for one in taking_part]
    versions = {one.name: versions_of(one, python) for one, python in contestants}
    found = []
    for row in ROWS:
        sizes = row.sizes(full=asked.full)
        if sizes is None or asked.only not in row.name:
            continue
        start = time.monotonic()
        one = measured(row, sizes, contestants, asked.rounds)
        found.append((row, one))
        better = results.ratio(row, one)
        told = "" if better is None else f", ours {results.number(better)} times better"
        sys.stdout.write(f"{row.name}: {time.monotonic() - start:.0f} s{told}\n")
        sys.stdout.flush()
    (asked.folder / "results.json").write_text(json.dumps(results.as_json(found, versions, asked.rounds), indent=2))
    text = results.as_text(found, versions, asked.rounds)
    sys.stdout.write("\n" + text)
    if asked.write:
        (ROOT / "benchmarks" / "RESULTS.md").write_text(text)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ours beside the peers.")
    parser.add_argument("--full", action="store_true", help="the long sizes (hours)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="rows whose name has this")
    parser.add_argument("--without", nargs="*", default=[], choices=[one.name for one in CONTESTANTS])
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "peers", help="environments and JSON")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    return asked


if __name__ == "__main__":
    main()
