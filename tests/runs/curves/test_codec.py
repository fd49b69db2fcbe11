"""Encoded tables are decoded bit by bit."""

from __future__ import annotations

import numpy as np
import pytest

from runs.curves.codec import decode_table, encode_table
from runs.curves.sampled_events import SAMPLED_EVENTS
from runs.curves.tables import Column, Sample, Table, joined, table
from runs.events import EPHEMERAL_TYPES, BatchMetrics, EpochEnd, GradientStats, LrUpdate, encode

INTS = {
    "none": [],
    "one": [2**40],
    "ascending": [1, 2, 3, 1_000],
    "falling": [5, -5, 2**62, -(2**62) + 1],
    "equal": [7, 7, 7],
}
FLOATS = {
    "none": [],
    "singles": [0.5, float(np.float32(0.1)), -1.0],
    "doubles": [0.1, 1 / 3, 1e300, 5e-324],
    "gaps": [float("nan"), 0.25, float("nan")],
    "signs": [0.0, -0.0],
}


@pytest.mark.parametrize("ints", INTS.values(), ids=INTS)
@pytest.mark.parametrize("floats", FLOATS.values(), ids=FLOATS)
def test_a_table_comes_back_exactly(ints: list[int], floats: list[float]) -> None:
    values = np.array(floats, np.float64)
    rows = np.arange(len(values)) * 3
    packed = encode_table(
        Table(9, {"seq": np.array(ints, np.int64)}, {"a/b": Column(rows, values), "c": Column(None, values)})
    )
    found = decode_table(packed, {"seq", "/a/b", "/c", "/d"})
    assert (found.count, found.base["seq"].tolist()) == (9, ints)
    assert found.columns["a/b"].values.tobytes() == found.columns["c"].values.tobytes() == values.tobytes()
    kept = found.columns["a/b"].rows
    assert kept is not None
    assert kept.tolist() == rows.tolist()
    assert found.columns["c"].rows is None
    assert decode_table(packed, {"/c"}).base == {}


def test_events_become_columns() -> None:
    moment = "2026-11-24T09:17:39.000001Z"
    batches = [
        BatchMetrics(step=step, batch_idx=0, epoch=0, loss=loss, accuracy=0.5, recall=None, f1=None)
        for step, loss in ((10, 0.5), (20, None))
    ]
    found = table(
        SAMPLED_EVENTS["batch_metrics"], [Sample(n, moment, encode(e).decode()) for n, e in enumerate(batches, 3)]
    )
    assert {name: values.tolist() for name, values in found.base.items()} == {
        "seq": [3, 4],
        "time": [1_795_511_859_000_001] * 2,  # date -u -d 2026-11-24T09:17:39 +%s
        "step": [10, 20],
        "epoch": [0, 0],
    }
    assert found.columns["loss"].rows is None
    np.testing.assert_array_equal(found.columns["loss"].values, [0.5, np.nan])


def test_a_curve_that_some_events_lack_is_no_gap_there() -> None:
    ends = [
        EpochEnd(epoch=0, phase=phase, metrics={f"{phase}_loss": value}, timestamp="")  # type: ignore[arg-type]
        for phase, value in (("train", 0.5), ("val", 0.7))
    ]
    found = table(
        SAMPLED_EVENTS["epoch_end"],
        [Sample(n, "2026-11-24T09:17:39.000001Z", encode(e).decode()) for n, e in enumerate(ends)],
    )
    rows = found.columns["val_loss"].rows
    assert rows is not None
    assert rows.tolist() == [1]


def test_every_number_of_an_event_has_a_name() -> None:
    norms = GradientStats(
        step=1, epoch=0, total_norm=5.0, layer_norms={"a": 3.0, "b": None}, max_norm=3.0, min_norm=0.0
    )
    kind = SAMPLED_EVENTS["gradient_stats"]
    found = table(kind, [Sample(1, "2026-11-24T09:17:39.000001Z", encode(norms).decode())])
    assert set(found.columns) == {"total", "max", "min", "nonfinite", "layer/a", "layer/b"}
    assert found.columns["nonfinite"].values.tolist() == [0.0]
    assert all(kind.may_have(name) for name in found.columns)
    assert not any(kind.may_have(name) for name in ("layer/", "layer", "loss", ""))
    assert SAMPLED_EVENTS[LrUpdate.type].may_have("learning_rate")


def test_every_event_that_is_pruned_leaves_its_curves() -> None:
    assert set(SAMPLED_EVENTS) >= EPHEMERAL_TYPES


def test_a_column_joins_with_tables_that_lack_it() -> None:
    dense, sparse = Column(None, np.array([1.0, 2.0])), Column(np.array([1]), np.array([3.0]))
    found = joined([(2, None), (2, dense), (0, None), (3, sparse)])
    assert found.rows is not None
    assert found.rows.tolist() == [2, 3, 5]
    assert found.values.tolist() == [1.0, 2.0, 3.0]
    assert joined([(2, dense), (2, dense)]).rows is None
    assert len(joined([(2, None)]).values) == 0
