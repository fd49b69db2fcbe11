"""Write `client.py` and `run.py` from their `async_` modules: the same words without asyncio. A test says so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "src" / "livetrain"
WRITTEN = {"async_client.py": "client.py", "async_model_use.py": "model_use.py", "async_run.py": "run.py"}
"""The source of each file that is written."""
WORDS = (
    (
        r'"""(The client|A run) for asyncio: the same as `(Client|Run)`, awaited\."""',
        r'"""\1 that blocks; `make_sync.py` wrote it."""',
    ),
    (
        r'"""What an asynchronous client does with the models of runs that have ended\."""',
        '"""What a client does with the models of runs; `make_sync.py` wrote it from `async_model_use.py`."""',
    ),
    (r"async_model_use import", "model_use import"),
    (r"import asyncio\n", "import time\n"),
    (r"livetrain\.async_(client|run)", r"livetrain.\1"),
    (r"asyncio\.sleep", "time.sleep"),
    (r"  # noqa: ASYNC109 - of the \w+", ""),
    (r"\bAsync(Client|ModelUse|Run|Iterator)\b", r"\1"),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\ba(close|read|iter_bytes)\b", r"\1"),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\(await ((?:[^()]|\([^()]*\))*)\)\.", r"\1."),
    (r"\bawait ", ""),
    (r"\bfor (\w+) in ([^:]*):\n +yield \1\n", r"yield from \2\n"),
)


def blocking(text: str) -> str:
    """Return the words of the blocking client."""
    for pattern, word in WORDS:
        text = re.sub(pattern, word, text)
    return text


def formatted(text: str, target: Path) -> str:
    """Return the text in the project's format, with its imports in order."""
    for way in (("check", "--select", "I", "--fix", "--quiet"), ("format",)):
        command = [sys.executable, "-m", "ruff", *way, "--stdin-filename", str(target), "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return text


def main() -> int:
    """Write the modules, or with `--check` say whether they are as they would be written."""
    different = False
    for source, name in WRITTEN.items():
        target = FOLDER / name
        wanted = formatted(blocking((FOLDER / source).read_text("utf-8")), target)
        if "--check" not in sys.argv[1:]:
            target.write_text(wanted, "utf-8")
        elif target.read_text("utf-8") != wanted:
            sys.stdout.write(f"{name} is not what {source} makes: run {Path(__file__).name}\n")
            different = True
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
