"""Imported by the fork server, and by nothing else: readers of data that other processes load only when they need them.

A training that loaded them itself would begin later by that time.
"""

from __future__ import annotations

from PIL import Image

from experiments.training.data.tables.formats import csv_files, parquet  # noqa: F401

Image.preinit()
