#!/usr/bin/env bash
set -euo pipefail
# Versions: daphne 4.2.3, autobahn 26.10.2
# One would guess: the limit of 1 MiB per WebSocket message holds for what clients send: the help of Daphne's option
#   --websocket-max-message-size says "incoming".
# Seen: it holds for what the application sends, too. One byte more and `send` raises PayloadExceededError; nothing
#   reaches the client, and the socket stays open.
# Cost: one large event ended the stream of a run, and did so again after each reconnect. Bound messages in bytes, and
#   send a link to what is larger.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet daphne==4.2.3 autobahn==26.10.2 twisted==26.10.0 websockets==17.4

cat > finding.py <<'PYTHON'
import sys
import threading

from daphne.server import Server
from twisted.internet import reactor
from websockets.sync.client import connect

LIMIT = 1024 * 1024
seen = {}


async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    for size in (LIMIT, LIMIT + 1):
        try:
            await send({"type": "websocket.send", "text": "x" * size})
        except Exception as error:
            seen[f"sending {size} bytes"] = type(error).__name__
    await send({"type": "websocket.send", "text": "a short one"})
    await receive()


def visit():
    try:
        host, port = server.listening_addresses[0]
        with connect(f"ws://{host}:{port}/", max_size=None) as socket:
            seen["lengths received"] = [len(socket.recv(timeout=10)) for _ in range(2)]
    finally:
        reactor.callFromThread(reactor.stop)


server = Server(
    application,
    endpoints=["tcp:port=0:interface=127.0.0.1"],
    signal_handlers=False,
    ready_callable=lambda: threading.Thread(target=visit).start(),
)
server.run()
print(seen)
if seen != {f"sending {LIMIT + 1} bytes": "PayloadExceededError", "lengths received": [LIMIT, len("a short one")]}:
    sys.exit("Changed: the limit for messages from clients does not bound those of the server any more.")
PYTHON
venv/bin/daphne --help | grep -A 2 "^  --websocket-max-message-size"
venv/bin/python finding.py
