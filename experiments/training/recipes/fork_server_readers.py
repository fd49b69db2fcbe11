"""Imported by the fork server, and by nothing else: readers of data that other processes load only when they need them.

A training that loaded them itself would begin later by that time.
"""

from __future__ import annotations

import pyarrow.pandas_compat  # noqa: F401  # Arrow loads it with the first table that it makes of pandas' columns
from PIL import Image

from experiments.training.data.tables.formats import csv_files, parquet  # noqa: F401

Image.preinit()
