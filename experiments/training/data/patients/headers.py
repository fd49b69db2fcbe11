"""Find the patient of a DICOM file in its header, where no column of a table names one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import image_names
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.images import dicom_headers

# Written into every file by programs that remove names: such ids group nothing.
NOBODY = frozenset({"", "0", "anon", "anonymized", "anonymised", "anonymous", "none", "unknown"})


def from_headers(files: Files, index: Index, *, at_most: int | None = None) -> Index:
    """Return the index with the patients of its DICOM files; raises SourceError if all have the same one.

    It is the same index where there are none to open: no DICOM files, or more than `at_most`. A sample whose file names
    nobody or cannot be read keeps the patient it has; reading its pixels will report the fault.
    """
    scans = [sample for sample in index.samples if sample.file and image_names.is_dicom(sample.file)]
    if not scans or (at_most is not None and len(scans) > at_most):
        return index
    patient_of = {sample.file: patient for sample in scans if (patient := _patient(files, sample))}
    if not patient_of:
        return index
    if len(scans) == len(patient_of):
        _refuse_one_for_all(list(patient_of.values()))
    found = [sample._replace(patient_id=patient_of.get(sample.file, sample.patient_id)) for sample in index.samples]
    return replace(index, samples=found)


def _patient(files: Files, sample: Sample) -> str | None:
    try:
        with files.open(sample.file) as file:
            patient = dicom_headers.read(file).patient_id
    except (*READ_ERRORS, ValueError):
        return None
    return None if patient.casefold() in NOBODY else patient


def _refuse_one_for_all(patients: Sequence[str]) -> None:
    if len(patients) > 1 and len(set(patients)) == 1:
        raise SourceError(
            "data.patient_column",
            f"All DICOM files have the patient id {patients[0]!r} in their headers, so that no patient can be kept "
            "for validation. Name here the column with the patient; where each image is of another patient, set "
            "data.patients to each_sample.",
        )
