"""The names by which columns are known, compared without case, blanks and signs: `Patient ID` is `patient_id`."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable

IMAGES = (
    *("image", "image_id", "image_index", "image_name", "image_file", "image_filename", "image_path"),
    *("img", "img_id", "img_name", "img_path", "file", "filename", "file_path", "path", "picture", "photo"),
    *("dicom_id", "dicom_path", "sop_instance_uid", "isic_id", "slide_id"),
)
"""Names of the column that says which image a row is about."""

IDS = ("id", "sample_id", "record_id", "row_id", "uid")
"""Names of a column of ids, of whatever they are."""

PERSONS = (
    *("patient", "patient_id", "patient_nbr", "patient_nr", "patient_no", "patient_num", "patient_number"),
    *("patient_code", "patient_key", "patient_name", "patient_identifier", "anon_patient_id", "pat_id", "pat_no"),
    *("subject_id", "subject_number", "subject_no", "subject_nr", "subject_code", "subj_id", "subj_no", "usubjid"),
    *("participant", "participant_id", "person_id", "person_number", "individual_id", "mrn", "medical_record_number"),
    *("donor_id", "animal_id", "mouse_id", "pt_id", "unique_pid", "id_patient", "patient_uid", "patients"),
    *("sub_id", "pt_no", "pt_nr", "pt_number", "pat_nr", "pat_num", "pat_number", "empi", "empi_anon"),
    *("nhs_number", "nhs_no", "chart_number", "chart_no", "medical_record_no", "medical_record_nr", "mrn_no"),
    *("bcr_patient_barcode", "src_subject_id", "subject_key", "pseudonym", "pseudo_id", "anon_id"),
    *("participant_number", "participant_code"),
    *("patienten_id", "patientennummer", "patientnummer", "numero_patient", "id_paciente", "paciente_id", "paciente"),
    *("患者id", "病人id", "患者编号"),
)
"""Names of the column with the person, or the animal."""

WORDS_FOR_PERSONS = ("patient", "patients", "participant", "paciente")
"""Of these, what must have some different values to be persons: `patient` may be yes or no."""

PARTS_OF_PERSONS = (
    *("case_id", "lesion_id", "study_instance_uid", "study_uid", "study_id", "accession_number"),
    *("hadm_id", "admission_id", "encounter_id", "patient_unit_stay_id", "stay_id", "icustay_id", "visit_id"),
    *("series_instance_uid", "series_uid", "series_id", "case_no", "case_nr", "case_number", "case_submitter_id"),
    *("fall_id", "fall_nr", "fallnummer", "accession_no"),
)
"""Names of columns that group what belongs to one person: used where no column names the person."""

PERHAPS_PERSONS = (
    *("subject", "subj", "sub", "person", "individual", "case", "pid", "pat", "ptid", "donor", "animal", "mouse"),
    *("family_id", "household_id", "volunteer", "client_id", "customer_id", "user_id", "eye_id", "tooth_id"),
    *("hospital_number", "hospital_no", "eid", "rid", "record_no", "record_number", "study_no", "study_number"),
)
"""Names of columns that may hold persons: asked where values come several times."""

OF_PERSONS = (
    *("phone", "phone_number", "phone_no", "telephone", "telephone_number", "mobile_number"),
    *("zip", "zip_code", "post_code", "postal_code", "plz", "ssn", "social_security_number"),
    *("insurance_number", "insurance_no", "passport_number", "passport_no", "account_number"),
)
"""Names of columns of numbers that say where a person lives or is reached, and measure nothing."""

PREDICTIONS = (
    *("pred", "preds", "prediction", "predictions", "predicted", "y_pred", "y_hat", "y_prob", "y_score", "pred_prob"),
    *("pred_proba", "predict_proba", "predicted_probability", "predicted_prob", "predicted_score", "pred_score"),
    *("prediction_score", "model_score", "model_output", "model_prediction", "logit", "logits", "softmax"),
)
"""Names of columns with what a model said of the target, which is no measurement."""

TARGETS = ("target", "label", "labels", "class")
"""Names of the target: one of them alone is taken."""

LIKELY_TARGETS = (
    *("finding", "findings", "finding_labels", "diagnosis", "diagnosis_code", "dx", "outcome", "ground_truth"),
    *("gt", "pathology", "survived", "survival", "died", "death", "deceased", "mortality", "readmitted"),
    *("readmission", "recurrence", "relapse", "malignant", "malignancy", "disease", "annotation"),
)
"""Names of columns that may be the target, beside another one too: asked."""

POSSIBLE_TARGETS = (
    *("category", "classification", "result", "status", "grade", "severity", "stage", "event", "response"),
    *("condition", "type", "group", "species", "variety", "quality", "default", "churn", "y"),
    *("level", "score", "rating", "kl_grade", "isup_grade", "gleason_score", "birads", "retinopathy_grade"),
)
"""Names of columns that may be the target where nothing else is: asked."""

SPLITS = ("split",)
"""Names of the column of splits."""

LIKELY_SPLITS = ("set", "subset", "partition", "phase", "dataset", "dataset_type", "data_split", "split_name", "usage")
"""Names of columns that are asked about where all their values are names of splits."""


LONGEST = 200  # letters of a name that an option takes


def that_can_be_named(header: Iterable[str]) -> list[str]:
    """Return the columns that a request can name."""
    return [column for column in header if 0 < len(column) <= LONGEST]


def normalised(name: str) -> str:
    """Return the name without case, blanks and signs; `#` is a number."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("#", "number")
    return "".join(char for char in text if char.isalnum())


def among(aliases: Iterable[str], header: Iterable[str], taken: Collection[str | None] = ()) -> list[str]:
    """List the columns that have one of these names and are not taken, in the order of the header."""
    known = set(map(normalised, aliases))
    return [column for column in header if column not in taken and normalised(column) in known]
