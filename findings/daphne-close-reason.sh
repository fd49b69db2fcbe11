#!/usr/bin/env bash
set -euo pipefail
# Versions: daphne 4.2.3, autobahn 26.10.2
# One would guess: the `reason` of a `websocket.close` event, which the ASGI specification has since version 2.3, arrives
#   in the close frame beside the code.
# Seen: the code arrives, the reason is empty. Nothing is logged.
# Cost: programs that follow a run were closed with a number and never told why. We replace the method of Daphne's
#   protocol that closes; a message before the close would do as well.

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
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

seen = {}


async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4404, "reason": "There is no such run."})
    await receive()


def visit():
    try:
        host, port = server.listening_addresses[0]
        with connect(f"ws://{host}:{port}/") as socket:
            socket.recv(timeout=10)
    except ConnectionClosed as closed:
        seen.update(code=closed.rcvd.code, reason=closed.rcvd.reason)
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
if seen != {"code": 4404, "reason": ""}:
    sys.exit("Changed: Daphne sends the reason, or another code.")
PYTHON
venv/bin/python finding.py
