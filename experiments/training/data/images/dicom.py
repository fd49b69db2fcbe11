"""Check DICOM files as far as possible without their pixels; free of NumPy until there is such a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom_headers

if TYPE_CHECKING:
    from pydicom import FileDataset

MAX_BYTES = 512 * 2**20  # of a file, which is read whole
MAX_PIXELS = 32 * 2**20  # mammograms have 24
DEFLATED = "1.2.840.10008.1.2.1.99"  # unpacked whole before anything can be checked, so never accepted from outside
EXTENDED, JPEG_2000 = "1.2.840.10008.1.2.4.51", ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
COLOURS = frozenset({"RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"})
CURE = "convert it to an uncompressed one, for example with `gdcmconv --raw`"


def require(names: Iterable[str]) -> None:
    """Raise SourceError if there are DICOM files among the images and what reads them is not installed."""
    if any(map(image_names.is_dicom, names)) and library() is None:
        raise SourceError(
            "source_path",
            "DICOM files need the extra `dicom`, which is not installed: run `make setup EXTRAS=dicom`, "
            "or `pip install -r requirements-dicom.txt`, and start the server again.",
        )


def read(files: Files, name: str) -> FileDataset:
    """Read the file with its pixels still packed; raises ValueError, in words, for what cannot be trained on."""
    size = files.sizes[name]
    if size > MAX_BYTES:
        raise ValueError(f"its {size >> 20:,} MiB are more than {MAX_BYTES >> 20}")
    with files.open(name) as file:
        _refuse_syntax(dicom_headers.read(file).transfer_syntax)
    with files.open(name) as file:
        dataset: FileDataset = library().dcmread(file)
    _refuse_without_one_image(dataset)
    _refuse_depth(dataset)
    _refuse_size(dataset)
    return dataset


def library() -> Any:
    """Import and configure pydicom; None where it is not installed, which `require` reports beforehand."""
    try:
        import pydicom.pixels  # noqa: PLC0415  # an extra, and 20 MiB that only DICOM files are worth
    except ModuleNotFoundError:
        return None
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE  # odd values are common, pixels unaffected
    return pydicom


def _refuse_syntax(uid: str) -> None:
    if not uid:
        raise ValueError(f"its header does not say how it is packed (no transfer syntax); {CURE}")
    if uid == DEFLATED or not _readable(uid):
        raise ValueError(f"its transfer syntax {library().uid.UID(uid).name} ({uid}) is not supported; {CURE}")


def _readable(uid: str) -> bool:
    try:
        return bool(library().pixels.get_decoder(uid).is_available)
    except NotImplementedError:
        return False


def _refuse_depth(dataset: FileDataset) -> None:
    """Refuse more than 8 bits where only Pillow decodes them; other installed decoders may do more."""
    syntax = dataset.file_meta.TransferSyntaxUID
    deep = _whole(dataset, "BitsStored", 8) > 8
    coloured = _whole(dataset, "SamplesPerPixel", 1) > 1
    if not deep or not (syntax == EXTENDED or (syntax in JPEG_2000 and coloured)):
        return
    if library().pixels.get_decoder(syntax).available_plugins == ("pillow",):
        raise ValueError(f"its transfer syntax {syntax.name} is not supported beyond 8 bits; {CURE}")


def _refuse_without_one_image(dataset: FileDataset) -> None:
    if not any(keyword in dataset for keyword in PIXELS):
        raise ValueError("it has no pixel data; leave out reports, plans and other files without an image")
    if (frames := _whole(dataset, "NumberOfFrames", 1)) > 1:
        raise ValueError(f"it has {frames} frames; save each frame that should be a sample as its own file")
    kind = dataset.get("PhotometricInterpretation", "none")
    if kind not in GREY | COLOURS:
        raise ValueError(f"its photometric interpretation {kind} is not supported")


def _refuse_size(dataset: FileDataset) -> None:
    rows, columns = _whole(dataset, "Rows", 0), _whole(dataset, "Columns", 0)
    samples, bits = _whole(dataset, "SamplesPerPixel", 1), _whole(dataset, "BitsAllocated", 0)
    if not rows or not columns or samples not in (1, 3) or bits not in (1, 8, 16, 32, 64):
        raise ValueError(f"its header is broken ({rows} rows, {columns} columns, {samples} samples of {bits} bits)")
    if rows * columns > MAX_PIXELS:
        raise ValueError(f"{columns} x {rows} pixels are too many")
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated or dataset.PhotometricInterpretation == "YBR_FULL_422":
        return
    needed = (rows * columns * samples * bits + 7) // 8
    if (held := len(next(dataset[keyword].value for keyword in PIXELS if keyword in dataset))) < needed:
        raise ValueError(f"it is cut off: {held:,} of {needed:,} bytes of pixels")


def _whole(dataset: FileDataset, keyword: str, default: int) -> int:
    """Return the element's value as a whole number, `default` where it is absent or empty."""
    value = dataset.get(keyword)
    try:
        return int(value) if value not in (None, "") else default
    except (TypeError, ValueError) as error:
        raise ValueError(f"its header is broken ({keyword} is {value})") from error
