"""Forks the first web process and the first workers from `serve`, which has loaded what all of them need.

They start without loading it again, and share its memory until they write to it. The launcher, which this process then
becomes by `exec`, is still their parent; a child that it has to start again is a fresh process.

A fork is safe only where there is one thread: networks of a team's own may have started more when they were imported,
and on macOS the system itself does. Then the launcher starts its children as it would later.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from django.core.management import BaseCommand, load_command_class
from django.db import connections

# All that both a web process and a worker need, so that it is loaded before they are two.
from experiments.preflights import requests  # noqa: F401
from experiments.server import launcher_watch, process_title
from experiments.server.launcher import STOP_SIGNALS, ChildPlan, Plan, children_of
from experiments.worker import maintenance  # noqa: F401
from runs import serializers  # noqa: F401

logger = logging.getLogger(__name__)
_TASKS = Path("/proc/self/task")


def fork(plan: Plan) -> tuple[list[int], ChildPlan | None]:
    """Fork all children of the plan, as far as that is safe and possible here: the launcher starts those that are left.

    Return their process ids in the order of the plan, and, in a child, what it is to be.
    """
    if not is_safe():
        return [], None
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # else each child would say again what waits to be written
    connections.close_all()
    gc.freeze()  # else a collection in a child would write to all that it shares
    started: list[int] = []
    for child in children_of(plan):
        if child.command == "worker":  # the web process, which loads more than all others, is on its way by then
            _loaded(child.command)
            gc.freeze()
        if (pid := _forked()) is None:
            break
        if not pid:
            return [], child
        started.append(pid)
    return started, None


def _forked() -> int | None:
    """Fork, and return what that returns; None where it is not safe any more, or not possible at the moment."""
    if not is_safe():  # what was loaded meanwhile may have started a thread
        return None
    try:
        return os.fork()
    except OSError:
        logger.exception("no process could be forked; it is started in another way")
        return None


def is_safe() -> bool:
    """Tell whether this process may go on as two: on Linux, with one thread."""
    try:
        return len(list(_TASKS.iterdir())) == 1
    except OSError:
        return False


def be(child: ChildPlan, plan: Plan) -> None:
    """Become this child: a process as the launcher would have started it. Returns when its command ends."""
    gc.disable()
    os.setsid()
    _keep_open(child.descriptors, plan)
    sys.argv = process_title.replace("serve", [child.command, *child.arguments])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    launcher_watch.begin(child.arguments)
    command = _loaded(child.command)
    gc.freeze()
    gc.enable()
    command.run_from_argv(sys.argv)


def _loaded(command: str) -> BaseCommand:
    return load_command_class("experiments", command)


def _keep_open(descriptors: Sequence[int], plan: Plan) -> None:
    """Close what the child was not to inherit: the end of the pipe that says whether the launcher lives, above all."""
    for descriptor in {plan.listener, *plan.pipe} - set(descriptors):
        with suppress(OSError):
            os.close(descriptor)
