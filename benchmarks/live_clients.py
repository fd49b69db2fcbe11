"""Clients of `benchmarks.live`, and what its processes take meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import psutil
from websockets.asyncio.client import connect

from tests.installation import Server


@contextlib.asynccontextmanager
async def client(server: Server, path: str) -> Any:
    """Open a socket, authenticated by header."""
    headers = {"Authorization": f"Token {server.token}"}
    address = f"{server.websocket}{path}"
    async with connect(address, additional_headers=headers, proxy=None, compression=None, max_size=None) as opened:
        yield opened


async def cpu_during(seconds: float, processes: dict[str, psutil.Process]) -> dict[str, float]:
    """Return which share of a core each process takes in the next seconds."""
    before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    await asyncio.sleep(seconds)
    return {
        f"{name} cpu": round((sum(process.cpu_times()[:2]) - before[name]) / seconds, 4)
        for name, process in processes.items()
    }
