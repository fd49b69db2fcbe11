#!/usr/bin/env bash
set -euo pipefail
# Versions: daphne 4.2.3
# One would guess: a server that is stopped cancels its applications and, as the comment beside it says, waits "until
#   they're all dead", so that each may finish what it must.
# Seen: it waits for the first one that ends. `asyncio.gather` of cancelled tasks ends with the first cancellation, and
#   the others are abandoned in the middle of their clean-up.
# Cost: a request whose work was stored had no answer as soon as somebody had a WebSocket open, and Python logged tasks
#   that were destroyed while pending. We give `CommandLineInterface` a `server_class` whose `kill_all_applications`
#   waits for the answers first, and then for all tasks.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet daphne==4.2.3 twisted==26.10.0

cat > finding.py <<'PYTHON'
import asyncio
import socket
import sys
import threading
import time

from daphne.server import Server
from twisted.internet import reactor

ended = []


async def application(scope, receive, send):
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(float(scope["path"].removeprefix("/")))  # what it must still do
        ended.append(scope["path"])
        raise


def visit():
    opened = [socket.create_connection(server.listening_addresses[0]) for _ in range(2)]
    for connection, seconds in zip(opened, ("0", "0.5")):
        connection.sendall(f"GET /{seconds} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    time.sleep(1)
    reactor.callFromThread(reactor.stop)
    for connection in opened:
        connection.recv(1)


server = Server(
    application,
    endpoints=["tcp:port=0:interface=127.0.0.1"],
    signal_handlers=False,
    ready_callable=lambda: threading.Thread(target=visit).start(),
)
server.run()
print("ended in order:", ended)
if ended != ["/0"]:
    sys.exit("Changed: Daphne waits for all applications, or for none.")
PYTHON
venv/bin/python finding.py
