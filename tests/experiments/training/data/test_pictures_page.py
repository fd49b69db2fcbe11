"""The documentation's rules of pictures are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from experiments.training.contract import image_inputs
from experiments.training.contract.image_options import MAX_IMAGE_SIZE, MIN_IMAGE_SIZE
from experiments.training.data import pixel_reading
from experiments.training.data.files import image_names
from experiments.training.data.images import dicom, pixel_scale, stored_values, survey, verification
from experiments.training.preflight import shortcuts

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "how-your-data-are-read.md"


def section() -> str:
    """Return the section on pictures as one line."""
    text = PAGE.read_text().partition("## Pictures\n")[2]
    return " ".join(re.split(r"^## ", text, flags=re.MULTILINE)[0].split())


def test_the_page_names_every_suffix_and_no_other() -> None:
    raster, dicom_files = re.search(r"\| `([.\w ]+)`, in upper.*?\| `([.\w ]+)`, and files without", section()).groups()  # type: ignore[union-attr]
    assert set(raster.split()) == image_names.RASTER
    assert set(dicom_files.split()) == image_names.DICOM


def test_the_page_has_the_codes_constants() -> None:
    text = section()
    *others, last = map(str, image_inputs.SIZES)
    low, high = pixel_scale.CT_WINDOW
    *depths, deepest = map(str, pixel_scale.DEPTHS)
    for said in (
        f"of {', '.join(others)} and {last} the largest",
        f"more than {image_inputs.MAX_BYTES >> 30} GiB",
        f"sizes from {MIN_IMAGE_SIZE} to {MAX_IMAGE_SIZE:,}",
        f"more than 1 in {survey.COLOURED} images are in colour: in more than {survey.TINTED:.0%} of their pixels",
        f"differ by more than {survey.TINT} levels",
        f"Sizes are found by up to {survey.HEADERS} images, colours by up to {survey.SHOWN}",
        f"by up to {survey.VALUES} images, evenly spread (fewer of large ones, {survey.FEWEST_VALUES} at least)",
        f"leaving out 1 in {stored_values.OUTSIDE:,} pixels",
        f"One image, or 1 in {pixel_scale.STRAY_PART}, that",
        f"({', '.join(depths)} or {deepest})",
        f"{low:,.0f} … {high:,.0f}",
        f"from {pixel_scale.AIR[0]:,.0f} to {pixel_scale.AIR[1]:,.0f}, as air does",
        f"at most {verification.MAX_PIXELS >> 20} Mi pixels (DICOM: {dicom.MAX_PIXELS >> 20} Mi)",
        f"a file {verification.MAX_BYTES >> 20} MiB",
        f"values up to {stored_values.WRAPPED[0]:,} and from {stored_values.WRAPPED[1]:,} on",
        f"on, {stored_values.DIFFERENT} different ones or more of each",
        "between {:.0f} and {:.0f}, filling a quarter".format(*pixel_scale.LEVELS),
        f"and more than {stored_values.WHITE} numbers",
        f"x / {pixel_reading.CENTRE:g} - 1",
        f"AUROC of at least {shortcuts.SEPARATES}",
        f"at least {shortcuts.RIGHT:.0%} right".replace("%", " %"),
        f"lacks {shortcuts.GAPS} or more grey levels, each with used ones",
        f"right below and above, that {shortcuts.EXPECTED} or more of its images would have",
        f"nothing of {shortcuts.DARK} or more, or fewer than {shortcuts.FAINT} levels",
    ):
        assert said.replace("1%", "1 %") in text, said
    assert (pixel_scale.NARROW, pixel_scale.STRAYS_FROM) == (4, 10)
    assert "less than a quarter of that" in text
    assert "if there are at least ten" in text
    assert verification.MAX_BYTES == dicom.MAX_BYTES


def test_the_page_names_every_code_that_is_told_of_pictures() -> None:
    codes = {*pixel_reading.NOTES, "image_input", "pixel_scale", "different_windows", "stray_values", "wrapped_values"}
    codes |= {"pixels_without_value"}
    codes |= {"class_shortcut", "splits_differ", "uniform_images", "dark_images", "faint_images"}
    told = section().partition("### What the report tells of pictures")[2]
    assert set(re.findall(r"`(\w+)`[,|\s]", told)) == codes
