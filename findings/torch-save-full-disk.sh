#!/usr/bin/env bash
set -euo pipefail
# Version: torch 2.13.0 (on Linux, for /dev/full)
# One would guess: `torch.save` to a disk that is full raises OSError with ENOSPC, as each write of Python's does.
# Seen: given a path, it raises a RuntimeError of its archive writer, "enforce fail at inline_container.cc ... unexpected
#   pos", which names neither disk nor file, and no OSError is in its chain of causes. Given an open file, it raises the
#   same error, but with the OSError in its chain.
# Cost: a full disk was reported as if the training had a fault. Pass an open file, and look through the chain.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0

cat > finding.py <<'PYTHON'
import contextlib
import errno
import sys

import torch


def refusal(target):
    try:
        torch.save({"weights": torch.zeros(100_000)}, target)
    except Exception as error:
        return error
    return None


def chain(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


by_path = list(chain(refusal("/dev/full")))
with contextlib.suppress(OSError), open("/dev/full", "wb") as file:
    by_file = list(chain(refusal(file)))
print(f"path: {by_path}\nopen file: {by_file}")
if not by_path or any(isinstance(error, OSError) for error in by_path):
    sys.exit("Changed: a full disk is told, or not noticed, when a path is given.")
if not any(getattr(error, "errno", None) == errno.ENOSPC for error in by_file):
    sys.exit("Changed: an open file on a full disk is not told of, either.")
PYTHON
venv/bin/python -W ignore finding.py
