"""The model card of a run: what the model is, what it is for, how good it is, and what is not known.

From rows and small files alone: no predictions are read, and nothing but Django and JSON is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.external_models import ExternalTest
from experiments.reports.report_fields import FIELDS, NOT_STATED
from experiments.reports.sections.context import known_limits
from experiments.reports.source import SPLITS, Source, data_name, source_of
from experiments.reports.stated_numbers import AT_A_THRESHOLD, ends
from runs.models import Run
from runs.statistics.metric_names import FINAL_STATISTICS
from runs.wording.metric_text import with_interval

CARD_VERSION = 1
OF_PEOPLE = (
    "intended_use", "users", "patients", "reference_standard", "limitations", "harms", "fairness", "ethics", "funding",
    "availability",
)  # fmt: skip
OVERLAPS = {
    "same": " These are the data of the training: it is no external test.",
    "likely": " Samples or patients of the training seem to be among them.",
    "none": "",
}
"""What an external test shares with the training, in words."""


def model_card(run: Run) -> dict[str, Any]:
    """Build the card of a run that has ended with a result.

    Raises NoReport (409) where there is none, and StoreError of an object store that fails.
    """
    return card_of(source_of(run))


def card_of(source: Source) -> dict[str, Any]:
    """Build the card from what was read of the run: JSON, unknown is null."""
    run, main, model = source.run, source.main, source.run.model or {}
    return {
        "card_version": CARD_VERSION,
        "run_id": run.pk,
        "attempt": run.attempt,
        "name": run.experiment_name,
        "model": {
            "network": model.get("name") or run.model_name or None,
            "parameters": model.get("parameters"),
            "classes": source.class_names,
            "positive_class": source.class_names[1] if source.is_binary else None,
            "preprocessing": _preprocessing(source),
            "output": source.inference.get("output"),
            "decision": _decision(source),
        },
        "data": {
            "name": source.data_name,
            "hash": run.dataset_hash,
            "sizes": (run.dataset or {}).get("sizes"),
            "patients_known": source.patients_known,
        },
        "performance": {
            "split": main.split,
            "samples": sum(map(sum, main.confusion_matrix)),
            "patients": main.patients,
            "threshold": main.threshold,
            "statistics": _statistics(main.statistics),
            "at_saved_point": _at_saved_point(source),
            "subgroups": _subgroups(source),
            "external_tests": [_external(test) for test in source.external_tests],
        },
        "training": {
            "seed": run.seed,
            "epochs": run.total_epochs,
            "best_epoch": run.best_epoch,
            "monitor": run.monitor,
            "code_version": run.git_commit or None,
            "versions": source.execution.get("versions") or run.versions,
        },
        "notes": [note.text for note in source.notes],
        "known_limits": known_limits(source),
        "texts": {name: source.texts[name].text if name in source.texts else None for name in OF_PEOPLE},
    }


def as_markdown(card: Mapping[str, Any]) -> str:
    """Write the card as Markdown, for a file beside the model; whatever people wrote stays plain text."""
    return "\n".join(_lines(card)) + "\n"


def _preprocessing(source: Source) -> dict[str, Any] | None:
    """Return how inputs are prepared, without the list of features, which may be long."""
    found: Mapping[str, Any] | None = source.inference.get("preprocessing")
    return None if found is None else {name: value for name, value in found.items() if name != "features"}


def _decision(source: Source) -> dict[str, Any] | None:
    if not source.is_binary:
        return None
    if source.point is None:
        return {"holds": "own", "threshold": source.main.threshold}
    names = ("threshold", "log_odds", "probability", "rule", "label", "at", "chosen_on")  # the card names nobody
    return {"holds": "saved"} | {name: source.point[name] for name in names}


def _statistics(statistics: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Return the statistics of the whole split with their intervals."""
    return {
        name: dict(zip(("value", "ci_low", "ci_high"), ends(name, statistics), strict=True))
        for name in FINAL_STATISTICS
        if statistics.get(name) is not None
    }


def _at_saved_point(source: Source) -> dict[str, Any] | None:
    splits = source.point["splits"] if source.point and source.is_binary else {}
    found = splits.get(source.main.split)
    return None if found is None else _statistics(found)


def _external(test: ExternalTest) -> dict[str, Any]:
    return {
        "number": test.number,
        "name": test.name or data_name(test.source_path),
        "hash": test.content_hash or None,
        "samples": test.samples,
        "patients": test.patients,
        "overlap": test.headline["overlap"],
        "threshold": test.kept["threshold"],
        "statistics": _statistics(test.kept["statistics"]),
    }


def _subgroups(source: Source) -> dict[str, Any] | None:
    """Return the groups as the training stored them: at the run's own threshold."""
    stored = source.stored_subgroups
    found: Mapping[str, Any] | None = (stored.get("splits") or {}).get(source.main.split)
    if not found:
        return None
    return {"metric": stored.get("metric"), "threshold": stored.get("threshold"), "groups": found.get("groups", [])}


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    model, performance = card["model"], card["performance"]
    yield f"# Model card: {_plain(card['name'])}"
    yield ""
    yield f"Run {card['run_id']}, attempt {card['attempt']}. Network {_plain(model['network'])}."
    yield f"Classes: {', '.join(_plain(name) for name in model['classes'])}."
    decision = model["decision"]
    if decision and decision["threshold"] is not None:
        chosen = f", the saved operating point: {_plain(decision['label'])}" if decision["holds"] == "saved" else ""
        yield f"{_plain(model['positive_class'])} from a score of {decision['threshold']:.6g} on{chosen}."
    yield ""
    yield f"## Performance on the {SPLITS[performance['split']]} split ({performance['samples']:,} samples)"
    yield ""
    if decision and decision["holds"] == "saved":
        yield f"In the table, what depends on a threshold is at the run's own, {performance['threshold']:.6g}."
        yield ""
    yield "| statistic | value (95 % interval) |"
    yield "|---|---|"
    for name, one in performance["statistics"].items():
        yield f"| {FINAL_STATISTICS[name]} | {with_interval(name, one['value'], one['ci_low'], one['ci_high'])} |"
    if performance["at_saved_point"]:
        yield ""
        yield "At the saved operating point: " + ", ".join(
            f"{FINAL_STATISTICS[name]} {with_interval(name, one['value'], one['ci_low'], one['ci_high'])}"
            for name, one in performance["at_saved_point"].items()
            if name in AT_A_THRESHOLD
        ) + "."  # fmt: skip
    yield from _external_lines(performance["external_tests"])
    yield ""
    yield "## Data"
    yield ""
    yield f"{_plain(card['data']['name'])}, hash {card['data']['hash'] or 'not known'}."
    yield ""
    yield "## Limits"
    yield ""
    for text in [*card["known_limits"], *card["notes"]]:
        yield f"- {_plain(text)}"
    for name, text in card["texts"].items():
        yield ""
        yield f"## {FIELDS[name].title}"
        yield ""
        yield _plain(text) if text else NOT_STATED


def _external_lines(tests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not tests:
        return
    yield ""
    yield "## External tests"
    yield ""
    for test in tests:
        numbers = ", ".join(
            f"{FINAL_STATISTICS[name]} {with_interval(name, one['value'], one['ci_low'], one['ci_high'])}"
            for name in ("final_auroc_cm", "final_accuracy_cm", *AT_A_THRESHOLD[:2])
            if (one := test["statistics"].get(name))
        )
        at = "" if test["threshold"] is None else f" at a threshold of {test['threshold']:.6g}"
        said = OVERLAPS[test["overlap"]]
        yield f"- {_plain(test['name'])}, {test['samples']:,} samples{at}: {numbers}.{said}"


def _plain(text: object) -> str:
    """Escape what Markdown would take for markup."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|" else sign for sign in str(text))
