"""Find the samples that several runs evaluated, and what each of them says of these.

Only samples that all of the runs evaluated are compared, matched by their ids, which are those of one version of the
data; the label of each must be the same. Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from runs.comparison import stored_scores
from runs.comparison.compared_runs import Deciding, NotComparable
from runs.files import predictions_file
from runs.models import Run
from runs.statistics.evaluated import Evaluated
from runs.statistics.predictions import evaluated
from runs.statistics.roc import Floats, Ints

IDENTITY = ("split", "sample_id", "patient_id", "label")


class SharedSamples(NamedTuple):
    """The samples that all runs evaluated, in the order of their ids.

    `patients` numbers the patient of each, None where no patient is known; `evaluated` are the sizes of the split.
    """

    split: str
    ids: pa.Array
    targets: Ints
    patient_ids: pa.Array
    patients: Ints | None
    evaluated: dict[int, int]

    @property
    def people(self) -> int | None:
        """The number of patients; None where they are not known."""
        return None if self.patients is None else len(np.unique(self.patients))


class _Identities(NamedTuple):
    ids: pa.Array
    targets: Ints
    patients: pa.Array


def shared_samples(deciding: Sequence[Deciding], split: str) -> SharedSamples:
    """Find them. Raises NotComparable, StoreError."""
    if len({len(one.class_names) for one in deciding}) > 1:
        raise NotComparable("The runs have different numbers of classes.")
    if any(len(one.class_names) < 2 for one in deciding):
        raise NotComparable("The runs have a single class: there is nothing to decide.")
    runs = Run.objects.in_bulk([one.run for one in deciding])
    shared: _Identities | None = None
    sizes: dict[int, int] = {}
    for one in deciding:
        found = _identities(runs.get(one.run), one, split)
        sizes[one.run] = len(found.ids)
        shared = found if shared is None else _both(shared, found)
    if shared is None:
        raise NotComparable("There is nothing to compare.")
    return SharedSamples(split, shared.ids, shared.targets, shared.patients, _numbered(shared.patients), sizes)


def evaluated_by(one: Deciding, samples: SharedSamples) -> Evaluated:
    """Read what a run says of the samples. Raises NotComparable, StoreError."""
    two = len(one.class_names) == 2
    names = ["score"] if two else [f"score_{name}" for name in one.class_names]
    logits = ["logit"] if two else [f"logit_{name}" for name in one.class_names]
    run = Run.objects.filter(pk=one.run).first()
    table = stored_scores.rows(run, ("split", "sample_id", *names), logits) if run else None
    try:
        table = None if table is None else _aligned(table, samples)
        if table is None:
            raise NotComparable(_without_scores(one))
        return _evaluated(one, table, names, logits if set(logits) <= set(table.column_names) else [], samples)
    except (pa.ArrowException, ValueError):
        raise NotComparable(_without_scores(one)) from None


def _evaluated(
    one: Deciding, table: pa.Table, names: Sequence[str], logits: Sequence[str], samples: SharedSamples
) -> Evaluated:
    """Put together what is known of the samples; raises ValueError for what is not finite."""
    known = _matrix(table, logits) if logits else None
    if known is not None and np.isnan(known).any():
        raise ValueError
    return evaluated(
        _matrix(table, names),
        samples.targets,
        threshold=one.decision.threshold,
        log_odds=one.decision.log_odds,
        logits=known,
        patients=samples.patients,
    )


def _matrix(table: pa.Table, names: Sequence[str]) -> Floats:
    columns = [predictions_file.numbers(table[name]) for name in names]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _identities(run: Run | None, one: Deciding, split: str) -> _Identities:
    table = stored_scores.rows(run, IDENTITY) if run else None
    try:
        found = None if table is None else _of_split(table, split)
        if found is None or not len(found.ids):
            raise NotComparable(_without_scores(one))
        if found.targets.min() < 0 or found.targets.max() >= len(one.class_names):
            raise NotComparable(_without_scores(one))
    except (pa.ArrowException, ValueError):
        raise NotComparable(_without_scores(one)) from None
    return found


def _without_scores(one: Deciding) -> str:
    return f"Run {one.run} has no scores that can be paired with those of others."


def _of_split(table: pa.Table, split: str) -> _Identities | None:
    """Return the samples in the order of their ids; None where an id is missing, or stands twice."""
    table = table.filter(pc.equal(table["split"].cast(pa.string()), split))
    table = table.set_column(table.column_names.index("sample_id"), "sample_id", table["sample_id"].cast(pa.string()))
    table = table.sort_by("sample_id").combine_chunks()
    ids = table["sample_id"].combine_chunks()
    if ids.null_count or table["label"].null_count or len(ids.unique()) < len(ids):
        return None
    labels = np.asarray(table["label"].cast(pa.int64()).to_numpy(), dtype=np.int64)
    return _Identities(ids, labels, table["patient_id"].cast(pa.string()).combine_chunks())


def _both(one: _Identities, other: _Identities) -> _Identities:
    """Return the samples that both have; patients of whichever knows them."""
    if one.ids.equals(other.ids):
        shared, targets = one, other.targets
    else:
        places = pc.index_in(one.ids, value_set=other.ids)
        kept = pc.is_valid(places)
        shared = _Identities(
            one.ids.filter(kept), one.targets[kept.to_numpy(zero_copy_only=False)], one.patients.filter(kept)
        )
        other = _Identities(
            *(part.take(places.drop_null()) for part in (other.ids, pa.array(other.targets), other.patients))
        )
        targets = np.asarray(other.targets)
    if not len(shared.ids):
        raise NotComparable("The runs evaluated different samples: they share none.")
    if not np.array_equal(shared.targets, targets):
        raise NotComparable("The runs give the samples that they share different labels.")
    known = shared.patients.null_count <= other.patients.null_count
    return shared if known else shared._replace(patients=other.patients)


def _numbered(patients: pa.Array) -> Ints | None:
    """Give patients numbers; None where none is known. A sample whose patient alone is unknown counts as one."""
    if patients.null_count == len(patients):
        return None
    codes = np.asarray(patients.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    unknown = codes < 0
    codes[unknown] = codes.max() + 1 + np.arange(int(unknown.sum()))
    return codes


def _aligned(table: pa.Table, samples: SharedSamples) -> pa.Table | None:
    """Bring the rows into the order of the samples; None where one is missing."""
    table = table.filter(pc.equal(table["split"].cast(pa.string()), samples.split)).combine_chunks()
    places = pc.index_in(samples.ids, value_set=table["sample_id"].cast(pa.string()).combine_chunks())
    return None if places.null_count else table.take(places)
