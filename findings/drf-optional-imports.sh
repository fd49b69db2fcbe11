#!/usr/bin/env bash
set -euo pipefail
# Versions: djangorestframework 3.18.3, django 5.2.19; beside it requests 2.34.2, pyyaml 6.0.3, psycopg 3.3.9
# One would guess: a web service that answers JSON from SQLite loads neither an HTTP client nor YAML nor a driver for
#   PostgreSQL, though other parts of the project have them installed.
# Seen: `import rest_framework.views` loads each of them where it is installed: `compat` tries them all, for features
#   (CoreAPI, the YAML schema, PostgreSQL's fields) that nothing here has asked for.
# Cost: about 10 MiB in each process that imports a view, and a quarter of a second of each start. What is installed for
#   something else makes the server larger. We import it with those names hidden; on PostgreSQL its driver stays.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv plain
python3 -m venv full
plain/bin/pip install --quiet django==5.2.19 djangorestframework==3.18.3
full/bin/pip install --quiet django==5.2.19 djangorestframework==3.18.3 requests==2.34.2 pyyaml==6.0.3 psycopg==3.3.9 psycopg-binary==3.3.9

cat > finding.py <<'PYTHON'
import json
import resource
import sys
import time

from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
)
import django

django.setup()
start = time.process_time()
import rest_framework.views

print(
    json.dumps(
        {
            "loaded": [name for name in ("requests", "yaml", "psycopg") if name in sys.modules],
            "milliseconds": round(1e3 * (time.process_time() - start)),
            "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    )
)
PYTHON
for name in plain full; do
    "$name/bin/python" finding.py >/dev/null # compiles
    "$name/bin/python" finding.py >"$name.json"
    echo "$name: $(cat "$name.json")"
done
python3 - <<'PYTHON'
import json
import sys

plain, full = (json.load(open(f"{name}.json")) for name in ("plain", "full"))
if plain["loaded"] or full["loaded"] != ["requests", "yaml", "psycopg"]:
    sys.exit("Changed: other libraries are loaded.")
PYTHON
