"""The list of licences and the checksums are those of the requirements."""

from __future__ import annotations

import re

from docs import locks, third_party
from docs.requirement_sets import FILES, ROOT, additional, packages_of, pinned

RENEW = "run `python -m docs.{}`"


def test_the_list_of_licences_is_that_of_the_packages() -> None:
    written = third_party.FILE.read_text()
    assert written == third_party.rendered(), RENEW.format("third_party")
    assert not re.search(r"\| (unknown|none)? *\| \w+ \|$", written, re.IGNORECASE | re.MULTILINE)


def test_every_pinned_package_is_for_something() -> None:
    assert set.union(*additional().values()) == set(pinned())
    assert {"torch", "sympy"} <= packages_of("requirements-torch.txt")
    assert {"psycopg-binary", "redis", "pika"} <= packages_of("requirements.txt")  # by extras of others
    assert "pytest" not in packages_of("requirements.txt")


def test_licences_with_copyleft_are_named_in_the_readme() -> None:
    rows = list(third_party.python_packages())
    of_server = {row.name for row in rows if row.purpose == "server" and third_party.with_copyleft([row])}
    assert {"dramatiq", "psycopg", "psycopg-binary", "tqdm"} <= of_server
    section = (ROOT / "README.md").read_text().split("## Licence")[1]
    assert of_server <= set(re.findall(r"[\w-]+", section))


def test_a_package_that_does_not_say_its_licence_must_be_looked_at() -> None:
    assert third_party.licence_of("scipy") == "BSD-3-Clause"
    for name, licence in {"psycopg": "LGPL-3.0-only", "Pillow": "MIT-CMU", "certifi": "MPL-2.0"}.items():
        assert third_party.licence_of(name) == licence


def test_there_is_a_checksum_for_each_package_that_has_one_on_all_machines() -> None:
    versions, wanted = pinned(), locks.names()
    assert {path.name for path in locks.FOLDER.iterdir()} == set(wanted), RENEW.format("locks")
    for name, packages in wanted.items():
        found = locks.entries((locks.FOLDER / name).read_text())
        assert set(found) == packages, f"{name}: {RENEW.format('locks')}"
        for package, lines in found.items():
            first, *checksums = lines.replace("\\", "").split("\n")
            assert first.split(" ; ")[0].strip() == f"{package}=={versions[package]}", RENEW.format("locks")
            assert checksums
            assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64} ?", line) for line in checksums), package


def test_locks_hold_no_address_and_no_path() -> None:
    for path in locks.FOLDER.iterdir():
        assert not re.search(r"https?:|file:|index|find-links|\s/\w", path.read_text().split("\n", 1)[1]), path.name


def test_together_they_are_all_that_is_installed_but_for_pytorch_itself() -> None:
    assert set.union(*locks.names().values()) == set(pinned()) - {"torch"}
    for purpose in ("documentation", "extra s3", "tests"):  # whatever else is installed
        needed = packages_of(FILES[purpose])
        installed = {"torch", *(locks.names()["torch.txt"]), *locks.names()["server.txt"]}
        assert needed <= installed | locks.names()[locks.file_of(FILES[purpose])]
