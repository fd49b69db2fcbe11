"""The sections of a report about the model: what it gets, what it is, how it was trained, where it decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.reports.document import Block, Fact, Paragraph, Section, Table
from experiments.reports.sections.blocks import facts, written
from experiments.reports.source import SPLITS, Source
from realtime.first_facts import WARNINGS
from runs.admin_pages.recalibration_facts import recalibration_facts
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_value
from runs.wording.number_text import byte_size, duration, number

MOST_FEATURES = 30
UNSET: tuple[Any, ...] = (None, "", [], {})
ASKED_ELSEWHERE = frozenset({"experiment_name", "source_path", "tags", "priority", "seed", "dry_run"})


def inputs_section(source: Source) -> Section:
    """Describe how an input becomes what the network gets, and what inputs are refused."""
    part: Mapping[str, Any] = source.inference.get("preprocessing") or {}
    found = _image(source, part) if source.is_image else _table(part)
    return Section(
        id="inputs",
        title="Inputs and preprocessing",
        items="TRIPOD+AI 7, 9b, 12b, 27a · STARD 10a, 15 · CLAIM 9, 12",
        blocks=[
            *facts(found),
            *_features(part),
            Paragraph(text=_refused(is_image=source.is_image)),
            *written(source, "poor_inputs"),
        ],
    )


def _image(source: Source, part: Mapping[str, Any]) -> Iterator[Fact]:
    pixels: Mapping[str, Any] = source.reading.get("pixels") or {}
    yield Fact(label="Kind of input", value="image")
    size, channels = part.get("size") or pixels.get("size"), part.get("channels") or pixels.get("channels")
    yield Fact(label="Size for the network", value=f"{size} × {size} pixels", detail=pixels.get("size_why", ""))
    yield Fact(label="Channels", value="3, RGB" if channels == 3 else "1, grey", detail=pixels.get("channels_why", ""))
    if pixels.get("scale"):
        yield Fact(label="Grey values", value=pixels["scale"])
    if part.get("resize"):
        yield Fact(label="Resizing", value=part["resize"])
    if part.get("formula"):
        value = f"{part['formula']}, divisor {part.get('divisor')}, offset {part.get('offset')}"
        yield Fact(label="Scaling", value=value, detail=part.get("rounding", ""))


def _table(part: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact(label="Kind of input", value="row of a table")
    features = part.get("features") or []
    count = part.get("feature_count") or len(features)
    if count:
        yield Fact(
            label="Numbers for the network",
            value=f"{count:,}",
            detail="constants of all are in features.csv of the run",
        )
    if part.get("formula"):
        yield Fact(label="Scaling", value=str(part["formula"]), detail="mean and deviation are of the training split")
    if part.get("missing_cells"):
        cells = ", ".join(repr(cell) for cell in part["missing_cells"])
        yield Fact(label="Cells that are missing", value=cells, detail="they get the median of the training split")


def _features(part: Mapping[str, Any]) -> Iterator[Block]:
    features = part.get("features") or []
    rows = [
        [
            str(one.get("name") or one.get("column") or ""),
            str(one.get("kind", "")),
            *(
                number(one[name]) if isinstance(one.get(name), int | float) else str(one.get(name) or "")
                for name in _CONSTANTS
            ),
        ]
        for one in features[:MOST_FEATURES]
        if isinstance(one, Mapping)
    ]
    if rows:
        more = len(features) - len(rows)
        yield Table(
            caption="Inputs in the network's order",
            head=["Input", "Kind", "Median", "Mean", "Deviation"],
            rows=rows,
            note=f"{more:,} more are in features.csv of the run." if more > 0 else "",
        )


_CONSTANTS = ("median", "mean", "deviation")


def _refused(*, is_image: bool) -> str:
    if is_image:
        return (
            "Images are read by the rules above, those of another size are resized. Files that are no image, are cut "
            "off or damaged, or whose grey values no rule fits are refused with the reason, and get no score. Nothing "
            "tells the model that a picture shows something else than it was trained on: it gives a score all the same."
        )
    return (
        "Columns are found by their names, in any order. A row without a column that the model needs is refused with "
        "the reason, and gets no score. A missing number becomes the median of the training split. Nothing tells the "
        "model that values lie outside of what it was trained on: it gives a score all the same."
    )


def model_section(source: Source) -> Section:
    """Describe the network and its training."""
    blocks: list[Block] = [*facts(_network(source)), *facts(_training(source)), *_options(source)]
    items = "TRIPOD+AI 12c, 13, 22 · STARD 10a · CLAIM 22–27"
    return Section(id="model", title="Model and training", items=items, blocks=blocks)


def _network(source: Source) -> Iterator[Fact]:
    run, network = source.run, source.inference.get("network") or {}
    model = run.model or {}
    yield Fact(
        label="Network",
        value=str(model.get("name") or run.model_name or network.get("name", "")),
        detail=_pairs(network.get("options")),
    )
    if model:
        yield Fact(
            label="Parameters", value=f"{model['parameters']:,}", detail=f"{model['trainable']:,} of them trained"
        )
    if network.get("input_shape"):
        yield Fact(label="Input of the network", value=" × ".join(map(str, network["input_shape"])))
    scores = (source.inference.get("output") or {}).get("scores")
    if scores:
        yield Fact(
            label="Output",
            value=f"{network.get('outputs', '')} logit, score by the {scores}"
            if scores == "sigmoid"
            else f"{network.get('outputs', '')} logits, scores by the {scores}",
        )
    yield Fact(label="Start weights", value=_start_weights(source))
    yield Fact(label="Number of models", value="one: the result is that of this network alone")


def _start_weights(source: Source) -> str:
    model = source.config.section("model")
    file = model.get("weights_file") or model.get("weights")
    return f"file {file}" if file else "random"


def _training(source: Source) -> Iterator[Fact]:
    run, config = source.run, source.config
    yield Fact(label="Seed", value=str(run.seed))
    yield Fact(
        label="Epochs",
        value=f"{run.total_epochs} of at most {run.max_epochs}",
        detail="ended by early stopping" if source.stopped_early else "",
    )
    if run.best_epoch is not None:
        best = f"{run.monitor} {metric_value(run.monitor, run.best_value)} on validation"
        yield Fact(
            label="Checkpoint",
            value=f"epoch {epoch_number(run.best_epoch)}",
            detail=f"the {'highest' if config.mode == 'max' else 'lowest'} {best}",
        )
    weights = source.execution.get("loss_weights")
    if weights:
        named = ", ".join(f"{name} {number(weight)}" for name, weight in zip(source.class_names, weights, strict=False))
        yield Fact(label="Weights of the classes in the loss", value=named)
    yield Fact(label="Duration of the training", value=duration(run.duration_seconds))
    yield Fact(label="Attempts", value=str(run.attempt))


def _options(source: Source) -> Iterator[Block]:
    """Build the options by their groups; what was left blank is left out."""
    rows = [
        [group, _pairs(found) if isinstance(found, Mapping) else _shown(found)]
        for group, found in source.run.config.items()
        if group not in ASKED_ELSEWHERE and found not in UNSET
    ]
    if rows:
        yield Table(caption="Options of the training, defaults included", head=["Group", "Options"], rows=rows)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return f"({_pairs(value)})"
    return " ".join(map(_shown, value)) if isinstance(value, list) else str(value)


def _pairs(value: Any) -> str:
    if not isinstance(value, Mapping):
        return ""
    return ", ".join(f"{name} {_shown(one)}" for name, one in value.items() if one not in UNSET)


def decision_section(source: Source) -> Section:
    """Describe how a score becomes a decision and a probability: by whom, when and on what that was chosen."""
    blocks: list[Block] = [*facts(_decision(source)), *_history(source), *_recalibration(source)]
    items = "TRIPOD+AI 12f, 12g, 15, 24 · STARD 12a · CLAIM 22, 25"
    return Section(id="decision", title="Threshold and recalibration", items=items, blocks=blocks)


def _decision(source: Source) -> Iterator[Fact]:
    if not source.is_binary:
        yield Fact(label="Decision", value="the class with the highest score", detail="there is no threshold to choose")
        return
    point, own = source.point, source.main.threshold
    positive = source.class_names[1]
    if point is None:
        at = "" if own is None else f"{own:.6g}"
        yield Fact(
            label="Threshold",
            value=f"“{positive}” from a score of {at} on",
            detail=_origin_of_own(own),
        )
        return
    yield Fact(label="Threshold", value=f"“{positive}”: {point['summary']}", detail=point["label"])
    yield Fact(label="Decided", value=point["decided"], detail=point["origin"])
    yield Fact(label="Reason", value=point["reason"])
    for shift in point["shifts"]:
        yield Fact(label="Shift to the test split", value=shift["text"])


def _origin_of_own(own: float | None) -> str:
    """Say where the run's own threshold comes from: what was asked for, or the half that nobody chose."""
    if own in (None, 0.5):
        return "the run's own, which nobody chose: no operating point is saved"
    return "the run's own, asked for before the training: no operating point is saved"


def _history(source: Source) -> Iterator[Block]:
    if len(source.decisions) > 1:
        rows = [[one["at"], one["by"], one["label"], one["summary"], one["reason"]] for one in source.decisions]
        yield Table(
            caption="All decisions about the threshold, the newest first",
            head=["When", "By", "Rule", "Threshold", "Reason"],
            rows=rows,
        )


def _recalibration(source: Source) -> Iterator[Block]:
    found = recalibration_facts(source.run)
    if found is None:
        yield Paragraph(text="Scores were not recalibrated.")
        return
    methods = [Fact(label=one.label, value=one.value, detail=one.detail) for one in found.methods]
    yield Paragraph(text=f"Recalibration was {found.fitted_on}.")
    yield from facts(methods)
    for split in SPLITS.values():
        rows = [
            [label.partition(": ")[2].capitalize(), *(value for _, value in values)]
            for label, values in found.rows
            if label.startswith(f"{split}: ")
        ]
        if rows:
            caption = f"Calibration before and after, {split} split"
            yield Table(caption=caption, head=["Scores", *found.columns], rows=rows)


def provenance_section(source: Source) -> Section:
    """Describe by what the result was made: run, code, versions, machine."""
    run = source.run
    known = [
        Fact(
            label="Run",
            value=f"{run.pk}: {run.experiment_name}",
            detail=f"project {run.project.name}, {run.get_status_display()}",
        ),
        Fact(label="Trained by", value=run.owner.username),
        Fact(label="Started", value=_time(run.start_time)),
        Fact(label="Ended", value=_time(run.end_time)),
        Fact(label="Version of the training code", value=run.git_commit or "not known"),
    ]
    if run.dataset_hash:
        known.append(Fact(label="Hash of the data", value=run.dataset_hash))
    known += _machine(source)
    versions = source.execution.get("versions") or run.versions
    rows = [[name, str(version)] for name, version in versions.items()]
    blocks: list[Block] = [*facts(known)]
    if rows:
        blocks.append(Table(caption="Versions in the training", head=["Software", "Version"], rows=rows))
    blocks += [Paragraph(text=note.text) for note in source.notes if note.code not in WARNINGS]
    return Section(
        id="provenance",
        title="Run, code and machine",
        items="TRIPOD+AI 18f, 22 · STARD 28, 29 · CLAIM 23, 43",
        blocks=blocks,
    )


def _machine(source: Source) -> Iterator[Fact]:
    found = source.execution
    if found:
        many = f"{found.get('processes', 1)} processes on {found.get('nodes', 1)} machines"
        yield Fact(
            label="Trained on", value=str(found.get("device", "")), detail=many if found.get("processes", 1) > 1 else ""
        )
        yield Fact(
            label="Precision",
            value=str(found.get("precision", "")),
            detail=f"evaluated in {found.get('evaluation_precision', '32-true')}",
        )
    memory = (source.preflight.get("trial") or {}).get("memory_bytes")
    if memory:
        yield Fact(label="Memory of a trial before the training", value=byte_size(memory))


def _time(moment: Any) -> str:
    return "not known" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
