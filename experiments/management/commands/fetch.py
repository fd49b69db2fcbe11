"""`manage.py fetch NAME`: download a published data set into a folder that trainings can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from experiments.cli.download import DownloadFailed, download
from experiments.cli.medmnist_catalogue import DATA_SETS, SIZES
from runs.check_tags import INSTALLATION


class Command(BaseCommand):
    """The command `fetch`."""

    help = "Fetch a MedMNIST data set from its official address, and check it. Known: " + "; ".join(
        f"{name} ({published.shows}; {published.licence})" for name, published in DATA_SETS.items()
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the data set, and optionally its size, the folder, and another address."""
        parser.add_argument("name", choices=DATA_SETS, metavar="NAME", help=", ".join(DATA_SETS))
        parser.add_argument("--size", type=int, choices=SIZES, default=SIZES[0], help="pixels (default: %(default)s)")
        parser.add_argument("--into", type=Path, help="folder (default: the first of LIVETRAIN_DATA_ROOTS)")
        parser.add_argument("--url", help="address of a copy of the same file, used instead of the official one")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Download and check the file, and print how to train on it. Raises CommandError."""
        published, size = DATA_SETS[options["name"]], options["size"]
        folder = _folder(options["into"])
        path = folder / published.file_name(size)
        address = options["url"] or published.address(size)
        self.stdout.write(f"{published.name}: {published.shows}. Licence of the data: {published.licence}.")
        try:
            with tqdm(unit="B", unit_scale=True, unit_divisor=1024, desc=path.name) as bar:
                fetched = download(address, path, md5=published.md5[size], observe=lambda *at: _show(bar, *at))
        except DownloadFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{'Saved and checked' if fetched else 'Already there, checked'}: {path}")
        self.stdout.write(f'Train on it with "source_path": "{path}"{_advice(folder)}')


def _folder(asked: Path | None) -> Path:
    if asked is not None:
        return asked.expanduser().resolve()
    roots: list[Path] = settings.LIVETRAIN_DATA_ROOTS
    if not roots:
        raise CommandError("Name a folder with --into; trainings can read it once LIVETRAIN_DATA_ROOTS names it too.")
    return roots[0]


def _advice(folder: Path) -> str:
    readable = any(folder.is_relative_to(root) for root in settings.LIVETRAIN_DATA_ROOTS)
    return "" if readable else f", once LIVETRAIN_DATA_ROOTS names {folder}"


def _show(bar: tqdm[None], done: int, total: int | None) -> None:
    bar.total = total
    bar.update(done - bar.n)
