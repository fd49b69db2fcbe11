"""Makes a pandas table of the numbers of a run's epochs, for shells and notebooks; no process of the server does."""

from __future__ import annotations

import pandas as pd

from runs.statistics.epoch_table import WideTable


def frame(table: WideTable) -> pd.DataFrame:
    """Return the table with the epoch as its index."""
    index = pd.Index(table.epochs, name="epoch")
    return pd.DataFrame(table.numbers, index=index, columns=pd.Index(table.names, dtype=object))
