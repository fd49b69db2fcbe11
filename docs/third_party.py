"""Write `THIRD_PARTY.md`: version and licence of every package that an installation may have.

`python -m docs.third_party` after a change of a requirement; a test compares the file with what is installed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from docs.requirement_sets import ROOT, additional, pinned

FILE = ROOT / "THIRD_PARTY.md"
NAMES = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "BSD 2-Clause License": "BSD-2-Clause",
    "2-clause BSD": "BSD-2-Clause",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What packages write, and the identifier of SPDX; "BSD" where they do not say which."""
READ_BY_HAND = {
    "async-timeout": "Apache-2.0",  # only for Python before 3.11.3
    "channels-redis": "BSD-3-Clause",
    "docutils": "public domain, BSD-2-Clause, parts GPL-3.0-or-later",
    "protobuf": "BSD-3-Clause",
    "pyphen": "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1",
    "pytest-django": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "uritemplate": "BSD-3-Clause OR Apache-2.0",
}
"""Those whose metadata are a whole text, or several licences without a word on which holds for what."""
HEAD = """# Third-party packages

Made by `python -m docs.third_party` from what the packages say of themselves. Livetrain contains none of their code:
`make` installs them, at these versions. Wheels may bring libraries of their own, whose licences lie beside them in the
installation; the builds of PyTorch for NVIDIA's GPUs also bring packages of NVIDIA, under its licences.

"""


class Package(NamedTuple):
    """A row of the list."""

    name: str
    version: str
    licence: str
    purpose: str


def python_packages() -> Iterator[Package]:
    """Yield the pinned Python packages by what they are for. Raises LookupError for a licence that nobody named."""
    versions = pinned()
    for purpose, names in additional().items():
        for name in sorted(names):
            yield Package(name, versions[name], licence_of(name), purpose)


def browser_packages() -> Iterator[Package]:
    """Yield those of npm, of which only the first are served to browsers."""
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    rows = [
        Package(
            path.rpartition("node_modules/")[2], one["version"], one["license"], "tests" if one.get("dev") else "pages"
        )
        for path, one in locked.items()
        if path
    ]
    return iter(sorted(set(rows), key=lambda row: (row.purpose, row.name, row.version)))


def licence_of(name: str) -> str:
    """Return the licence as SPDX writes it; raises LookupError where neither the package nor this file says it."""
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    said = metadata.metadata(name)
    classified: list[str] = [
        one.rpartition(" :: ")[2] for one in said.get_all("Classifier", []) if one.startswith("License :: ")
    ]
    written: list[str] = [text for name in ("License-Expression", "License") for text in said.get_all(name, [])]
    for text in (*written, *classified[:1]):
        found = NAMES.get(text, text)
        if re.fullmatch(r"[\w.+-]+( (AND|OR|WITH) [\w.+()-]+)*", found) and found != "BSD":
            return found
    if len(classified) == 1 and classified[0] in NAMES:
        return NAMES[classified[0]]
    raise LookupError(f"{name} does not say one licence: read it, and name it in READ_BY_HAND of docs/third_party.py")


def with_copyleft(rows: list[Package]) -> dict[str, list[str]]:
    """Group the packages under a licence that asks something of those who change or pass them on."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for licence in re.findall(r"(?:L?GPL|MPL|EPL|AGPL|CDDL|EUPL)-[\w.-]+", row.licence):
            found.setdefault(licence, []).append(f"{row.name} ({row.purpose})")
    return dict(sorted(found.items()))


def rendered() -> str:
    """Write the whole list."""
    python, browser = list(python_packages()), list(browser_packages())
    copyleft = "".join(
        f"- {licence}: {', '.join(names)}\n" for licence, names in with_copyleft([*python, *browser]).items()
    )
    parts = (
        ("Licences with copyleft", copyleft),
        ("Python packages", _table(python)),
        ("Packages of npm", _table(browser)),
    )
    return HEAD + "\n".join(f"## {title}\n\n{text}" for title, text in parts)


def _table(rows: list[Package]) -> str:
    head = "| package | version | licence | for |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> None:
    """Write the file."""
    FILE.write_text(rendered())
    sys.stdout.write(f"{Path(FILE).name} is new\n")


if __name__ == "__main__":
    main()
