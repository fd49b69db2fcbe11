"""Ids of a patient's code and an image's number, as public data sets have them, and ids that only look like these."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from experiments.training.data.patients import id_patterns
from experiments.training.data.patients.id_patterns import Pattern

CHANCE = random.Random(0)


def find(ids: Sequence[str], classes: Sequence[str] = ("sick", "healthy")) -> Pattern | None:
    """Find patients; classes are given in turn unless there is one for each id."""
    each = classes if len(classes) == len(ids) else [classes[at // 7 % len(classes)] for at in range(len(ids))]
    return id_patterns.find(ids, each)


SHARED = {  # ids of 20 patients, by the code of the first one
    "P000": [f"P{n // 4:03d}_{n % 4:02d}.png" for n in range(80)],
    "00000000": [f"{n // 4:08d}_{n % 4:03d}.png" for n in range(80)],  # ChestX-ray14
    "patient00000": [
        f"train/patient{n // 4:05d}/study{n % 4 // 2 + 1}/view{n % 2 + 1}.jpg" for n in range(80)
    ],  # CheXpert
    "person0": [f"PNEUMONIA/person{n // 4}_{('virus', 'bacteria')[n % 2]}_{n}.jpeg" for n in range(80)],  # Kermany
    "0": [f"{n // 2}_{('left', 'right')[n % 2]}.jpeg" for n in range(40)],  # EyePACS
    "0000": [f"{n // 2:04d}_{'LR'[n % 2]}.png" for n in range(40)],
    "SOB_B_A-14-22549AB": [
        f"SOB_B_A-14-{22549 + n // 8}AB-{(40, 100)[n % 2]}-{n % 8:03d}.png" for n in range(160)
    ],  # BreakHis
    "8863": [f"{8863 + n // 8}/0/{8863 + n // 8}_idx5_x{n % 4 * 50 + 1}_y1251.png" for n in range(160)],
    "p10000000": [f"files/p1{n // 80}/p1{n // 80}{n // 4:06d}/s5{n % 4}/{n:08x}.jpg" for n in range(80)],  # MIMIC-CXR
    "TCGA_CS_4941": [f"TCGA_{'CD'[n // 20 % 2]}S_{4941 + n // 4}_19960909_{n % 4 + 1}.tif" for n in range(80)],
    "OAS1_0000": [f"OAS1_{n // 8:04d}_MR1_mpr-{n % 4 + 1}_{100 + n % 8}.jpg" for n in range(160)],  # OASIS
    "sub-00": [f"sub-{n // 4:02d}_ses-{n % 4 // 2 + 1:02d}_T1w_{n % 2}.png" for n in range(80)],  # BIDS
    "P_00000": [
        f"Mass-Training_P_{n // 4:05d}_{('LEFT', 'RIGHT')[n % 2]}_{('CC', 'MLO')[n % 4 // 2]}" for n in range(80)
    ],  # CBIS-DDSM
    "P900": [f"{('sick', 'healthy')[n // 7 % 2]}/P{900 + n // 4}/{n % 4:02d}.png" for n in range(80)],
    "IMG0000000": [f"IMG{n // 4:07d} ({n % 4}).jpg" for n in range(80)],
    "ID_00abc": [f"ID_{n // 3 + 2748:05x}-{n % 3}" for n in range(60)],
    "phon_R01_S00": [f"phon_R01_S{n // 6:02d}_{n % 6 + 1}" for n in range(120)],  # voices of Parkinson's
}


@pytest.mark.parametrize(("first", "ids"), SHARED.items())
def test_patients_are_found_in_ids(ids: list[str], first: str) -> None:
    found = find(ids)
    assert found is not None
    assert found.sure
    assert found.count == 20
    assert found.patients[0] == found.patients[1] == first


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([f"{n:03d}.png" for n in range(100)], id="numbers"),
        pytest.param([str(n) for n in range(100)], id="numbers of rows"),
        pytest.param([f"img_{n:03d}.png" for n in range(100)], id="a word and a number"),
        pytest.param([f"sick/sick_{n}.png" for n in range(100)], id="the class and a number"),
        pytest.param([f"{n:08d}_000.png" for n in range(100)], id="one image of each patient"),
        pytest.param([f"ISIC_{n:07d}.jpg" for n in range(100)], id="a collection and a number"),
        pytest.param([f"photo ({n}).png" for n in range(100)], id="copies"),
        pytest.param(
            [f"IMG_2020{n % 12 + 1:02d}{n % 28 + 1:02d}_{100000 + n * 37}.jpg" for n in range(200)], id="times"
        ),
        pytest.param([f"{2018 + n // 500}_{n % 500:04d}.png" for n in range(1500)], id="years"),
        pytest.param(
            [f"n{1440764 + n // 50}_{CHANCE.randrange(9999)}.JPEG" for n in range(1000)], id="kinds of things"
        ),
        pytest.param(
            [f"{CHANCE.randrange(1000)}_{CHANCE.randrange(1000)}" for n in range(200)], id="numbers that meet by chance"
        ),
        pytest.param([f"1.2.840.113619.2.5.{n * 7919}.{n * 104729}" for n in range(200)], id="DICOM's unique ids"),
        pytest.param([f"{CHANCE.getrandbits(32):08x}-{CHANCE.getrandbits(16):04x}" for _ in range(200)], id="random"),
        pytest.param([], id="none"),
    ],
)
def test_other_ids_show_no_patients(ids: list[str]) -> None:
    assert find(ids) is None


def test_names_of_classes_are_no_patients() -> None:
    ids = [f"class_{n % 2}/{n:04d}.png" for n in range(100)]
    assert find(ids, [f"class_{n % 2}" for n in range(100)]) is None
    ids = [f"{n % 3}/{n % 3}_{n}.png" for n in range(60)]
    assert find(ids, [str(n % 3) for n in range(60)]) is None
    ids = [f"n{1440764 + n % 20}_{n // 20}.JPEG" for n in range(200)]
    assert find(ids, [f"n{1440764 + n % 20}" for n in range(200)]) is None


def test_a_patient_with_images_of_two_classes_is_one() -> None:
    """In the OCT images of Kermany the class stands before the patient's number."""
    ids = [f"{name}/{name}-{10000 + n // 5}-{n % 5}.jpeg" for name in ("CNV", "DME") for n in range(60)]
    found = find(ids, [id_.partition("/")[0] for id_ in ids])
    assert found is not None
    assert found.count == 12
    assert found.patients[0] == found.patients[60] == "10000"


def test_a_patient_in_two_splits_is_one() -> None:
    ids = [f"{split}/sick/P{n // 4:03d}_{n % 4}.png" for split in ("train", "val") for n in range(80)]
    found = find(ids, ["sick"] * 160)
    assert found is not None
    assert found.patients[0] == found.patients[80] == "P000"


def test_several_forms_of_ids_beside_each_other() -> None:
    """In Kermany's X-rays healthy people have another form than sick ones."""
    ids = [f"PNEUMONIA/person{n // 3}_bacteria_{n}.jpeg" for n in range(90)]
    ids += [f"NORMAL/IM-{n // 2:04d}-000{n % 2}.jpeg" for n in range(60)]
    found = find(ids, ["PNEUMONIA"] * 90 + ["NORMAL"] * 60)
    assert found is not None
    assert (found.count, found.sure) == (60, True)


@pytest.mark.parametrize(
    ("ids", "sure"),
    [
        pytest.param([f"P{n // 10}_{n % 10:02d}.png" for n in range(50)], False, id="five codes"),
        pytest.param([f"patient{n // 10}_{n % 10:02d}.png" for n in range(50)], True, id="five patients"),
        pytest.param(
            [*(f"P{n // 4:03d}_{n % 4}.png" for n in range(80)), *(f"extra{n}.png" for n in range(20))],
            False,
            id="a part of the ids",
        ),
    ],
)
def test_what_may_be_something_else_is_not_sure(ids: list[str], sure: bool) -> None:
    found = find(ids)
    assert found is not None
    assert found.sure == sure


def test_patients_of_half_of_many_ids_are_found_wherever_they_stand() -> None:
    coded = [f"P{n // 4:05d}_{n % 4:02d}.png" for n in range(12_000)]
    plain = [f"scan-{n:06d}.png" for n in range(12_000)]
    alone, mixed = find(plain), find([*plain, *coded])
    assert alone is None
    assert mixed is not None
    assert mixed.count == 3_000
    assert not mixed.sure
