"""What was asked for as tables of pandas, which `pip install livetrain[tables]` brings."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from livetrain.errors import Misconfigured
from livetrain.operations.curves import Curve

if TYPE_CHECKING:
    from pandas import DataFrame

MISSING = "Tables need pandas and pyarrow: pip install 'livetrain[tables]'"


def of_history(series: Iterable[Mapping[str, Any]]) -> DataFrame:
    """Make a row per epoch, counted from 0, and a column per metric."""
    pd = _pandas()
    columns = {_of_class(one): pd.Series(one["values"], one["epochs"], dtype=float) for one in series}
    return _joined(columns, "epoch")


def of_curves(curves: Iterable[Curve], by: str) -> DataFrame:
    """Make a row per place on the axis, and a column per curve; blank where a curve has no sample."""
    pd = _pandas()
    import numpy as np  # noqa: PLC0415 - pandas has loaded it

    columns = {}
    for curve in curves:
        x, y = np.asarray(curve.x), np.asarray(curve.y, dtype=float)
        one = pd.Series(y, pd.to_datetime(x, unit="s", utc=True) if by == "time" else x)
        # After a resume, a step may have been trained twice: the later value counts.
        columns[curve.name] = one if bool((x[1:] > x[:-1]).all()) else one[~one.index.duplicated(keep="last")]
    return _joined(columns, by)


def of_parquet(content: bytes) -> DataFrame:
    """Read a Parquet file."""
    try:
        table: DataFrame = _pandas().read_parquet(io.BytesIO(content))
    except ImportError:  # pandas without Arrow
        raise Misconfigured(MISSING) from None
    return table


def _joined(columns: Mapping[str, Any], name: str) -> DataFrame:
    pd = _pandas()
    table: DataFrame = pd.DataFrame(columns) if columns else pd.DataFrame(index=pd.Index([], dtype=float))
    return table.sort_index().rename_axis(name)


def _pandas() -> Any:
    try:
        import pandas  # noqa: PLC0415 - it takes longer to import than all else, and not every script wants tables
    except ImportError:
        raise Misconfigured(MISSING) from None
    return pandas


def _of_class(series: Mapping[str, Any]) -> str:
    return series["name"] if series.get("class") is None else f"{series['name']}/{series['class']}"
