#!/usr/bin/env bash
set -euo pipefail
# Version: msgspec 0.22.0
# One would guess: a field of type `msgspec.Raw | None` takes any JSON as it stands, and null; or the type is refused, as
#   other unions are that msgspec cannot decode.
# Seen: the type is accepted, and only null is: every other value is "Expected `null`, got `object`". `Raw` alone takes all,
#   null too.
# Cost: the answer of one process to another was refused as soon as an optional part of it was there. Give such a
#   field the type `Raw` with the default `Raw(b"null")`.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet msgspec==0.22.0

cat > finding.py <<'PYTHON'
import sys

import msgspec


class Alone(msgspec.Struct):
    part: msgspec.Raw = msgspec.Raw(b"null")


class Optional(msgspec.Struct):
    part: msgspec.Raw | None = None


refused = []
for text in (b'{"part": {"a": 1}}', b'{"part": 3}', b'{"part": null}', b"{}"):
    print(text.decode(), "alone:", bytes(msgspec.json.decode(text, type=Alone).part).decode(), end="; or None: ")
    try:
        print(msgspec.json.decode(text, type=Optional).part)
    except msgspec.ValidationError as error:
        refused.append(text)
        print(error)
if refused != [b'{"part": {"a": 1}}', b'{"part": 3}']:
    sys.exit("Changed: other values are taken too.")
PYTHON
venv/bin/python finding.py
