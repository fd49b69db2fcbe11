"""A child that answers its task with the number of its process."""

from __future__ import annotations

import os
import signal
import sys

signal.alarm(60)
if sys.stdin.buffer.read() != b"dies":
    sys.stdout.write(str(os.getpid()))
