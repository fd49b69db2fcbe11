#!/usr/bin/env bash
set -euo pipefail
# Version: jsonschema-rs 0.60.3
# One would guess: a validator for one shape of a document (`{"$ref": "#/components/schemas/One", "components": …}`) costs what
#   that shape costs: nothing refers to the others, and a schema is compiled by following its references.
# Seen: each validator keeps the whole document for itself. In a document of 300 shapes of 20 fields, 100 validators of one
#   shape take 580 MiB and a second and a half; given that shape alone they take 7 MiB and next to no time.
# Cost: one validator for each kind of answer of an API (some 350) took 910 MiB and 4 s in each process that checked answers.
# Instead: give a validator those shapes alone that its schema refers to, directly or not.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet jsonschema-rs==0.60.3

cat > finding.py <<'PYTHON'
import json
import resource
import subprocess
import sys

SHAPES, VALIDATORS = 300, 100


def document(names):
    fields = {f"field_{at}": {"type": "string", "maxLength": 100 + at} for at in range(20)}
    return {name: {"type": "object", "properties": fields, "required": list(fields)[:5]} for name in names}


def measure(names):
    import jsonschema_rs

    shapes = document(names)
    before = resource.getrusage(resource.RUSAGE_SELF)
    kept = [
        jsonschema_rs.validator_for({"$ref": "#/components/schemas/Shape_0", "components": {"schemas": shapes}})
        for _ in range(VALIDATORS)
    ]
    after = resource.getrusage(resource.RUSAGE_SELF)
    right = {f"field_{at}": "x" for at in range(5)}
    assert all(one.is_valid(right) and not one.is_valid({}) for one in kept)
    print(json.dumps([(after.ru_maxrss - before.ru_maxrss) / 1024, after.ru_utime - before.ru_utime]))


if len(sys.argv) > 1:
    measure([f"Shape_{at}" for at in range(int(sys.argv[1]))])
    sys.exit()

seen = {}
for shapes in (1, SHAPES):
    done = subprocess.run([sys.executable, __file__, str(shapes)], capture_output=True, text=True, check=True)
    seen[shapes] = json.loads(done.stdout)
    print(f"{VALIDATORS} validators of one shape beside {shapes - 1} others: {seen[shapes][0]:.1f} MiB, {seen[shapes][1]:.2f} s")
if seen[SHAPES][0] < 20 * max(seen[1][0], 0.5):
    sys.exit("Changed: shapes that nothing refers to cost little.")
PYTHON
venv/bin/python finding.py
