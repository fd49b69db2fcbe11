"""What children have of a process besides its environment variables, and what they cannot change. No Django here.

Two workers whose trainings come from one fork server must have all of it in common: priority, limits and processors,
the group that the system accounts and ends together, rights, and what each sees of files, processes and networks.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_SYSTEM = Path("/proc")
_FILES = ("self/limits", "self/cgroup", "self/oom_score_adj", "sys/kernel/random/boot_id")
"""The last one, because process ids and times are counted from the machine's start."""
_OF_STATUS = ("Uid", "Gid", "Groups", "Umask", "CapEff", "NoNewPrivs", "Seccomp", "Cpus_allowed", "Mems_allowed")


def circumstances() -> tuple[object, ...]:
    """Return that of this process; as much of it as the system tells."""
    status = (line.partition(":") for line in _text("self/status").splitlines())
    return (
        os.getpriority(os.PRIO_PROCESS, 0),
        [_text(name) for name in _FILES],
        sorted((name, value) for name, _, value in status if name in _OF_STATUS),
        _namespaces(),
    )


def _namespaces() -> list[str]:
    found: list[Path] = []
    with suppress(OSError):
        found = sorted((_SYSTEM / "self/ns").iterdir())
    return [_target(path) for path in found]


def _target(link: Path) -> str:
    with suppress(OSError):
        return str(link.readlink())
    return ""


def _text(name: str) -> str:
    with suppress(OSError):
        return (_SYSTEM / name).read_text(errors="surrogateescape")
    return ""
