"""Options of a run that say how images become what the network gets. Torch-free, as the whole configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from experiments.training.contract.config_base import Section

MIN_IMAGE_SIZE, MAX_IMAGE_SIZE = 8, 1024  # pixels

HounsfieldUnits = Annotated[float, Field(ge=-10_000.0, le=50_000.0)]
Window = Annotated[tuple[HounsfieldUnits, ...], Field(min_length=2, max_length=2)]


class ImageOptions(Section):
    """The size, colours and grey values of images."""

    image_size: Literal["auto"] | int = Field(
        "auto", description="Images are resized to this many pixels, square; auto = near their own size, 28 to 224"
    )
    channels: Literal["auto", 1, 3] = Field(
        "auto", description="1 = grey, 3 = RGB; auto = RGB where the images are in colour"
    )
    ct_window: Window | None = Field(
        None,
        description="CT: centre and width of what is shown, in Hounsfield units; null = the files' own, or all tissue",
    )

    @field_validator("image_size")
    @classmethod
    def _some_pixels(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not MIN_IMAGE_SIZE <= value <= MAX_IMAGE_SIZE:
            raise ValueError(f'image_size must be from {MIN_IMAGE_SIZE} to {MAX_IMAGE_SIZE} pixels, or "auto"')
        return value

    @field_validator("ct_window")
    @classmethod
    def _some_width(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None and value[1] < 1:
            raise ValueError("ct_window is a centre and a width of at least 1, such as [40, 400] for soft tissue")
        return value
