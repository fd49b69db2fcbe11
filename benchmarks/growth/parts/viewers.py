"""What a web process takes with more and more viewers of one run at 200 events a second, by `benchmarks.fanout`."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.growth import measuring
from tests.installation import ROOT


def main() -> None:
    asked = measuring.asked()
    command = [sys.executable, "-m", "benchmarks.fanout", "--seconds", str(asked["seconds"]), "--clients"]
    done = subprocess.run(
        [*command, *map(str, asked["sizes"])], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    with measuring.Collected("viewers", "viewers") as found:
        for line in done.stdout.splitlines():
            one = json.loads(line)
            # Of the events that were asked for: a busy machine takes longer for them.
            found.add("web process", "cores", one["clients"], one["server_cpu_seconds"] / asked["seconds"])
            found.add("its memory (RSS)", "MiB", one["clients"], one["server_rss_mb"])
            found.add("from commit to viewer, median, of a busy machine", "ms", one["clients"], one["p50_ms"])


if __name__ == "__main__":
    main()
