"""Find the patient of a DICOM file in its header, where no column of a table names one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import image_names
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.images import dicom_headers

# Written into every file by programs that remove names: such ids group nothing.
NOBODY = frozenset({"", "0", "anon", "anonymized", "anonymised", "anonymous", "none", "unknown"})


def from_headers(files: Files, index: Index, config: DataConfig, *, at_most: int | None = None) -> Index:
    """Return the index with the patients of its DICOM files; raises SourceError if all have the same one.

    A table that names patients is believed. With more than `at_most` DICOM files none is opened, and every sample stays
    its own patient. So do samples whose file cannot be read; reading its pixels will report the fault.
    """
    scans = [sample for sample in index.samples if sample.file and image_names.is_dicom(sample.file)]
    named = config.patient_column is not None or any(sample.patient_id != sample.id for sample in index.samples)
    if named or not scans or (at_most is not None and len(scans) > at_most):
        return index
    patient_of = {sample.file: _patient(files, sample) for sample in scans}
    _refuse_one_for_all(list(patient_of.values()))
    return replace(
        index,
        samples=[
            replace(sample, patient_id=patient_of.get(sample.file, sample.patient_id)) for sample in index.samples
        ],
    )


def _patient(files: Files, sample: Sample) -> str:
    try:
        with files.open(sample.file) as file:
            patient = dicom_headers.read(file).patient_id
    except (*READ_ERRORS, ValueError):
        return sample.id
    return sample.id if patient.casefold() in NOBODY else patient


def _refuse_one_for_all(patients: Sequence[str]) -> None:
    if len(patients) > 1 and len(set(patients)) == 1:
        raise SourceError(
            "data.patient_column",
            f"All DICOM files have the patient id {patients[0]!r} in their headers, so that no patient can be kept "
            "for validation. Name here the CSV's column with the patient; where each image is of another patient, "
            "name the column with the ids, here and in data.id_column.",
        )
