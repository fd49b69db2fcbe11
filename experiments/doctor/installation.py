"""Diagnoses Python, the packages, and the GPU with its driver. Torch is asked in a separate process."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which

from django.conf import settings

from experiments.doctor.finding import Finding

REQUIREMENTS = ("requirements-torch.txt", "requirements.txt")
GPU_SECONDS = 20.0
TORCH_SECONDS = 120.0


def diagnose() -> Iterator[Finding]:
    """Yield one finding for Python and packages, one for the GPU."""
    yield _packages(Path(settings.BASE_DIR))
    yield _gpu()


def _packages(folder: Path) -> Finding:
    wrong = [text for name, wanted in _pins(folder) if (text := _difference(name, wanted))]
    python = f"Python {platform.python_version()}"
    if not wrong:
        return Finding("ok", "packages", f"{python}, all packages as pinned")
    missing = any("missing" in text for text in wrong)
    return Finding("fail" if missing else "warn", "packages", f"{python}; {', '.join(wrong)}", "Run: make setup")


def _pins(folder: Path) -> Iterator[tuple[str, str]]:
    for name in REQUIREMENTS:
        yield from re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", (folder / name).read_text(), re.MULTILINE)


def _difference(name: str, wanted: str) -> str:
    """Compare the installed version with the pinned one; blank if equal. A suffix after + only names the build."""
    try:
        found = version(name).partition("+")[0]
    except PackageNotFoundError:
        return f"{name} is missing"
    return "" if found == wanted else f"{name} is {found}, not {wanted}"


def _gpu() -> Finding:
    program = which("nvidia-smi")
    if program is None:
        return Finding("ok", "GPU", "none of NVIDIA here; trainings use the CPU")
    listed = _output([program, "--query-gpu=name,memory.total", "--format=csv,noheader"], GPU_SECONDS)
    if not listed:
        cure = "Call nvidia-smi by hand: driver and kernel module may differ until the machine is started again."
        return Finding("fail", "GPU", "nvidia-smi is here, but shows no GPU", cure)
    names = "; ".join(listed.splitlines())
    if _output([sys.executable, "-c", "import torch; print(torch.cuda.is_available())"], TORCH_SECONDS) == "True":
        return Finding("ok", "GPU", names)
    cure = "Install PyTorch's CUDA build of the pinned version, one that this driver supports."
    return Finding("warn", "GPU", f"{names}, but PyTorch cannot use it; trainings use the CPU", cure)


def _output(command: list[str], seconds: float) -> str:
    """Return what a command printed; blank when it failed or took too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
