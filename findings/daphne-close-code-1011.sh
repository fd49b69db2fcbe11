#!/usr/bin/env bash
set -euo pipefail
# Versions: daphne 4.2.3, autobahn 26.10.2, channels 4.3.2
# One would guess: an application may close a WebSocket with 1011, "a fault of the server", the code of RFC 6455 for it.
#   Daphne closes with it itself when an application raises.
# Seen: for an application, Daphne's `send` raises "invalid close code 1011": only 1000 and 3000 to 4999 pass. The socket
#   stays open as long as the application handles the exception. The communicator for tests of Channels takes 1011.
# Cost: sockets that were to be closed after a fault stayed open, and tests with the communicator passed. Close with a
#   code from 4000 on.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet daphne==4.2.3 autobahn==26.10.2 twisted==26.10.0 channels==4.3.2 websockets==17.4

cat > finding.py <<'PYTHON'
import asyncio
import sys
import threading

from channels.testing import WebsocketCommunicator
from daphne.server import Server
from twisted.internet import reactor
from websockets.sync.client import connect

seen = {}


async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    try:
        await send({"type": "websocket.close", "code": 1011})
    except Exception as error:
        seen["send raised"] = str(error)
        await receive()  # until the client leaves
        raise


async def in_a_test():
    communicator = WebsocketCommunicator(application, "/")
    await communicator.connect()
    seen["communicator got"] = (await communicator.receive_output())["code"]


def visit():
    try:
        host, port = server.listening_addresses[0]
        with connect(f"ws://{host}:{port}/") as socket:
            try:
                socket.recv(timeout=3)
            except TimeoutError:
                seen["socket after 3 seconds"] = "open"
    finally:
        reactor.callFromThread(reactor.stop)


asyncio.run(in_a_test())
asyncio.set_event_loop(asyncio.new_event_loop())
server = Server(
    application,
    endpoints=["tcp:port=0:interface=127.0.0.1"],
    signal_handlers=False,
    ready_callable=lambda: threading.Thread(target=visit).start(),
)
server.run()
print(seen)
if "1011" not in seen.get("send raised", "") or seen.get("socket after 3 seconds") != "open":
    sys.exit("Changed: Daphne sends the close code 1011 of an application.")
if seen["communicator got"] != 1011:
    sys.exit("Changed: the communicator of Channels refuses 1011, too.")
PYTHON
venv/bin/python finding.py
