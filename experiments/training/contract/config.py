"""Options of a run: validated in the request, stored with the run, passed to the training process.

Torch-free, so that the web process can import it. Every bound and default of a run is declared here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from experiments.training.contract import splits
from experiments.training.contract.callbacks_config import CallbacksConfig
from experiments.training.contract.class_names import class_naming
from experiments.training.contract.config_base import Section
from experiments.training.contract.image_options import ImageOptions
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.networks.builtin_networks import Dropout, Width
from experiments.training.contract.networks.network_spec import AUTO
from experiments.training.contract.subgroups.subgroup_options import SubgroupOptions
from experiments.training.contract.trainer_config import TrainerConfig
from runs.describing.description_rules import is_broken, is_invisible
from runs.tagging import tag_names

MIN_PRIORITY, MAX_PRIORITY = -100, 100
MOST_PATH_BYTES = 2_000  # the list filters by it, and PostgreSQL indexes no row of more than 2,700 bytes

ClassWeight = Annotated[float, Field(gt=0.0, le=1e6)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
NamedClass = Annotated[str, StringConstraints(min_length=1, max_length=class_naming.LONGEST_TEXT)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class DataConfig(SubgroupOptions, ImageOptions):
    """How samples are read and split."""

    batch_size: int = Field(32, ge=1, le=4096, description="Samples per optimizer step and device")
    val_fraction: float = Field(
        0.2, gt=0.0, lt=0.9, description="Share of samples for validation, unless the data or folds say which"
    )
    test_fraction: float = Field(
        0.0,
        ge=0.0,
        lt=0.9,
        description="Share of samples kept for the final test, unless the data name a test split; 0 = no test result, "
        "0.2 is usual from a few hundred samples on",
    )
    num_workers: int = Field(0, ge=0, le=32, description="Data loader processes; 0 = load in the training process")
    id_column: str = Field(
        "patientId", min_length=1, max_length=200, description="Column with the ids, of images or rows"
    )
    target_column: str = Field("Target", min_length=1, max_length=200, description="Column with the class")
    patient_column: str | None = Field(
        None, min_length=1, max_length=200, description="Column with the patient, if several images share one"
    )
    split_column: str | None = Field(
        "split", min_length=1, max_length=200, description="Column with train, val or test; used where there is one"
    )
    layout: Literal["auto", "class_folders", "split_folders", "table"] = Field(
        "auto",
        description="class_folders: one folder per class; split_folders: those below train, val and test; table: a "
        "table names the images",
    )
    table: str | None = Field(
        None, min_length=1, max_length=4096, description="Which table names the samples; */labels.csv joins several"
    )
    missing_images: Literal["ask", "leave_out"] = Field("ask", description="Rows of a table without an image")
    class_folder: int | None = Field(
        None, ge=1, le=20, description="Which folder of an image's path is its class, counted from 1 below the data"
    )
    patient_folder: int | None = Field(
        None, ge=1, le=20, description="Which folder of an image's path is its patient, counted from 1 below the data"
    )
    split_folders: Annotated[list[Pattern], AfterValidator(splits.checked_folders)] = Field(
        [],
        max_length=100,
        description='Folders that are splits by another name, or another split, such as "dev=val" or "site3=test"',
    )
    ignore: list[Pattern] | None = Field(
        None,
        max_length=100,
        description='Files and folders to leave out, such as "masks" or "*_mask.png"; [] = none of them',
    )
    finding: str | None = Field(
        None, min_length=1, max_length=200, description="Where cells list several findings: is this one among them?"
    )
    several_findings: Literal["ask", "class"] = Field(
        "ask", description="Cells that list several findings, where data.finding names none: class = each is a class"
    )
    missing_labels: Literal["ask", "leave_out", "negative", "class"] = Field(
        "ask",
        description="Samples whose label is missing: leave_out, negative beside yes or data.finding, or class where "
        "the word (none, unknown) is one",
    )
    uncertain_labels: Literal["ask", "leave_out", "positive", "negative", "class"] = Field(
        "ask", description="Samples labelled -1 beside 0 and 1, as CheXpert writes uncertain findings"
    )
    label_spellings: Literal["auto", "merge", "keep"] = Field(
        "auto",
        description="Labels that differ in case, blanks, Unicode form or zeros: auto = one class, asked where unsure; "
        "keep = each a class",
    )
    class_names: Annotated[list[NamedClass], AfterValidator(class_naming.checked)] = Field(
        [],
        max_length=1_000,
        description='What classes are called in results and files, as in "0=healthy" and "1=pneumonia"; their order '
        "stays",
    )
    many_classes: bool = Field(
        False, description="The target has classes although it has as many values as measurements or names have"
    )
    patients: Literal["auto", "ids", "each_sample"] = Field(
        "auto",
        description="ids: by the pattern of ids and file names; each_sample: every sample is of another patient, "
        "whatever ids and columns look like",
    )
    ignore_columns: list[ColumnName] = Field(
        [], max_length=1000, description="Columns of a table that are not learned from"
    )
    use_columns: list[ColumnName] = Field(
        [],
        max_length=1000,
        description="Columns to learn from though they look like an index, a patient, the target",
    )
    split_file: str | None = Field(
        None, min_length=1, max_length=4096, description="split.csv of an earlier run, inside the data roots"
    )
    skip_unreadable: bool = Field(False, description="Leave out images that cannot be read; they are named on the run")
    allow_leakage: bool = Field(
        False, description="Train although copies or patients are in two splits; the run is marked permanently"
    )
    folds: int | None = Field(
        None,
        ge=2,
        le=20,
        description="Cross-validation: one run per fold, each validated on another part of all samples outside test",
    )
    fold: int | None = Field(None, ge=1, description="Only this one of the folds, counted from 1; null = all of them")

    @field_validator("folds")
    @classmethod
    def _folds_alone_say_what_validates(cls, folds: int | None, info: ValidationInfo) -> int | None:
        """Reject other options that choose validation samples; invalid fields are missing from `info`."""
        if folds is None:
            return None
        default = cls.model_fields["val_fraction"].default
        if info.data.get("val_fraction", default) != default:
            raise ValueError("Each fold validates on 1 / folds of the samples; leave data.val_fraction out")
        if info.data.get("split_file") is not None:
            raise ValueError("A split file says what validates, and so do folds; give one of the two")
        return folds

    @field_validator("fold")
    @classmethod
    def _one_of_the_folds(cls, fold: int | None, info: ValidationInfo) -> int | None:
        if fold is None or "folds" not in info.data:
            return fold
        folds = info.data["folds"]
        if folds is None:
            raise ValueError("It is one of data.folds; give both, or none")
        if fold > folds:
            raise ValueError(f"There are {folds} folds, counted from 1; choose at most {folds}")
        return fold

    @model_validator(mode="after")
    def _some_training_data_remains(self) -> DataConfig:
        if self.folds is None and self.val_fraction + self.test_fraction >= 0.95:
            raise ValueError("val_fraction + test_fraction must stay below 0.95, so that samples remain for training")
        return self


class ModelConfig(Section):
    """Which network, and how its scores become predictions."""

    name: str = Field(AUTO, description="auto = cnn for images, mlp for tables")
    width: Width | None = Field(None, description="Short for options.width")
    dropout: Dropout | None = Field(None, description="Short for options.dropout")
    options: dict[str, Any] = Field({}, validate_default=True, description="Of the network; those left out are added")
    weights_file: str | None = Field(
        None, min_length=1, max_length=4096, description="A .pt, .pth or .ckpt of the models folder; null = random ones"
    )
    trainable: Literal["all", "head"] | Annotated[int, Field(ge=1, le=1000)] = Field(
        "all", description="head = the last layer alone; a number = so many of the blocks before it, too"
    )
    unfreeze_every: int | None = Field(
        None, ge=1, le=10_000, description="Epochs after which one more block learns; null = it stays as it starts"
    )
    positive_class: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Of two classes, the one to find: scores are its; null = by rule",
    )
    threshold: float = Field(0.5, gt=0.0, lt=1.0, description="Binary runs: a score at or above it is positive")
    pos_weight: float | Literal["auto"] | None = Field(
        "auto", description="Binary loss weight of positives; auto = negatives / positives of the training split"
    )

    @field_validator("name")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value != AUTO:
            network_catalogue.find(value)
        return value

    @field_validator("width", "dropout")
    @classmethod
    def _is_an_option(cls, value: float | None, info: ValidationInfo) -> float | None:
        name = info.data.get("name", AUTO)
        if value is not None and info.field_name not in network_catalogue.options_of(name).model_fields:
            raise ValueError(f"{name} has no option {info.field_name}; leave it out")
        return value

    @field_validator("options")
    @classmethod
    def _complete(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Fill in defaults at once, as a stored configuration says what was done."""
        if "name" not in info.data:
            return value
        short = {name: given for name in ("width", "dropout") if (given := info.data.get(name)) is not None}
        if twice := [name for name in short if value.get(name, short[name]) != short[name]]:
            raise ValueError(f"model.{twice[0]} is short for model.options.{twice[0]}, which differs; give one of them")
        return network_catalogue.completed(info.data["name"], short | value)

    @model_validator(mode="after")
    def _something_is_frozen(self) -> ModelConfig:
        if self.unfreeze_every and self.trainable == "all":
            raise ValueError('unfreeze_every frees what trainable froze: set trainable to "head" or a number of blocks')
        return self

    @field_validator("pos_weight")
    @classmethod
    def _positive(cls, value: float | str | None) -> float | str | None:
        if isinstance(value, float) and not 0 < value <= 1e6:
            raise ValueError("pos_weight must be above 0 and at most 1000000")
        return value


class LossConfig(Section):
    """The loss that training minimises."""

    name: Literal["auto", "focal"] = Field("auto", description="auto = cross-entropy (of the sigmoid for two classes)")
    class_weights: Literal["auto"] | tuple[ClassWeight, ...] | None = Field(
        None, description="One per class; auto = all classes count the same; null = model.pos_weight for two classes"
    )
    label_smoothing: float = Field(0.0, ge=0.0, lt=1.0, description="Share of each label spread over all classes")
    focal_gamma: float = Field(2.0, ge=0.0, le=10.0, description="focal: how much less counts what is right already")
    focal_alpha: float | None = Field(
        None, gt=0.0, lt=1.0, description="focal, two classes: weight of positives; negatives get 1 - focal_alpha"
    )


class AugmentationConfig(Section):
    """How training samples are changed each time they are used; validation and test samples stay as they are."""

    preset: Literal["none", "light", "medium", "xray"] = Field(
        "none", description="Random changes of images: flips, rotation, zoom, shift, brightness, contrast, noise"
    )
    mixup_alpha: float = Field(
        0.0, ge=0.0, le=10.0, description="Blends pairs of samples, in shares from Beta(alpha, alpha); 0 = off"
    )


class OptimizerConfig(Section):
    """How the optimizer changes the weights."""

    name: Literal["adamw", "adam", "sgd"] = Field("adamw", description="adamw and adam fit a step to each weight")
    learning_rate: float = Field(1e-3, gt=0.0, le=1e12, description="How far a step goes; the first option to try")
    weight_decay: float = Field(1e-4, ge=0.0, le=10.0, description="Pulls weights towards 0 in each step; 0 = off")
    momentum: float = Field(0.9, ge=0.0, lt=1.0, description="SGD only")
    backbone_factor: float = Field(
        1.0, gt=0.0, le=1.0, description="Learning rate of all blocks before the head, as a share of the head's"
    )
    layer_decay: float = Field(
        1.0, gt=0.0, le=1.0, description="Learning rate of each block, as a share of that of the block after it"
    )
    scheduler: Literal["none", "cosine", "cosine_restarts", "one_cycle", "plateau", "step"] = Field(
        "none", description="Changes the rate once per epoch; one_cycle with each optimizer step"
    )
    warmup_epochs: int = Field(
        0, ge=0, le=1_000, description="Epochs in which the rate rises first; one_cycle: 0 = 30 % of the training"
    )
    restart_epochs: int = Field(10, ge=1, le=10_000, description="cosine_restarts: epochs up to the first restart")
    restart_factor: int = Field(1, ge=1, le=10, description="cosine_restarts: how much longer each period is")
    plateau_patience: int = Field(5, ge=0, le=10_000, description="plateau: epochs without improvement that pass")
    step_size: int = Field(10, ge=1, le=10_000, description="step: epochs between two changes")
    gamma: float = Field(0.1, gt=0.0, lt=1.0, description="step, plateau: factor of a change")


class TrainingConfig(Section):
    """A complete training: the body of `POST /api/experiments/centralized/train`."""

    experiment_name: Name = Field(description="What it is called in lists; several runs may share it")
    source_path: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)] = Field(
        description="builtin:<name>, dataset:<name>, or a path inside the data roots"
    )
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    trainer: TrainerConfig = TrainerConfig()
    callbacks: CallbacksConfig = CallbacksConfig()
    seed: int = Field(42, ge=0, le=2**32 - 1, description="Of splits, first weights, order and augmentation")
    # The time of a training is not part of its configuration: not stored with the run, ignored when comparing requests
    priority: int = Field(
        0, ge=MIN_PRIORITY, le=MAX_PRIORITY, exclude=True, description="The run with the highest is started first"
    )
    project: Annotated[str, StringConstraints(min_length=1, max_length=100)] | StrictInt | None = Field(
        None, exclude=True, description="Its name or number; without it your only project, or Default"
    )
    tags: list[str] = Field([], exclude=True, description="Words to find the run by later; they can be changed")

    @field_validator("tags")
    @classmethod
    def _normalised(cls, value: list[str]) -> list[str]:
        return list(tag_names.normalised(value))

    @field_validator("source_path")
    @classmethod
    def _indexed(cls, value: str) -> str:
        if len(value.encode(errors="surrogatepass")) > MOST_PATH_BYTES:
            raise ValueError(f"source_path has more than {MOST_PATH_BYTES:,} bytes; move the data, or link to them")
        return value

    @field_validator("experiment_name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if is_broken(value):
            raise ValueError("experiment_name must not contain control characters")
        if is_invisible(value):
            raise ValueError("experiment_name must have a letter or a digit, or another character that can be seen")
        return value

    @property
    def is_group(self) -> bool:
        """Whether the request is for several runs, one for each fold."""
        return bool(self.data.folds and not self.data.fold)

    def of_each_run(self) -> list[TrainingConfig]:
        """Return the configuration of every requested run: itself, or one per fold."""
        if not self.data.folds or self.data.fold:
            return [self]
        numbers = range(1, self.data.folds + 1)
        return [self.model_copy(update={"data": self.data.model_copy(update={"fold": n})}) for n in numbers]

    @model_validator(mode="after")
    def _warmup_ends(self) -> TrainingConfig:
        if self.optimizer.warmup_epochs and self.optimizer.warmup_epochs >= self.trainer.max_epochs:
            raise ValueError("optimizer.warmup_epochs must be less than trainer.max_epochs")
        return self

    @model_validator(mode="after")
    def _classes_are_weighted_once(self) -> TrainingConfig:
        asked = {
            "model.pos_weight": isinstance(self.model.pos_weight, float),
            "loss.class_weights": self.loss.class_weights is not None,
            "loss.focal_alpha": self.loss.name == "focal" and self.loss.focal_alpha is not None,
        }
        given = [name for name, is_given in asked.items() if is_given]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} each weigh the classes; give one of them")
        return self
