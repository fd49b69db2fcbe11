#!/usr/bin/env bash
set -euo pipefail
# Versions: djangorestframework 3.18.3, django 5.2.19, daphne 4.2.3
# One would guess: under ASGI, `request.data` of a view has the body of a request that is sent in chunks
#   (Transfer-Encoding: chunked, so without a Content-Length), as Django's own `request.body` has it.
# Seen: `request.data` is empty. REST framework asks the header Content-Length alone whether there is a body.
# Cost: valid requests were answered as if they were empty. Give a request the
#   Content-Length of its body before Django sees it.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet django==5.2.19 djangorestframework==3.18.3 daphne==4.2.3 twisted==26.10.0

cat > finding.py <<'PYTHON'
import http.client
import json
import sys
import threading

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of this finding",
    ROOT_URLCONF="__main__",
    INSTALLED_APPS=["rest_framework"],
    ALLOWED_HOSTS=["127.0.0.1"],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
)
django.setup()

from daphne.server import Server
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView
from twisted.internet import reactor


class RestView(APIView):
    def post(self, request):
        return Response(request.data)


urlpatterns = [path("rest", RestView.as_view()), path("django", lambda request: HttpResponse(request.body))]
seen = {}


def post(url, *, chunked):
    connection = http.client.HTTPConnection(*server.listening_addresses[0])
    headers = {"Content-Type": "application/json"} | ({"Transfer-Encoding": "chunked"} if chunked else {})
    body = iter([b'{"epochs": ', b"3}"]) if chunked else b'{"epochs": 3}'
    connection.request("POST", url, body, headers, encode_chunked=chunked)
    return json.loads(connection.getresponse().read())


def visit():
    try:
        for url in ("/django", "/rest"):
            for chunked in (False, True):
                seen[f"{url} {'chunked' if chunked else 'whole'}"] = post(url, chunked=chunked)
    finally:
        reactor.callFromThread(reactor.stop)


server = Server(
    get_asgi_application(),
    endpoints=["tcp:port=0:interface=127.0.0.1"],
    signal_handlers=False,
    ready_callable=lambda: threading.Thread(target=visit).start(),
)
server.run()
print(seen)
sent = {"epochs": 3}
if seen != {"/django whole": sent, "/django chunked": sent, "/rest whole": sent, "/rest chunked": {}}:
    sys.exit("Changed: REST framework reads a chunked body, or Django does not.")
PYTHON
venv/bin/python finding.py
