#!/usr/bin/env bash
set -euo pipefail
# Version: numpy 2.4.6
# One would guess: `np.unique` of sorted whole numbers takes about as long as sorting them and looking where neighbours
#   differ, as numpy 2.2 did it.
# Seen: several times as long: it puts them into a hash table, whatever their order, and sorts what comes out.
# Cost: finding the few indices of a curve that are drawn took ten times as long as all else that thins it. Where numbers are
#   sorted, compare neighbours; where they are indices, mark them in an array of booleans.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet numpy==2.4.6

cat > finding.py <<'PYTHON'
import statistics
import sys
import time

import numpy as np

numbers = np.sort(np.random.default_rng(0).integers(0, 1_000_000, 1_000_000))


def by_neighbours(values):
    values = np.sort(values)
    first = np.ones(len(values), np.bool_)
    first[1:] = values[1:] != values[:-1]
    return values[first]


def by_marks(values):
    present = np.zeros(1_000_000, np.bool_)
    present[values] = True
    return np.flatnonzero(present)


ways = {"np.unique": np.unique, "np.sort and neighbours": by_neighbours, "marks": by_marks}


def seconds(way):
    start = time.process_time()
    way(numbers)
    return time.process_time() - start


if not all(np.array_equal(way(numbers), np.unique(numbers)) for way in ways.values()):
    sys.exit("Changed: the ways do not agree.")
rounds = [{name: seconds(way) for name, way in ways.items()} for _ in range(15)]
for name in ways:
    print(f"{name}: {min(took[name] for took in rounds) * 1e3:.1f} ms of CPU time for {len(numbers):,} sorted numbers")
ratio = statistics.median(took["np.unique"] / took["np.sort and neighbours"] for took in rounds)
print(f"median of {len(rounds)} rounds in turns: np.unique takes {ratio:.1f} times as long as sorting and comparing")
if ratio < 2:
    sys.exit("Changed: np.unique is about as quick.")
PYTHON
venv/bin/python finding.py
