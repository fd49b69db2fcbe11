"""From a sample that a run stored to the question that explains it: where its data lie, and what was predicted then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from rest_framework.exceptions import NotFound

from experiments.datasets import lookup
from experiments.training.contract.source_errors import SourceError
from experiments.training.prediction.serving.messages import ExplainSample, RankColumns, StoredData
from runs.api.views import StoreUnavailable
from runs.errors import Conflict
from runs.files.store import StoreError
from runs.models import Run

MOST_SAMPLES = 200_000  # of a split, whose ids and labels are sent to the process


class StoredSample(NamedTuple):
    """A sample of a split: by its place among the split's predictions, or by its id."""

    split: str
    place: int | None
    sample_id: str | None


class PlacedSample(NamedTuple):
    """A sample of a split, by its place among the split's predictions."""

    split: str
    place: int


def question_of(run: Run, sample: PlacedSample, label: int | None) -> ExplainSample:
    """Make the question. Raises NotFound, Conflict and StoreUnavailable."""
    from runs.evaluation import class_scores, image_files  # noqa: PLC0415

    try:
        images = image_files.read(run, sample.split, [sample.place])
    except class_scores.NoScores as error:
        raise NotFound(str(error)) from error
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error
    if not images.samples:
        raise Conflict("This sample has no id, so it cannot be found in the data.")
    [found] = images.samples
    data = _data(run, images.read_at)
    return ExplainSample(data=data, id=found.id, file=found.file, size=found.size, label=label)


def placed(run: Run, sample: StoredSample) -> PlacedSample:
    """Look up the sample's place among the predictions of its split. Raises NotFound and StoreUnavailable."""
    from runs.comparison import sample_places  # noqa: PLC0415

    if sample.place is not None:
        return PlacedSample(sample.split, sample.place)
    wanted = sample.sample_id or ""
    try:
        places = sample_places.read(run, sample.split, [wanted])
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error
    if wanted not in places:
        raise NotFound(f"The predictions of run {run.pk} have no sample {wanted!r} in the {sample.split} split.")
    return PlacedSample(sample.split, places[wanted])


def stored_score(run: Run, sample: PlacedSample, label: int, classes: Sequence[str]) -> float | None:
    """Return the score of class `label` that the run stored of the sample; None where it cannot be told."""
    from runs.evaluation import class_scores  # noqa: PLC0415

    of = 1 if len(classes) == 2 else label
    try:
        scores = class_scores.read(run.pk, run.attempt, sample.split, of, tuple(classes)).scores
    except (class_scores.NoScores, StoreError):
        return None
    if sample.place >= len(scores):
        return None
    found = float(scores[sample.place])
    return 1 - found if len(classes) == 2 and label == 0 else found


def ranking_of(run: Run, split: str, classes: Sequence[str]) -> RankColumns:
    """Make the question about all samples of a split. Raises NotFound, Conflict and StoreUnavailable."""
    from runs.evaluation import class_scores  # noqa: PLC0415

    logit = "logit" if len(classes) == 2 else f"logit_{classes[0]}"
    ids: list[str] = []
    labels: list[int] = []
    patients: list[str | None] = []
    logits: list[float] = []
    try:
        with class_scores.opened(run.pk) as file:
            names = ["split", "sample_id", "patient_id", "label", logit]
            for batch in file.iter_batches(MOST_SAMPLES // 10, columns=names):
                rows = class_scores.of_split(batch, split)
                ids += [str(one) for one in rows["sample_id"].to_pylist()]
                labels += rows["label"].to_pylist()
                patients += rows["patient_id"].to_pylist()
                logits += rows[logit].to_pylist()
                if len(ids) > MOST_SAMPLES:
                    raise Conflict(f"The {split} split has more than {MOST_SAMPLES:,} samples; so many are not ranked.")
    except class_scores.NoScores as error:
        raise NotFound(str(error)) from error
    except KeyError as error:
        raise Conflict(f"The predictions of run {run.pk} have no logits: they are of an older version.") from error
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error
    if not ids:
        raise NotFound(f"Run {run.pk} has no predictions of its {split} split.")
    return RankColumns(data=_data(run, None), ids=ids, labels=labels, patients=patients, logits=logits)


def _data(run: Run, read_at: int | None) -> StoredData:
    """Return where the run's data lie now, in the version that it read. Raises Conflict."""
    try:
        place = lookup.locate_for(run)
    except SourceError as error:
        raise Conflict(error.message) from error
    return StoredData(
        source_path=place.source_path,
        roots=[str(root) for root in place.roots],
        datasets_dir=str(settings.DATASETS_ROOT),
        stamp=place.stamp,
        read_at=read_at,
    )
