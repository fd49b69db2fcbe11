"""Recognise what the names of folders beside each other stand for: splits, views, parts, patients, or classes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

from experiments.training.contract.splits import SplitName

Role: TypeAlias = Literal["class", "split", "view", "fold", "part", "examination", "patient", "container"]


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


SPLIT_WORDS: Mapping[str, SplitName] = {
    **dict.fromkeys(("train", "training", "trainset", "trainingset", "traindata", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "valset", "validationset"), "val"),
    **dict.fromkeys(("test", "testing", "testset", "testdata", "tst"), "test"),
    **dict.fromkeys(("entrenamiento", "entraînement", "entrainement", "addestramento", "treino"), "train"),
    **dict.fromkeys(("validación", "validacion", "validierung", "validazione", "validação", "validacao"), "val"),
    **dict.fromkeys(("prueba", "pruebas", "teste", "testdaten"), "test"),
    **dict.fromkeys(("trainingsdaten", "trainingsset"), "train"),
}
LOOSE_SPLIT_WORDS: Mapping[str, SplitName] = {
    **dict.fromkeys(("dev", "devel", "devset", "development", "tune", "tuning"), "val"),
    **dict.fromkeys(("holdout", "heldout", "eval", "evaluation"), "test"),
}
"""Words that people use for more than one of the splits."""
VIEW_WORDS = _listed(
    "ap pa ll lat lateral frontal front back left right l r cc mlo lcc rcc lmlo rmlo axial coronal sagittal transverse "
    "oblique od os anterior posterior dorsal ventral supine erect top bottom side "
    "t1 t1c t1ce t1w t2 t2w flair dwi adc swi ct mr mri pet"
)
FOLD_WORDS = frozenset({"fold", "kfold", "cv", "split"})
PART_WORDS = _listed(
    "part batch chunk shard subset volume vol disk disc archive set dir folder section block images image imgs img "
    "data zip dataset"
)
PATIENT_WORDS = _listed(
    "patient patients pat pt subject subj sub case person participant p s pid mrn study series exam accession"
)
EXAMINATION_WORDS = _listed(
    "study series ser visit session ses exam examination view acquisition acq timepoint tp followup follow up baseline "
    "scan sequence eye"
)
UNNUMBERED = frozenset({"baseline", "followup"})
PERSON_WORDS = frozenset({"patient", "patients", "subject", "subj", "sub", "participant", "person"})
CONTAINERS = _listed(
    "images image imgs img pictures picture pics photos scans data dataset png jpg jpeg tif tiff dicom dcm bmp raw "
    "original originals orig files frames slices input inputs samples all rgb"
)
GENERIC = frozenset({*CONTAINERS, "set", "split", "folder", "subset", "part", "stage", "the", "view", "views"})
UNLABELLED = frozenset({"unlabelled", "unlabeled", "unannotated", "nolabel", "nolabels", "unsupervised", "unsup"})
DERIVED = frozenset(
    {"augmented", "augmentation", "augmentations", "aug", "thumbnails", "thumbnail", "thumbs", "previews", "preview"}
)
LABEL_WORDS = _listed(
    "normal abnormal healthy sick control benign malignant positive negative cancer tumor tumour lesion pneumonia "
    "covid disease diseased infected uninfected yes no true false"
)
"""Words that classes are called by, not sites or scanners."""
CLASS_WORDS = frozenset({"class", "type", "grade", "stage", "level", "category", "label", "group", "score"})
MARKED_PATIENT_DIGITS = 3
FEWEST_PATIENTS = 3
SURE_PATIENTS = 10
PATIENT_NUMBER_DIGITS = 5
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_PAIRS = re.compile(r"(hold|held|ground|no|un)[\W_]+(out|truth|labels?|labell?ed)\b", re.IGNORECASE)
_MAGNIFICATION = re.compile(r"\d{1,4}x|x\d{1,4}", re.IGNORECASE)
_LETTERED = re.compile(r"[A-Za-z][.)]\s*\w")
_UID = re.compile(r"\d+(\.\d+){4,}")


@lru_cache(maxsize=65_536)
def words(name: str) -> tuple[str, ...]:
    """Split a name into its words and numbers, in lower case: `2_TrainingSet` is `2`, `training`, `set`."""
    text = _CAMEL.sub(" ", unicodedata.normalize("NFKC", name))
    return tuple(_TOKEN.findall(_PAIRS.sub(r"\1\2", text).casefold()))


def splits_of(names: Collection[str]) -> dict[str, SplitName]:
    """Find the names that mean a split; what else they say must be the same in all of them.

    `Task3_Training_Input` and `Task3_Test_Input` are splits, `test_positive` and `test_negative` are not.
    """
    known = {**LOOSE_SPLIT_WORDS, **SPLIT_WORDS}
    found = _marked(names, known)
    return {name: known[marks[0]] for name, marks in found.items() if len({known[mark] for mark in marks}) == 1}


def splits_beside(names: Collection[str]) -> dict[str, SplitName]:
    """Find the names that mean a split beside others that do not, as `Test cases` does beside `Normal cases`."""
    common = frozenset[str].intersection(*(frozenset(words(name)) for name in names)) if names else frozenset()
    own = {name: " ".join(word for word in words(name) if word not in common) or name for name in names}
    split_of = splits_of(set(own.values()))
    return {name: split_of[text] for name, text in own.items() if text in split_of} | splits_of(names)


def split_words(name: str) -> set[SplitName]:
    """Return the splits that words of the name mean, whatever else it says."""
    return {SPLIT_WORDS[word] for word in words(name) if word in SPLIT_WORDS}


def loose_splits(names: Collection[str]) -> list[str]:
    """List the names that mean a split by a word such as `dev`, which may be another split elsewhere."""
    return [name for name in names if set(words(name)) & LOOSE_SPLIT_WORDS.keys()]


def _marked(names: Collection[str], known: Collection[str]) -> dict[str, list[str]]:
    """Find the names with known words and nothing but these, or the same other words in each of several."""
    marks = {name: [word for word in words(name) if word in known] for name in names}
    found = {name: mark for name, mark in marks.items() if mark}
    rest = {name: _rest(name, known) for name in found}
    if len(found) > 1 and len(set(rest.values())) == 1:
        return found
    return {name: mark for name, mark in found.items() if not rest[name]}


def _rest(name: str, known: Collection[str]) -> tuple[str, ...]:
    found = words(name)
    if len(found) > 1 and _LETTERED.match(name):  # `a. Training Set` and `b. Testing Set`
        found = found[1:]
    return tuple(word for word in found if word not in known and word not in GENERIC and not word.isdigit())


def role(names: Collection[str]) -> Role:
    """Say what folders with these names, all on one level, are; classes where they look like nothing else."""
    if all(map(is_container, names)):
        return "container"
    if len(names) == 1:
        return "class"
    return next((role for role, fits in _ROLES.items() if fits(names)), "class")


def is_container(name: str) -> bool:
    """Return whether a folder of this name only holds the images, as `images` or `png` do."""
    return bool(words(name)) and set(words(name)) <= CONTAINERS


def are_views(names: Collection[str]) -> bool:
    """Return whether the names are directions, sides, sequences or magnifications of images."""
    whole = all(_MAGNIFICATION.fullmatch(name) or name.casefold() in VIEW_WORDS for name in names)
    return whole or len(_marked(names, VIEW_WORDS)) == len(names)


def is_unlabelled(name: str) -> bool:
    """Return whether the name says that nobody has labelled what is in it."""
    return bool(UNLABELLED & set(words(name)))


def is_derived(name: str) -> bool:
    """Return whether the name says that what is in it was computed from other images."""
    found = set(words(name))
    return bool(DERIVED & found) and found <= DERIVED | GENERIC


def has_label_word(names: Collection[str]) -> bool:
    """Return whether one of the names is a word that labels are made of."""
    return any(LABEL_WORDS & set(words(name)) for name in names)


def are_surely_patients(names: Collection[str]) -> bool:
    """Return whether names that look like patients say so, are many, or have long numbers: they are no classes."""
    digits = [len(word) for name in names for word in words(name) if word.isdigit()]
    said = all(PERSON_WORDS & set(words(name)) for name in names)
    return said or len(names) >= SURE_PATIENTS or max(digits, default=0) >= MARKED_PATIENT_DIGITS


def are_coded(names: Collection[str]) -> bool:
    """Return whether the names differ in long numbers only, as `LIDC-IDRI-0001` and other codes of patients do."""
    found = [words(name) for name in names]
    texts = {tuple(word for word in name if not word.isdigit()) for name in found}
    numbers = all(any(word.isdigit() and len(word) >= MARKED_PATIENT_DIGITS for word in name) for name in found)
    return len(names) >= FEWEST_PATIENTS and len(texts) == 1 and numbers and CLASS_WORDS.isdisjoint(*texts)


def are_numbered_classes(names: Collection[str]) -> bool:
    """Return whether the names are a few words, each with several numbers: `study1_positive`, `study2_positive`."""
    texts = {tuple(word for word in words(name) if not word.isdigit()) for name in names}
    numbered = all(any(word.isdigit() for word in words(name)) for name in names)
    return numbered and 2 <= len(texts) < len(names)


def are_splits_of_classes(names: Collection[str]) -> bool:
    """Return whether each name is a split and a class at once: `benign_train`, `benign_test`, `malignant_train`."""
    splits = {name: split_words(name) for name in names}
    rests = [tuple(word for word in words(name) if word not in SPLIT_WORDS) for name in names]
    if any(len(found) != 1 for found in splits.values()) or len(set().union(*splits.values())) < 2:
        return False
    return 2 <= len(set(rests)) < len(rests) and all(rests)


def _are_parts(names: Collection[str]) -> bool:
    return all(map(_is_part, names)) or _are_numbered(names, {"part", "batch", "chunk", "shard", "subset"})


def _is_part(name: str) -> bool:
    found = words(name)
    letters = [word for word in found if len(word) == 1 and not word.isdigit()]
    return _word_and_number(name, PART_WORDS) or (
        len(letters) == 1 and len(found) > 1 and set(found) - set(letters) <= PART_WORDS
    )


def _are_numbered(names: Collection[str], known: Collection[str]) -> bool:
    """Return whether the names differ in numbers only, and one of the words is known."""
    texts = {tuple(word for word in words(name) if not word.isdigit()) for name in names}
    return len(texts) == 1 and not set(next(iter(texts))).isdisjoint(known)


def _word_and_number(name: str, known: Collection[str]) -> bool:
    found = words(name)
    texts = [word for word in found if not word.isdigit()]
    return bool(texts) and len(texts) < len(found) and all(word in known for word in texts)


def _are_patients(names: Collection[str]) -> bool:
    """Return whether all names are a patient's or an examination's, such as `P001`, `sub-01`, `00012345`."""
    if len(names) < FEWEST_PATIENTS and not are_surely_patients(names):
        return False
    marked = all(_word_and_number(name, PATIENT_WORDS) or _is_long_number(name) for name in names)
    return marked or _are_numbered(names, PERSON_WORDS)


def _are_examinations(names: Collection[str]) -> bool:
    """Return whether all names are a few examinations of each patient, such as `study1`, `series_0`, `baseline`."""
    digits = [len(word) for name in names for word in words(name) if word.isdigit()]
    if len(names) >= SURE_PATIENTS or max(digits, default=0) >= MARKED_PATIENT_DIGITS:
        return False
    return all(_word_and_number(name, EXAMINATION_WORDS) or "".join(words(name)) in UNNUMBERED for name in names)


def _is_long_number(name: str) -> bool:
    return (name.isdigit() and len(name) >= PATIENT_NUMBER_DIGITS) or bool(_UID.fullmatch(name))


def _are_splits(names: Collection[str]) -> bool:
    split_of = splits_of(names)
    return len(split_of) == len(names) or len(set(split_of.values())) > 1


_ROLES: Mapping[Role, Callable[[Collection[str]], bool]] = {
    "split": _are_splits,
    "fold": lambda names: (
        all(_word_and_number(name, FOLD_WORDS) for name in names) or _are_numbered(names, {"fold", "kfold"})
    ),
    "part": _are_parts,
    "view": are_views,
    "examination": _are_examinations,
    "patient": _are_patients,
}
"""What several folders may be, the first that fits."""
