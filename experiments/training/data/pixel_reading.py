"""Say how the pixels of a data set are read: for its `reading`, in words and in the numbers of the calculation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.image_options import MAX_IMAGE_SIZE
from experiments.training.contract.reading import READING_FILE, Finding, PixelFacts, Reading
from experiments.training.contract.reports import Job
from experiments.training.data.images.headers import Header
from experiments.training.data.images.pixel_scale import STRAY_PART, Kind, Range, Why
from experiments.training.data.images.stored_values import WRAPPED
from experiments.training.data.images.survey import ASKED, Inputs, Survey

CENTRE = 127.5  # 0 … 255 becomes -1 … 1 by this
FEWER = 4  # how many times as many values the files have as the network gets, from where on that is said

WORDS: dict[Why, str] = {
    "depth": "by the full range of the {bits} bits that their values need",
    "part": "from the lowest to the highest value, as they fill only a part of {bits} bits",
    "fractions": "by the full range of fractions",
    "levels": "as levels from 0 to 255, which pictures of 8 bits have",
    "extremes": "from the lowest to the highest value of the images looked at",
    "hounsfield": "in Hounsfield units, by one window for all tissue",
    "window": "in Hounsfield units, by the window that most of the files state",
    "asked": "in Hounsfield units, by data.ct_window",
}

NOTES: dict[str, tuple[Callable[[Header], bool], str]] = {
    "images_turned": (
        lambda header: header.turned,
        "have an EXIF orientation and are turned upright, as viewers show them",
    ),
    "images_transparent": (
        lambda header: header.transparent,
        "have an alpha channel or a transparent colour; what is transparent becomes white",
    ),
    "white_is_zero": (
        lambda header: header.white_zero,
        "are TIFF files that say that 0 is white, and are inverted",
    ),
    "first_frames": (
        lambda header: header.frames,
        "are animations or have further frames; the first frame alone is used",
    ),
}
"""What is told of images: the code, which headers it is of, and the words."""


def as_before(config: TrainingConfig, job: Job) -> TrainingConfig:
    """Return the configuration with the size and colours that a resumed run began with: its weights are made for them.

    The request's own where there is nothing to resume.
    """
    if job.resume_from is None:
        return config
    with suppress(OSError, msgspec.DecodeError):
        path = Path(job.run_dir, READING_FILE)
        if pixels := msgspec.json.decode(path.read_bytes(), type=Reading).pixels:
            chosen = {"image_size": pixels.size, "channels": pixels.channels}
            return config.model_copy(update={"data": config.data.model_copy(update=chosen)})
    return config


def added(reading: Reading, found: Survey, inputs: Inputs) -> Reading:
    """Return the reading with what is known of the pixels."""
    return msgspec.structs.replace(
        reading, pixels=facts(found, inputs), findings=[*reading.findings, *findings(found, inputs)]
    )


def facts(found: Survey, inputs: Inputs) -> PixelFacts:
    """Describe the way from stored values to the network's numbers."""
    ranges = inputs.scale.ranges
    plain = found.plain if any(_is_plain(header) for header in found.headers) else None
    constants = {"divided_by": CENTRE, "minus": 1.0}
    ends = [(chosen.low, chosen.high) for _, chosen in ranges] or [(0.0, 255.0)]
    for number, (black, white) in enumerate(ends, start=1):
        of = f"_{number}" if number > 1 else ""
        constants |= {f"black{of}": black, f"white{of}": white}
    held = [*((chosen.lowest, chosen.highest) for _, chosen in ranges), *([plain] if plain else [])]
    needed = [chosen.bits for _, chosen in ranges if chosen.bits]
    return PixelFacts(
        size=inputs.size,
        size_why=inputs.size_why,
        channels=inputs.channels,
        channels_why=inputs.channels_why,
        stored_bits=max(needed or [header.bits for header in found.headers], default=None),
        lowest=min((low for low, _ in held), default=None),
        highest=max((high for _, high in held), default=None),
        scale=" ".join([*_described(found, inputs), f"The network gets x / {CENTRE:g} - 1 of that."]),
        constants=constants,
    )


def _is_plain(header: Header) -> bool:
    """Return whether the image's values are what the network gets, as they are stored."""
    return not header.deep and (header.coloured or header.bits <= 8)


def _described(found: Survey, inputs: Inputs) -> Iterator[str]:
    if any(map(_is_plain, found.headers)) or not found.headers:
        yield "Images of 8 bits as they are: 0 is black, 255 is white."
    if not all(header.deep or _is_plain(header) for header in found.headers):
        yield "DICOM files with a window of their own by that."
    for kind, chosen in inputs.scale.ranges:
        yield described(kind, chosen)


def described(kind: Kind, chosen: Range) -> str:
    """Say what the values of a kind become."""
    how = WORDS[chosen.why].format(bits=chosen.bits or "their")
    span = f"{chosen.low:,.10g} becomes 0 (black) and {chosen.high:,.10g} becomes 255 (white)"
    return f"{kind.name[0].upper()}{kind.name[1:]}, {how}: {span}."


def findings(found: Survey, inputs: Inputs) -> list[Finding]:
    """List what a user should know of how the pixels are read."""
    return [*_scales(inputs), *_notes(found.headers), *_input(found, inputs)]


def _scales(inputs: Inputs) -> Iterator[Finding]:
    for kind, chosen in inputs.scale.ranges:
        text = (
            f"{described(kind, chosen)} The images looked at hold values from {chosen.lowest:,.10g} to "
            f"{chosen.highest:,.10g}."
        )
        if chosen.why == "hounsfield":
            text += " data.ct_window shows another part of them, such as [40, 400] for soft tissue."
        yield Finding(code="pixel_scale", level="info", text=text)
        if chosen.windows > 1 and chosen.why != "asked":
            text = (
                f"The {kind.name} state {chosen.windows} different windows. One is used for all, since the same tissue "
                f"would else have another grey in each; set data.ct_window to choose it."
            )
            yield Finding(code="different_windows", level="warning", text=text)
        if chosen.strays:
            one = chosen.strays == 1
            text = (
                f"{chosen.strays} of the {kind.name} {'reaches' if one else 'reach'} far beyond the values of all "
                f"others, and {'does' if one else 'do'} not change the range (at most 1 in {STRAY_PART} may): what "
                "lies outside is black or white there."
            )
            yield Finding(code="stray_values", level="warning", text=text)
        if chosen.gaps:
            yield Finding(code="pixels_without_value", level="info", text=_gaps(kind, chosen))
        if chosen.wrapped:
            yield Finding(code="wrapped_values", level="warning", text=_wrapped(kind, chosen))


def _gaps(kind: Kind, chosen: Range) -> str:
    return (
        f"{chosen.gaps:,} of the {kind.name} looked at have pixels without a value (NaN), as around an organ that was "
        "cut out: these become black and do not count for the range. Save them with numbers if they are anything else."
    )


def _wrapped(kind: Kind, chosen: Range) -> str:
    low, high = WRAPPED
    return (
        f"{chosen.wrapped:,} of the {kind.name} looked at hold values up to {low:,} and from {high:,} on, and next to "
        "none between. Numbers below 0, such as Hounsfield units, look so when they are saved without their sign: -1 "
        "is 65,535 then, and air is whiter than bone. If that is so, save them with their sign, or add a number first."
    )


def _notes(headers: Sequence[Header]) -> Iterator[Finding]:
    for code, (applies, words) in NOTES.items():
        if count := sum(map(applies, headers)):
            yield Finding(code=code, level="info", text=f"{count:,} of the {len(headers):,} images looked at {words}.")


def _input(found: Survey, inputs: Inputs) -> Iterator[Finding]:
    """Yield what the network gets, where the data chose it or where it is much less than the files have."""
    colours = {1: "grey", 3: "in colour"}
    own = 3 if found.in_colour else 1
    text = f"The network gets images of {inputs.size} x {inputs.size} pixels, {colours[inputs.channels]}"
    share = own * found.side**2 / (inputs.channels * inputs.size**2)
    if share >= FEWER or own > inputs.channels:
        text += (
            f"; those of the files are {colours[own]}, with {found.side} pixels on the shorter side in the median: 1 "
            f"of {share:,.0f} values is left"
        )
    elif inputs.size_why == ASKED:
        return
    why = f"{inputs.size_why}; {inputs.channels_why}"
    text += f" ({why}). data.image_size, up to {MAX_IMAGE_SIZE:,}, and data.channels change it."
    yield Finding(code="image_input", level="info", text=text)
