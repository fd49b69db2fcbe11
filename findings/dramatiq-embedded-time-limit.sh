#!/usr/bin/env bash
set -euo pipefail
# Version: dramatiq 2.2.1
# One would guess: `time_limit` of an actor ends it wherever its worker runs, also a `Worker` that a program starts
#   itself instead of the command `dramatiq`.
# Seen: it runs on. The thread that watches the time is started by the signal `process_boot`, which the command alone
#   sends. Nothing is logged.
# Cost: the same actor had a limit under the command and none in an embedded worker. Call
#   `broker.emit_after("process_boot")` before the worker starts.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet dramatiq==2.2.1

cat > finding.py <<'PYTHON'
import logging
import sys
import threading
import time

import dramatiq
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import TimeLimitExceeded

logging.disable(logging.CRITICAL)
broker = StubBroker()
dramatiq.set_broker(broker)
over = threading.Event()
seen = []


@dramatiq.actor(time_limit=1_000, max_retries=0)
def work():
    try:
        for _ in range(50):
            time.sleep(0.1)
        seen.append("ran for 5 s")
    except TimeLimitExceeded:
        seen.append("ended by its limit of 1 s")
    finally:
        over.set()


if sys.argv[1] == "booted":
    broker.emit_after("process_boot")
worker = dramatiq.Worker(broker, worker_threads=1)
worker.start()
work.send()
over.wait(30)
worker.stop()
print(f"{sys.argv[1]}: {seen}")
if seen != ["ended by its limit of 1 s" if sys.argv[1] == "booted" else "ran for 5 s"]:
    sys.exit("Changed: time limits hold for embedded workers without the signal, or not even with it.")
PYTHON
venv/bin/python finding.py plain
venv/bin/python finding.py booted
