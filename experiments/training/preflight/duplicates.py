"""Find samples that are the same or nearly the same, within and across splits, and with different labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from torch import Tensor

from experiments.training.contract import preflight_report
from experiments.training.contract.splits import SPLITS, SplitName
from experiments.training.data.loading import Samples
from experiments.training.preflight import fingerprints, groups
from experiments.training.preflight.fingerprints import Pixels
from experiments.training.preflight.groups import Found, Group

AT_ONCE = 1024  # images
MAX_GROUPS = 100
MAX_TWINS = 12  # of a group
KINDS: tuple[preflight_report.Kind, ...] = ("exact", "copy", "near")


def find(samples: Samples) -> preflight_report.Duplicates:
    """Compare all samples with each other; takes a second for 10,000 images."""
    if samples.inputs.ndim == 2:
        found = groups.of_rows(samples.inputs.double().numpy())
    else:
        found = groups.of_images(fingerprints.of_images(_pixels(samples.inputs)))
    return described(found, samples)


def described(found: Found, samples: Samples) -> preflight_report.Duplicates:
    """Describe the groups for the report."""
    whole = [_group(group, samples) for group in found.groups]
    worst_first = sorted(whole, key=lambda group: (not group.across, not group.conflict, KINDS.index(group.kind)))
    return preflight_report.Duplicates(
        tallies=[_tally(kind, found.groups, whole, samples) for kind in KINDS],
        groups=worst_first[:MAX_GROUPS],
        group_count=len(whole),
        complete=found.whole,
    )


def _pixels(inputs: Tensor) -> Iterator[Pixels]:
    for start in range(0, len(inputs), AT_ONCE):
        yield inputs[start : start + AT_ONCE].numpy()


def _group(group: Group, samples: Samples) -> preflight_report.Group:
    return preflight_report.Group(
        kind=group.kind,
        likeness=round(min(group.likeness, 1.0), 4),
        size=len(group.places),
        across=len({samples.assigned[place] for place in group.places}) > 1,
        conflict=len({samples.labels[place] for place in group.places}) > 1,
        samples=[_twin(place, samples) for place in _telling(group.places, samples)],
    )


def _telling(places: Sequence[int], samples: Samples) -> list[int]:
    """Select the first few, with one of each split and class before further ones of the same."""
    seen: Counter[tuple[str, int]] = Counter()
    ranked = []
    for place in places:
        key = samples.assigned[place], samples.labels[place]
        ranked.append((seen[key], SPLITS.index(samples.assigned[place]), place))
        seen[key] += 1
    return [place for _, _, place in sorted(ranked)[:MAX_TWINS]]


def _twin(place: int, samples: Samples) -> preflight_report.Twin:
    return preflight_report.Twin(
        id=samples.sample_ids[place],
        split=samples.assigned[place],
        label=samples.classes[samples.labels[place]],
        place=place,
    )


def _tally(
    kind: preflight_report.Kind, found: Sequence[Group], whole: Sequence[preflight_report.Group], samples: Samples
) -> preflight_report.Tally:
    ours = [described for described in whole if described.kind == kind]
    return preflight_report.Tally(
        kind=kind,
        groups=len(ours),
        samples=sum(group.size for group in ours),
        across=sum(group.across for group in ours),
        conflicts=sum(group.conflict for group in ours),
        leaks=_leaks([group.places for group in found if group.kind == kind], samples),
    )


def _leaks(places: Sequence[Sequence[int]], samples: Samples) -> list[preflight_report.Leak]:
    """Count the samples with a twin in an earlier split, for each pair of splits that has any."""
    leaks: Counter[tuple[SplitName, SplitName]] = Counter()
    for group in places:
        counts = Counter(samples.assigned[place] for place in group)
        for earlier, later in combinations(SPLITS, 2):
            if counts[earlier]:
                leaks[earlier, later] += counts[later]
    return [preflight_report.Leak(earlier=earlier, later=later, count=n) for (earlier, later), n in leaks.items() if n]
