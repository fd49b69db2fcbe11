"""From what a user of a model file can make to what the network takes, as the beginning of a graph."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from experiments.training.contract.inference import PIXEL_DIVISOR, PIXEL_OFFSET
from experiments.training.exporting.table_columns import TableColumns


class Pixels(nn.Module):
    """From uint8 images (N, C, S, S) to float32 of -1 to 1."""

    input_name = "images"

    def forward(self, images: Tensor) -> Tensor:
        """Scale the pixels as training batches are."""
        return images.float().div(PIXEL_DIVISOR).sub(PIXEL_OFFSET)


class Rows(nn.Module):
    """From float64 rows (N, columns) to the network's float32 features (N, F).

    A number stays one, NaN where it is missing, and an infinite one is missing too; a category is its place among those
    of its column.
    """

    input_name = "rows"

    def __init__(self, table: TableColumns) -> None:
        super().__init__()
        places, inputs = table.places, [place.input for place in table.places]
        self._single = table.single
        self.source: Tensor
        self.is_category: Tensor
        self.code: Tensor
        self.median: Tensor
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("source", torch.tensor([place.column for place in places]))
        self.register_buffer("is_category", torch.tensor([place.code is not None for place in places]))
        self.register_buffer("code", _doubles([place.code or 0 for place in places]))
        self.register_buffer("median", _doubles([one.median for one in inputs]))
        self.register_buffer("mean", _doubles([one.mean for one in inputs]))
        self.register_buffer("deviation", _doubles([one.deviation for one in inputs]))

    def forward(self, rows: Tensor) -> Tensor:
        """Tell categories apart, fill gaps and standardise, in double precision, as for training."""
        cells = rows.index_select(1, self.source)
        if self._single:
            cells = cells.float().double()
        values = torch.where(self.is_category, (cells == self.code).double(), cells)
        filled = torch.where(torch.isfinite(values), values, self.median)
        return ((filled - self.mean) / self.deviation).float()


def _doubles(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
