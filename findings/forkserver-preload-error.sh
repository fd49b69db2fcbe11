#!/usr/bin/env bash
set -euo pipefail
# Version: Python 3.11 (nothing is installed)
# One would guess: a module that the fork server is to preload and cannot import is reported, by an error or a line.
# Seen: an ImportError, also of a module that the named one imports, passes without a word. Children start, and the
#   module is not loaded.
# Cost: one wrong import in a module to preload, and each training starts as slowly as without a fork server, with
#   nothing that says why. Have the child look into its `sys.modules`, and end if what it needs is not there.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
cat > sound.py <<'PYTHON'
PYTHON
cat > broken.py <<'PYTHON'
import a_module_that_is_not_installed
PYTHON
cat > finding.py <<'PYTHON'
import multiprocessing
import sys


def child(results):
    results.put({name: name in sys.modules for name in ("sound", "broken")})


if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["broken", "sound"])
    results = context.SimpleQueue()
    process = context.Process(target=child, args=(results,))
    process.start()
    loaded = results.get()
    process.join()
    print(f"Python {sys.version.split()[0]}: exit code {process.exitcode}, preloaded: {loaded}")
    if process.exitcode or loaded != {"sound": True, "broken": False}:
        sys.exit("Changed: modules are preloaded in another way.")
PYTHON
said=$(venv/bin/python finding.py 2>&1)
echo "$said"
if [ "$(echo "$said" | wc -l)" != 1 ]; then
    echo "Changed: the failed import is reported." >&2
    exit 1
fi
