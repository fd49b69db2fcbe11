#!/usr/bin/env bash
set -euo pipefail
# Version: Python 3.11 (nothing is installed)
# One would guess: a fork server that has to be started again makes what it needs: it would find that its temporary folder
#   is gone, as `tempfile` makes folders by each call, and start.
# Seen: the process remembers the folder that it made for its first one. Where a cleaner of temporary files has removed
#   that since (tmpfiles.d does after ten days), each further start raises FileNotFoundError, until the process ends; its
#   end prints a traceback, too.
# Cost: a worker of many days whose fork server had ended could start no more trainings, and its log named a path in place
#   of a reason. Before a start, look whether the folder is there, and have it forgotten where it is not.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
cat > finding.py <<'PYTHON'
import multiprocessing
import multiprocessing.util
import os
import shutil
import sys
from multiprocessing import forkserver


def child():
    pass


def start():
    process = multiprocessing.get_context("forkserver").Process(target=child)
    process.start()
    process.join()
    return process.exitcode


def stop_server():
    server = forkserver._forkserver
    os.close(server._forkserver_alive_fd)
    os.waitpid(server._forkserver_pid, 0)
    server._forkserver_alive_fd = server._forkserver_pid = server._forkserver_address = None


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}: first child ends with {start()}")
    stop_server()
    print(f"started again, folder in place: child ends with {start()}")
    stop_server()
    shutil.rmtree(multiprocessing.util.get_temp_dir())
    try:
        code = start()
    except FileNotFoundError as error:
        print(f"started again, folder removed: {type(error).__name__}")
    else:
        sys.exit(f"Changed: started again, and the child ended with {code}.")
PYTHON
TMPDIR=$folder venv/bin/python finding.py 2>errors || { cat errors >&2; exit 1; }
