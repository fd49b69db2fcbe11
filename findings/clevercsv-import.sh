#!/usr/bin/env bash
set -euo pipefail
# Version: clevercsv 0.8.5
# One would guess: importing a small library of pure Python, whose parser is compiled, takes some milliseconds.
# Seen: the import alone looks up the category of each of the 1.1 million code points of Unicode, to keep the few hundred
#   of "other punctuation": most of its time, in each process that imports it, however small its file.
# Cost: a training of a second spent an eighth of one on it before its first batch. We load it once, in the process that
#   all trainings are forked from.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet clevercsv==0.8.5

cat > finding.py <<'PYTHON'
import sys
import time
import unicodedata

asked = 0
category = unicodedata.category


def counted(character):
    global asked
    asked += 1
    return category(character)


if sys.argv[1] == "count":
    unicodedata.category = counted
start = time.process_time()
import clevercsv

took = time.process_time() - start
if sys.argv[1] == "count":
    print(f"clevercsv {clevercsv.__version__}: {asked:,} categories are looked up by the import")
    if asked < 1_000_000:
        sys.exit("Changed: the import no longer goes through all of Unicode.")
else:
    start = time.process_time()
    wanted = [number for number in range(sys.maxunicode + 1) if category(chr(number)) == "Po"]
    share = (time.process_time() - start) / took
    print(f"import: {took * 1e3:.0f} ms of CPU time; looking at all characters alone: {share:.2f} of that")
PYTHON
venv/bin/python finding.py count
venv/bin/python finding.py time
