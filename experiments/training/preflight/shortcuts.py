"""Find what tells the classes of images apart without what they show: brightness, borders, properties of the files.

A network learns it, as it is easier than the disease, and fails where it is absent. The same differences between splits
make results on the test split worse, or say less, than they seem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.training.contract.reading import Finding, Level
from experiments.training.contract.source_errors import some
from experiments.training.contract.splits import SplitName
from experiments.training.data.images.headers import Header
from experiments.training.data.loading import Samples
from experiments.training.data.splitting.division import WORDS
from experiments.training.preflight import image_statistics
from experiments.training.preflight.image_statistics import ImageStatistics
from runs.statistics.roc import Flags, Floats, auroc

FEWEST = 10  # images on either side; among fewer, chance separates
SEPARATES = 0.98  # AUROC of one number of an image
RIGHT = 0.95  # share told right by one property of the files, both sides counting the same
COMMON = 5  # sizes that fewer files have count as one: nearly every photograph has a size of its own
MOST_CLASSES = 20  # compared with all others, the largest ones
GAPS = 5  # grey levels that one side never has, at least
EXPECTED = 10  # images that would have such a level if it came as often as on the other side
DARK, FAINT = 32, 16  # grey levels of 256
MOST_TOLD = 3

NUMBERS: dict[str, Callable[[ImageStatistics], Floats]] = {
    "mean brightness": lambda found: found.mean,
    "contrast": lambda found: found.spread,
}
PROPERTIES: dict[str, Callable[[Header], Hashable]] = {
    "size": lambda header: f"{header.width} x {header.height} pixels",
    "format": lambda header: header.format,
    "bit depth": lambda header: f"{header.bits} bits",
    "colour mode": lambda header: f"mode {header.mode}",
    "EXIF orientation": lambda header: "turned" if header.turned else "upright",
    "transparency": lambda header: "an alpha channel" if header.transparent else "no alpha channel",
}
CURE = (
    "A network can learn that in place of what the images show. Check where the images of each class come from, and "
    "bring them into one form."
)
DRIFT = "Results there may be worse than they seem, or say less. Check where the images of each split come from."


class Side(NamedTuple):
    """Some of the images looked at, compared with others of them; both have names for a sentence."""

    name: str
    chosen: Flags
    others: str
    rest: Flags


def of_images(samples: Samples) -> list[Finding]:
    """List what separates the classes, or the splits, by itself, and images that hold next to nothing."""
    if samples.inputs.ndim != 4:
        return []
    found = image_statistics.measure(samples.inputs)
    headers = samples.header_counts.headers if samples.header_counts else []
    seen = [headers[place] for place in found.places] if len(headers) == len(samples.labels) else []
    by_class = list(_differences(found, seen, _classes(samples, found)))
    by_split = list(_differences(found, seen, _splits(samples, found)))
    return [
        *_empty(samples, found),
        *_told("class_shortcut", by_class, CURE),
        *_told("splits_differ", by_split, DRIFT),
    ]


def _told(code: str, texts: Sequence[str], cure: str) -> Iterator[Finding]:
    if texts:
        more = f" So do {len(texts) - MOST_TOLD} more." if len(texts) > MOST_TOLD else ""
        yield Finding(code=code, level="warning", text=f"{' '.join(texts[:MOST_TOLD])}{more} {cure}")


def _classes(samples: Samples, found: ImageStatistics) -> list[Side]:
    labels = np.asarray(samples.labels)[found.places]
    often = [label for label, _ in Counter(labels.tolist()).most_common(MOST_CLASSES)]
    compared = sorted(often)[1:] if len(samples.classes) == 2 else sorted(often)
    return [
        Side(f"class {samples.classes[label]!r}", labels == label, "the others", labels != label) for label in compared
    ]


def _splits(samples: Samples, found: ImageStatistics) -> list[Side]:
    assigned = np.asarray(samples.assigned)[found.places]
    later: tuple[SplitName, ...] = ("val", "test")
    return [
        Side(f"the {WORDS[split]} split", assigned == split, "the training split", assigned == "train")
        for split in later
    ]


def _differences(found: ImageStatistics, headers: Sequence[Header], sides: Sequence[Side]) -> Iterator[str]:
    """Yield a sentence for each property of the files, then each number, that alone tells one side from the other."""
    compared = [side for side in sides if min(side.chosen.sum(), side.rest.sum()) >= FEWEST]
    for name, value_of in PROPERTIES.items() if headers else ():
        values = _common([value_of(header) for header in headers])
        yield from (text for side in compared if (text := _by_property(name, values, side)))
    numbers = {name: number_of(found) for name, number_of in NUMBERS.items()} | dict(found.local)
    for name, values_of in numbers.items():
        yield from (text for side in compared if (text := _by_number(name, values_of, side)))
    yield from (text for side in compared if (text := _by_levels(found, side)))


def _by_number(name: str, numbers: Floats, side: Side) -> str | None:
    used = side.chosen | side.rest
    area = auroc(numbers[used], side.chosen[used])
    if area is None or max(area, 1 - area) < SEPARATES:
        return None
    here, there = np.median(numbers[side.chosen]), np.median(numbers[side.rest])
    return (
        f"The {name} alone tells {side.name} from {side.others} (AUROC {max(area, 1 - area):.2f}): {here:.0f} against "
        f"{there:.0f} of 255 in the median."
    )


def _by_levels(found: ImageStatistics, side: Side) -> str | None:
    """Say which grey levels one side never has, as images have none between those that a program moved apart."""
    chosen, rest = found.levels[side.chosen[found.looked_at]], found.levels[side.rest[found.looked_at]]
    for name, own, others, other in ((side.name, chosen, side.others, rest), (side.others, rest, side.name, chosen)):
        if min(len(own), len(other)) < FEWEST:
            continue
        used: Flags = np.asarray(own.any(axis=0))
        gaps = np.flatnonzero(~used & (other.mean(axis=0) * len(own) >= EXPECTED))
        inside = gaps[_is_between(used, gaps)]
        if len(inside) >= GAPS:
            listed = some(list(map(str, inside)), 5)
            return (
                f"None of the images of {name} has the grey levels {listed}, which are usual in those of {others}: so "
                "do images look whose brightness or contrast a program changed."
            )
    return None


def _is_between(used: Flags, levels: NDArray[np.intp]) -> Flags:
    """Return which of the levels have used ones right below and above."""
    padded = np.pad(used, 1)
    between: Flags = padded[levels] & padded[levels + 2]
    return between


def _by_property(name: str, values: Sequence[str], side: Side) -> str | None:
    here, there = _shares(values, side.chosen), _shares(values, side.rest)
    right = sum(max(here.get(value, 0.0), there.get(value, 0.0)) for value in {*here, *there}) / 2
    if right < RIGHT:
        return None
    (one, of_one), (other, of_other) = (max(shares.items(), key=lambda item: item[1]) for shares in (here, there))
    return (
        f"The {name} of the files alone tells {side.name} ({one}: {of_one:.0%}) from {side.others} ({other}: "
        f"{of_other:.0%})."
    )


def _common(values: Sequence[Hashable]) -> list[str]:
    counts = Counter(values)
    return [str(value) if counts[value] >= COMMON else "others" for value in values]


def _shares(values: Sequence[str], chosen: Flags) -> dict[str, float]:
    counts = Counter(value for value, wanted in zip(values, chosen, strict=True) if wanted)
    return {value: count / counts.total() for value, count in counts.items()}


def _empty(samples: Samples, found: ImageStatistics) -> Iterator[Finding]:
    """Yield what is known of images that hold one grey level, or nearly none."""
    reach = found.highest - found.lowest
    kinds = {
        "uniform_images": (reach == 0, "hold one grey level alone"),
        "dark_images": ((reach > 0) & (found.highest < DARK), f"are nearly black: nothing reaches {DARK} of 255"),
        "faint_images": (
            (reach > 0) & (found.highest >= DARK) & (reach < FAINT),
            f"hold next to no contrast: fewer than {FAINT} of 256 grey levels",
        ),
    }
    for code, (applies, words) in kinds.items():
        if count := int(applies.sum()):
            first = samples.sample_ids[int(found.places[int(np.flatnonzero(applies)[0])])]
            level: Level = "warning" if 2 * count >= len(reach) else "info"
            text = (
                f"{count:,} of {len(reach):,} images {words}, e.g. {first}. The network sees them as the data set's "
                "pictures show them; the scale of the grey values is in the report's `reading`."
            )
            yield Finding(code=code, level=level, text=text)
