"""Django's way to hash passwords, in few threads of low priority: each hash takes a core for some tenths of a second.

Logins wait for their turn before (`throttled_backend`); this bounds all others too, such as new passwords.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.contrib.auth.hashers import PBKDF2PasswordHasher

AT_ONCE = max(1, len(os.sched_getaffinity(0)) // 2)
NICENESS = 5
"""Where all cores are busy, requests come first: who logs in waits a little longer, who is logged in does not."""


class BoundedPBKDF2(PBKDF2PasswordHasher):
    """Makes the hashes of Django's default, and reads them."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Hash a password, when its turn has come."""
        return _threads().submit(super().encode, password, salt, iterations).result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, "hashing", initializer=_step_back)


def _step_back() -> None:
    """Lower the priority of this thread alone, which Linux knows as a process."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
