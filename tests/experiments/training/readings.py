"""Readings of data sets of every shape, as the pages, the API and the admin show them."""

from __future__ import annotations

from experiments.training.contract.reading import (
    Choice,
    Finding,
    MergedClass,
    PatientFacts,
    PixelFacts,
    Question,
    Reading,
    RoleColumn,
    SubgroupColumn,
    Unused,
    Usage,
)

HOSTILE = "<b>scan</b>" + "-without-a-space" * 12
"""A name of about 200 letters, which is no markup."""

PIXELS = PixelFacts(
    size=224,
    size_why="The median of the images has 1,024 × 768 pixels; 224 is the default for such images.",
    channels=1,
    channels_why="All 1,200 images are grey.",
    stored_bits=12,
    lowest=0,
    highest=4095,
    scale="Values from 0 to 4,095 become 0 to 255, by the same rule for all files",
    constants={"lowest": 0, "highest": 4095, "window_center": 40.5},
)

WHICH_FOLDERS = Question(
    code="folders_are_views",
    text="The folders “ap” and “lateral” look like views, not classes: which folder of the path is the class? "
    "Set data.class_folder.",
    choices=[
        Choice(options={"data.class_folder": 1}, consequence="2 classes: healthy (620), ill (580)."),
        Choice(options={"data.class_folder": 2}, consequence="2 classes: ap (610), lateral (590)."),
    ],
)
WHICH_IS_POSITIVE = Question(
    code="positive_class",
    text="Which class do scores stand for, “ill” or “healthy”? Set model.positive_class.",
    choices=[
        Choice(options={"model.positive_class": "ill"}, consequence="Sensitivity is the share of ill that is found."),
        Choice(options={"model.positive_class": "healthy"}, consequence="Sensitivity is the share of healthy found."),
    ],
)
INDEX_COLUMN = Question(
    code="index_column",
    text="The column “nr, old” follows the order of the rows: is it a measurement? Set data.ignore_columns.",
    choices=[
        Choice(options={"data.ignore_columns": ["nr, old"]}, consequence="It is left out."),
        Choice(options={"data.use_columns": ["nr, old"]}, consequence="It is learned from."),
    ],
)
QUESTIONS = [WHICH_FOLDERS, WHICH_IS_POSITIVE, INDEX_COLUMN]


def class_folders(questions: list[Question] | None = None) -> Reading:
    """Return a reading of images in folders, with files left out, spellings merged and 12 bits per pixel."""
    return Reading(
        layout="class_folders",
        why="Each of the 2 folders holds images, and no table names them.",
        folder="study/images",
        classes=["healthy", "ill"],
        positive="ill",
        positive_why="By rule: “healthy” names the absence of a finding.",
        merged=[MergedClass(name="ill", spellings=["ill", "Ill ", "ILL"])],
        files=Usage(
            total=1_243,
            used=1_200,
            unused=[
                Unused(kind="mask", what="_mask.png", count=30, examples=["ill/7_mask.png", "ill/8_mask.png"]),
                Unused(kind="extension", what=".txt", count=12, examples=["readme.txt"]),
                Unused(kind="folder", what="__MACOSX", count=1, examples=["__MACOSX/._1.png"]),
            ],
        ),
        patients=PatientFacts(count=312, source="folder", name="patient_<n>", why="The third folder of each path."),
        pixels=PIXELS,
        questions=questions or [],
        findings=[Finding(code="other_files", level="info", text="43 of 1,243 files are left out.")],
    )


def table_of_images() -> Reading:
    """Return a reading of a table that names images, some of which are missing."""
    return Reading(
        layout="table",
        why="labels.csv has the column Target, and its ids are names of images.",
        table="labels.csv",
        columns=[
            RoleColumn(role="id", column="image_id", found="alias"),
            RoleColumn(role="target", column="Target", found="exact"),
            RoleColumn(role="patient", column="Patient ID", found="pattern"),
            RoleColumn(role="split", column="fold", found="named"),
        ],
        classes=["0", "1", "2"],
        files=Usage(
            total=511, used=501, unused=[Unused(kind="no_row", what="", count=10, examples=["9.png", "10.png"])]
        ),
        rows=Usage(total=503, used=500, unused=[Unused(kind="no_file", what="", count=3, examples=["77", "78"])]),
        patients=PatientFacts(count=250, source="column", name="Patient ID"),
        pixels=PIXELS,
        subgroups=[
            SubgroupColumn(
                column="sex", rule="values as they are", learned=False, groups={"F": 240, "M": 255, "(missing)": 5}
            ),
            SubgroupColumn(
                column=HOSTILE, rule="values as they are", learned=True, groups={HOSTILE[:100]: 499, "(other)": 1}
            ),
        ],
    )


def rows_of_a_table() -> Reading:
    """Return a reading of a table to learn from, without patients."""
    return Reading(
        layout="rows",
        why="The file is a table whose other columns are numbers.",
        table="cohort.csv",
        columns=[RoleColumn(role="target", column="outcome", found="alias")],
        features=["age", "bmi", "creatinine"],
        feature_count=31,
        classes=["alive", "dead"],
        positive="dead",
        positive_why="It is the rarer of the two classes.",
        rows=Usage(total=900, used=890, unused=[Unused(kind="missing_label", what="NA", count=10, examples=["12"])]),
        patients=PatientFacts(why="No column has a usual name for patients."),
    )


def arrays() -> Reading:
    """Return a reading of arrays of pixels."""
    return Reading(
        layout="arrays",
        why="The file holds train_images and train_labels.",
        classes=["0", "1"],
        positive="1",
        positive_why="Of 0 and 1, 1 is the finding.",
        rows=Usage(total=780, used=780),
        pixels=PIXELS,
    )


def extreme() -> Reading:
    """Return a reading as large as one can be: 1,000 classes, 30 kinds of unused files, 20 questions, long names."""
    names = [f"{number} {HOSTILE}"[:200] for number in range(1_000)]
    unused = [
        Unused(kind="extension", what=f".{number}{HOSTILE}"[:200], count=number + 1, examples=[HOSTILE] * 5)
        for number in range(30)
    ]
    questions = [
        Question(
            code=f"question_{number}",
            text=f"Question {number} about {HOSTILE}: which one?",
            choices=[
                Choice(options={"data.ignore_columns": [f"{number} {HOSTILE}"[:200]]}, consequence=HOSTILE),
                Choice(options={"data.use_columns": [f"{number} {HOSTILE}"[:200]]}, consequence="It stays."),
            ],
        )
        for number in range(20)
    ]
    return Reading(
        layout="table",
        why=HOSTILE,
        folder=HOSTILE,
        table=HOSTILE,
        columns=[RoleColumn(role="id", column=HOSTILE, found="alias")],
        features=[HOSTILE] * 10,
        feature_count=40_000,
        classes=names,
        merged=[MergedClass(name=HOSTILE, spellings=[HOSTILE] * 5)],
        files=Usage(total=10**6, used=10**6 - 465, unused=unused),
        rows=Usage(total=10**6, used=10**6),
        patients=PatientFacts(count=10**5, source="ids", name=HOSTILE, why=HOSTILE),
        pixels=PIXELS,
        questions=questions,
    )


EVERY_SHAPE = {
    "class folders": class_folders(),
    "with questions": class_folders(QUESTIONS),
    "table of images": table_of_images(),
    "rows": rows_of_a_table(),
    "arrays": arrays(),
    "extreme": extreme(),
}
