#!/usr/bin/env bash
set -euo pipefail
# Versions: dramatiq 2.2.1, redis 8.1.0
# One would guess: each process that takes messages from Redis counts as a worker of its own, also where several were
#   forked from one that had made the broker: what one of them held when it was killed goes back to the queue.
# Seen: the broker draws its identity when it is made, and all forks have the same one. As long as one of them lives, it
#   keeps the messages of those that were killed from counting as lost.
# Cost: workers that share what is loaded before they are forked would have left the messages of a killed one undelivered.
#   Give each fork an identity of its own, in `os.register_at_fork`.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet dramatiq==2.2.1 redis==8.1.0

cat > finding.py <<'PYTHON'
import os
import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url="redis://localhost:1")  # nothing is sent, so nothing is connected
read, write = os.pipe()
for _ in range(2):
    if not os.fork():
        os.write(write, f"{broker.broker_id}\n".encode())
        os._exit(0)
    os.wait()
os.close(write)
with os.fdopen(read) as said:
    found = {line.strip() for line in said}
print(f"dramatiq {dramatiq.__version__}: 2 forks of a process have {len(found)} identity")
if found != {broker.broker_id}:
    sys.exit("Changed: forks have identities of their own.")
PYTHON
venv/bin/python finding.py
