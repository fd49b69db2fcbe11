"""Write `client.py` from `async_client.py`: the same words without asyncio. A test says that it was done."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "src" / "livetrain"
SOURCE, TARGET = FOLDER / "async_client.py", FOLDER / "client.py"
WORDS = (
    (
        r'"""The client for asyncio: the same as `Client`, awaited\."""',
        '"""The client that blocks; `make_sync.py` wrote it from `async_client.py`."""',
    ),
    (r"import asyncio\n", "import time\n"),
    (
        r"from collections\.abc import AsyncIterator, Callable, Iterable, Mapping",
        "from collections.abc import Callable, Iterable, Iterator, Mapping",
    ),
    (r"asyncio\.sleep", "time.sleep"),
    (r"  # noqa: ASYNC109 - of the \w+", ""),
    (r"\bAsync(Client|Run|Iterator)\b", r"\1"),
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


def formatted(text: str) -> str:
    """Return the text in the project's format."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603


def main() -> int:
    """Write the client, or with `--check` say whether it is as it would be written."""
    wanted = formatted(blocking(SOURCE.read_text("utf-8")))
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(wanted, "utf-8")
    elif TARGET.read_text("utf-8") != wanted:
        sys.stdout.write(f"{TARGET.name} is not what {SOURCE.name} makes: run {Path(__file__).name}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
