"""The catalogue of published data sets that `manage.py fetch` downloads, with their addresses and checksums.

Addresses, checksums and licences are MedMNIST's own (its `info.py`, version 3.0.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RECORD = "https://zenodo.org/records/10519652/files"
SIZES = (28, 64, 128, 224)


@dataclass(frozen=True)
class Published:
    """A data set in several sizes of images; `md5` maps pixels to the checksum of that size's file."""

    name: str
    shows: str
    licence: str
    md5: Mapping[int, str]

    def file_name(self, size: int) -> str:
        """Return the name of the file with images of `size` pixels."""
        return f"{self.name}.npz" if size == SIZES[0] else f"{self.name}_{size}.npz"

    def address(self, size: int) -> str:
        """Return the official address of that file."""
        return f"{RECORD}/{self.file_name(size)}?download=1"


def _published(name: str, shows: str, md5: tuple[str, str, str, str], licence: str = "CC BY 4.0") -> Published:
    return Published(name, shows, licence, dict(zip(SIZES, md5, strict=True)))


DATA_SETS = {
    published.name: published
    for published in (
        _published(
            "pneumoniamnist",
            "5,856 chest X-rays of children: pneumonia or normal",
            (
                "28209eda62fecd6e6a2d98b1501bb15f",
                "8f4eceb4ccffa70c672198ea285246c6",
                "05b46931834c231683c68f40c47b2971",
                "d6a3c71de1b945ea11211b03746c1fe1",
            ),
        ),
        _published(
            "breastmnist",
            "780 breast ultrasound images: malignant or not",
            (
                "750601b1f35ba3300ea97c75c52ff8f6",
                "742edef2a1fd1524b2efff4bd7ba9364",
                "363e4b3f8d712e9b5de15470a2aaadf1",
                "b56378a6eefa9fed602bb16d192d4c8b",
            ),
        ),
        _published(
            "bloodmnist",
            "17,092 blood cells of 8 kinds, in colour",
            (
                "7053d0359d879ad8a5505303e11de1dc",
                "2b94928a2ae4916078ca51e05b6b800b",
                "adace1e0ed228fccda1f39692059dd4c",
                "b718ff6835fcbdb22ba9eacccd7b2601",
            ),
        ),
        _published(
            "octmnist",
            "109,309 optical coherence tomograms of retinas in 4 classes",
            (
                "c68d92d5b585d8d81f7112f81e2d0842",
                "e229e9440236b774d9f0dfef9d07bdaf",
                "0a97e76651ace45c5d943ee3f65b63ae",
                "abc493b6d529d5de7569faaef2773ba3",
            ),
        ),
        _published(
            "dermamnist",
            "10,015 pigmented skin lesions of 7 kinds, in colour",
            (
                "0744692d530f8e62ec473284d019b0c7",
                "b70a2f5635c6199aeaa28c31d7202e1f",
                "2defd784463fa5243564e855ed717de1",
                "8974907d8e169bef5f5b96bc506ae45d",
            ),
            licence="CC BY-NC 4.0, not for commercial use",
        ),
    )
}
