"""Check DICOM files as far as possible without their pixels; free of NumPy until there is such a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom_headers, image_faults
from experiments.training.data.images.image_faults import ImageFault

if TYPE_CHECKING:
    from pydicom import FileDataset

MAX_BYTES = 512 * 2**20  # of a file, which is read whole
MAX_PIXELS = 32 * 2**20  # mammograms have 24
DEFLATED = "1.2.840.10008.1.2.1.99"  # unpacked whole before anything can be checked, so never accepted from outside
EXTENDED, JPEG_2000 = "1.2.840.10008.1.2.4.51", ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
JPEG = ("1.2.840.10008.1.2.4.50", EXTENDED, *(f"1.2.840.10008.1.2.4.{number}" for number in (57, 70, 80, 81)))
"""JPEG, with and without loss, and JPEG-LS: the header of their frames says how large the image is."""
DECODERS = ("pillow", "pydicom", "gdcm")
"""pydicom's names of what decodes, the most proven first: Pillow opens files of strangers everywhere."""
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
    """Read the file with its pixels still packed; raises ImageFault for what cannot be trained on."""
    size = files.sizes[name]
    if size > MAX_BYTES:
        raise ImageFault(f"its {size >> 20:,} MiB are more than {MAX_BYTES >> 20}")
    with files.open(name) as file:
        _refuse_syntax(dicom_headers.read(file).transfer_syntax)
    with files.open(name) as file:
        dataset: FileDataset = library().dcmread(file)
    _refuse_without_one_image(dataset)
    _refuse_size(dataset)
    decoder(dataset)
    return dataset


def library() -> Any:
    """Import and configure pydicom; None where it is not installed, which `require` reports beforehand."""
    try:
        import pydicom.pixels  # noqa: PLC0415  # an extra, and 20 MiB that only DICOM files are worth
    except ModuleNotFoundError:
        return None
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE  # odd values are common, pixels unaffected
    image_faults.refuse_cut_files()  # Pillow decodes some of the pixels
    return pydicom


def _refuse_syntax(uid: str) -> None:
    if not uid:
        raise ImageFault(f"its header does not say how it is packed (no transfer syntax); {CURE}")
    if uid == DEFLATED or not _readable(uid):
        cure = f"run `make setup EXTRAS=dicom`, or {CURE}" if uid in JPEG else CURE
        raise ImageFault(f"its transfer syntax {library().uid.UID(uid).name} ({uid}) is not supported; {cure}")


def _readable(uid: str) -> bool:
    try:
        return bool(library().pixels.get_decoder(uid).is_available)
    except NotImplementedError:
        return False


def decoder(dataset: FileDataset) -> str:
    """Return pydicom's name of what decodes the file's pixels, blank where nothing is packed; raises ImageFault."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return ""
    deep, coloured = _whole(dataset, "BitsStored", 8) > 8, _whole(dataset, "SamplesPerPixel", 1) > 1
    unfit = {
        "pillow": deep and (syntax == EXTENDED or (syntax in JPEG_2000 and coloured)),
        "gdcm": deep and syntax == EXTENDED,
    }
    usable = [name for name in library().pixels.get_decoder(syntax).available_plugins if not unfit.get(name)]
    if not usable:
        raise ImageFault(f"its transfer syntax {syntax.name} is not supported beyond 8 bits; {CURE}")
    return next((name for name in DECODERS if name in usable), usable[0])


def _refuse_without_one_image(dataset: FileDataset) -> None:
    if not any(keyword in dataset for keyword in PIXELS):
        raise ImageFault("it has no pixel data; leave out reports, plans and other files without an image")
    if (frames := _whole(dataset, "NumberOfFrames", 1)) > 1:
        raise ImageFault(f"it has {frames} frames; save each frame that should be a sample as its own file")
    kind = dataset.get("PhotometricInterpretation", "none")
    if kind not in GREY | COLOURS:
        raise ImageFault(f"its photometric interpretation {kind} is not supported")


def _refuse_size(dataset: FileDataset) -> None:
    rows, columns = _whole(dataset, "Rows", 0), _whole(dataset, "Columns", 0)
    samples, bits = _whole(dataset, "SamplesPerPixel", 1), _whole(dataset, "BitsAllocated", 0)
    if not rows or not columns or samples not in (1, 3) or bits not in (1, 8, 16, 32, 64):
        raise ImageFault(f"its header is broken ({rows} rows, {columns} columns, {samples} samples of {bits} bits)")
    if rows * columns > MAX_PIXELS:
        raise ImageFault(f"{columns} x {rows} pixels are too many")
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated or dataset.PhotometricInterpretation == "YBR_FULL_422":
        return
    needed = (rows * columns * samples * bits + 7) // 8
    if (held := len(next(dataset[keyword].value for keyword in PIXELS if keyword in dataset))) < needed:
        raise ImageFault(f"it is cut off: {held:,} of {needed:,} bytes of pixels")


def _whole(dataset: FileDataset, keyword: str, default: int) -> int:
    """Return the element's value as a whole number, `default` where it is absent or empty."""
    value = dataset.get(keyword)
    try:
        return int(value) if value not in (None, "") else default
    except (TypeError, ValueError) as error:
        raise ImageFault(f"its header is broken ({keyword} is {value})") from error
