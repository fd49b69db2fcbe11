"""The report as a run makes it: leaks end it, what is allowed stays with it, and the trial leaves no trace."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.preflight_report import Preflight
from experiments.training.contract.reports import CheckpointSaved, Job, Message
from experiments.training.contract.stop import Interrupted, Stop
from experiments.training.data.module import build
from experiments.training.preflight import trial
from experiments.training.recipes import centralized
from experiments.training.recipes.preparation import prepare
from runs.events import EpochEnd, FinalStats, TrainingStart
from tests.experiments.training import datasets, digits
from tests.experiments.training.datasets import config_of, write_csv
from tests.experiments.training.pictures import saved_as_jpeg, scans, xrays
from tests.experiments.training.several import in_processes
from tests.experiments.training.trainings import carry_out, job_of, notes_of, of_type, outcome

SPLITS = ("train", "train", "val", "test")


def with_pictures(folder: Path, count: int = 80) -> Path:
    """Write pictures, half for training, a quarter each to validate and test, each of its own patient."""
    rows = []
    for number, image in enumerate(scans(count, size=32)):
        folder.mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:03d}.png")
        rows.append((f"{number:03d}", number // 4 % 2, f"p{number}", SPLITS[number % 4]))
    write_csv(folder / "a.csv", rows, header=("image", "label", "patient_id", "split"))
    return folder


def job(home: Path, **data: Any) -> Job:
    config = config_of("x", data={"id_column": "image", "batch_size": 8, **data}, trainer={"max_epochs": 1})
    return datasets.job_of(config, home)


def preflight_of(done: Job) -> Preflight:
    return msgspec.json.decode(Path(done.run_dir, "preflight.json").read_bytes(), type=Preflight)


def notes(messages: list[Message]) -> dict[str, str]:
    return {note.code: note.text for note in notes_of(messages)}


def copied(folder: Path) -> None:
    shutil.copy(folder / "000.png", folder / "002.png")


def saved_again(folder: Path) -> None:
    with Image.open(folder / "000.png") as image:
        Image.fromarray(saved_as_jpeg(np.asarray(image), 80)).save(folder / "002.png")


@pytest.mark.parametrize(
    ("plant", "words"), [(copied, "is an exact copy of"), (saved_again, "saved again, resized or brightened")]
)
def test_a_copy_of_a_training_image_in_validation_ends_the_run(
    tmp_path: Path, plant: Callable[[Path], None], words: str
) -> None:
    plant(with_pictures(tmp_path / "x"))
    messages = carry_out(job(tmp_path))
    end = outcome(messages)
    assert end.status == "failed"
    assert end.reason is not None
    assert words in end.reason
    assert "000 (train) = 002 (val)" in end.reason
    assert "data.allow_leakage" in end.reason
    assert of_type(messages, TrainingStart) == []
    made = preflight_of(job(tmp_path))
    assert (made.verdict, made.trial) == ("blocked", None)


def test_it_may_be_allowed_and_is_noted(tmp_path: Path) -> None:
    copied(with_pictures(tmp_path / "x"))
    messages = carry_out(job(tmp_path, allow_leakage=True))
    assert outcome(messages).status == "completed"
    assert "000 (train) = 002 (val)" in notes(messages)["leakage_allowed"]
    assert preflight_of(job(tmp_path)).verdict == "warnings"


def test_patients_in_two_given_splits_may_be_allowed_and_are_noted(tmp_path: Path) -> None:
    folder = with_pictures(tmp_path / "x")
    table = (folder / "a.csv").read_text().replace(",p2,", ",p0,")
    (folder / "a.csv").write_text(table)
    refused = outcome(carry_out(job(tmp_path)))
    assert (refused.status, "1 patients are in two of the given splits" in (refused.reason or "")) == ("failed", True)
    messages = carry_out(job(tmp_path, allow_leakage=True))
    assert outcome(messages).status == "completed"
    assert "1 patient in more than one split: p0 (train, val)" in notes(messages)["leakage_allowed"]


def test_an_unreadable_image_ends_the_run_and_all_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = with_pictures(tmp_path / "x")
    for name in ("004.png", "009.png"):
        (folder / name).write_bytes((folder / name).read_bytes()[:200])
    end = outcome(carry_out(job(tmp_path)))
    assert end.status == "failed"
    assert "2 of 80 images cannot be read: 004.png" in (end.reason or "")
    assert "data.skip_unreadable" in (end.reason or "")
    assert "Cannot be read: 009.png" in capsys.readouterr().out


def test_unreadable_images_are_left_out_where_that_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = with_pictures(tmp_path / "x")
    (folder / "004.png").write_bytes(b"")
    messages = carry_out(job(tmp_path, skip_unreadable=True))
    assert outcome(messages).status == "completed"
    assert of_type(messages, TrainingStart)[0].dataset.sizes == {"train": 39, "val": 20, "test": 20}
    assert "004.png" in notes(messages)["unreadable_skipped"]
    assert "Cannot be read: 004.png" in capsys.readouterr().out
    made = preflight_of(job(tmp_path))
    assert made.images is not None
    assert [image.name for image in made.images.unreadable] == ["004.png"]
    assert "004" not in (tmp_path / "run" / "split.csv").read_text()


def test_what_is_left_of_unreadable_images_must_suffice(tmp_path: Path) -> None:
    folder = with_pictures(tmp_path / "x")
    for number in range(80):
        if number // 4 % 2 and number % 4 == 2:  # all of one class in validation
            (folder / f"{number:03d}.png").write_bytes(b"")
    end = outcome(carry_out(job(tmp_path, skip_unreadable=True)))
    assert "The validation split has no sample of class '1'" in (end.reason or "")


def test_when_no_image_can_be_read_nothing_is_skipped(tmp_path: Path) -> None:
    folder = with_pictures(tmp_path / "x")
    for number in range(80):
        (folder / f"{number:03d}.png").write_bytes(b"")
    end = outcome(carry_out(job(tmp_path, skip_unreadable=True)))
    assert "80 of 80 images cannot be read" in (end.reason or "")


EVERYTHING: dict[str, Any] = {
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 2, "ema_decay": 0.9},
    "data": {"batch_size": 256, "image_size": 8, "test_fraction": 0.1},
    "model": {"width": 2, "dropout": 0.3},
    "augmentation": {"preset": "light", "mixup_alpha": 0.3},
    "optimizer": {"scheduler": "one_cycle"},
}


def numbers(messages: list[Message]) -> list[Any]:
    epochs = [(event.epoch, event.phase, event.metrics) for event in of_type(messages, EpochEnd)]
    return [*epochs, *of_type(messages, FinalStats)]


def test_the_report_changes_no_number_of_the_training(tmp_path: Path) -> None:
    """With data that are given, no report is made."""
    asked = job_of(tmp_path / "with" / "7", **EVERYTHING)
    reported = carry_out(asked)
    bare_job = job_of(tmp_path / "without" / "7", **EVERYTHING)
    bare = carry_out(bare_job, data=build(TrainingConfig.model_validate(bare_job.config), bare_job))
    assert Path(asked.run_dir, "preflight.json").is_file()
    assert not Path(bare_job.run_dir, "preflight.json").exists()
    assert len(of_type(bare, EpochEnd)) == 4
    assert numbers(reported) == numbers(bare)


def test_the_trial_is_of_the_real_thing(tmp_path: Path) -> None:
    asked = job_of(tmp_path / "7", **EVERYTHING)
    messages = carry_out(asked)
    made = preflight_of(asked).trial
    assert made is not None
    assert (made.device, made.model, made.batch_size, made.batches, made.epochs) == ("CPU", "cnn", 256, 4, 2)
    assert made.parameters == of_type(messages, TrainingStart)[0].model.parameters
    assert made.batches_per_epoch * 2 == of_type(messages, TrainingStart)[0].total_steps
    assert made.batch_seconds > 0
    assert made.total_seconds >= 2 * made.epoch_seconds >= 2 * made.batches_per_epoch * made.batch_seconds
    assert made.memory_bytes is not None
    assert made.memory_bytes > 100_000_000


@pytest.mark.parametrize("scheduler", ["plateau", "one_cycle", "cosine"])
def test_the_trial_works_with_every_kind_of_schedule_and_few_batches(tmp_path: Path, scheduler: str) -> None:
    asked = job_of(
        tmp_path / "7", data={"batch_size": 300}, optimizer={"scheduler": scheduler}, trainer={"max_epochs": 2}
    )
    assert outcome(carry_out(asked)).status == "completed"
    made = preflight_of(asked).trial
    assert made is not None
    assert made.batches == made.batches_per_epoch == 2


def test_a_resumed_attempt_makes_no_report_again(tmp_path: Path) -> None:
    options: dict[str, Any] = {"trainer": {"max_epochs": 2}}
    first = carry_out(job_of(tmp_path / "7", **options), stop_at=lambda m: isinstance(m, CheckpointSaved))
    saved = of_type(first, CheckpointSaved)[-1]
    (tmp_path / "7" / "preflight.json").unlink()
    second = carry_out(job_of(tmp_path / "7", attempt=2, resume=(tmp_path / "7" / saved.last, 0), **options))
    assert outcome(second).status == "completed"
    assert not (tmp_path / "7" / "preflight.json").exists()


def on_two_devices(home: Path, **data: Any) -> Job:
    config = config_of(
        "x",
        data={"id_column": "image", "batch_size": 8, **data},
        trainer={"max_epochs": 1, "devices": 2, "accelerator": "cpu"},
    )
    return msgspec.structs.replace(datasets.job_of(config, home), ranks=2)


def test_two_devices_look_once_and_try_together(tmp_path: Path, warm: None) -> None:
    copied(with_pictures(tmp_path / "x"))
    blocked, _ = in_processes(on_two_devices(tmp_path))
    assert "000 (train) = 002 (val)" in (outcome(blocked).reason or "")
    assert preflight_of(on_two_devices(tmp_path)).trial is None
    allowed, _ = in_processes(on_two_devices(tmp_path, allow_leakage=True))
    assert outcome(allowed).status == "completed", outcome(allowed).reason
    assert list(notes(allowed)) == ["leakage_allowed"]
    made = preflight_of(on_two_devices(tmp_path)).trial
    assert made is not None
    assert (made.batches, made.batches_per_epoch) == (3, 3)  # of 40 samples, 8 on each of two devices


def pieces(tmp_path: Path, **options: Any) -> tuple[TrainingConfig, Job, Any, Any]:
    """Make configuration, job, module and data of a small run."""
    asked = job_of(tmp_path / "7", **({"model": {"dropout": 0.5}} | options))
    config = TrainingConfig.model_validate(asked.config)
    centralized.begin(config, asked)
    data = build(config, asked)
    return config, asked, prepare(config, asked, data, print), data


def test_the_trial_leaves_weights_and_random_numbers_as_they_were(tmp_path: Path) -> None:
    config, asked, module, data = pieces(tmp_path)
    weights = {name: value.clone() for name, value in module.state_dict().items()}
    states = random.getstate(), torch.get_rng_state()
    expected = np.random.get_state()[1].tolist()  # type: ignore[index]
    trial.run(
        config, module, data, model_name="mlp", make_trainer=lambda callbacks, **changed: centralized._trainer(
            config, asked, callbacks, **changed
        ), stop=Stop(),
    )  # fmt: skip
    assert all(torch.equal(value, weights[name]) for name, value in module.state_dict().items())
    assert random.getstate() == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
    assert np.random.get_state()[1].tolist() == expected  # type: ignore[index]
    assert data.trainer is None


def test_the_trial_writes_nothing_that_a_killed_process_could_leave_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, asked, module, data = pieces(
        tmp_path, source_path=digits.SOURCE, data={"id_column": "patientId"}, augmentation={"preset": "light"}
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before, during = everything_below(tmp_path), list[set[Path]]()

    class Looking(Callback):
        def on_train_batch_end(self, *_: Any) -> None:
            during.append(everything_below(tmp_path))

    trial.run(
        config, module, data, model_name="cnn", make_trainer=lambda callbacks, **changed: centralized._trainer(
            config, asked, [*callbacks, Looking()], **changed
        ), stop=Stop(),
    )  # fmt: skip
    assert during
    assert all(found == before for found in during)
    assert everything_below(tmp_path) == before


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_stop_request_interrupts_the_trial(tmp_path: Path) -> None:
    config, asked, module, data = pieces(tmp_path)
    stop = Stop()
    stop.set()
    with pytest.raises(Interrupted):
        trial.run(
            config, module, data, model_name="mlp", make_trainer=lambda callbacks, **changed: centralized._trainer(
                config, asked, callbacks, **changed
            ), stop=stop,
        )  # fmt: skip


def test_a_slow_trial_ends_after_enough_time() -> None:
    moments = iter([0.0, 6.0])
    watch = trial.Stopwatch(clock=lambda: next(moments))

    class Trainer:
        should_stop = False
        strategy = type("S", (), {"root_device": torch.device("cpu")})

    trainer: Any = Trainer()
    watch.on_train_epoch_start()
    watch.on_train_batch_end(trainer)
    assert (watch.training, trainer.should_stop) == ([6.0], True)


def test_real_xrays_leak_between_training_and_validation(tmp_path: Path) -> None:
    """So they do in this subset; the counts come from comparing bytes."""
    data = xrays()
    training = {image.tobytes() for image in data["train_images"]}
    leaking = sum(image.tobytes() in training for image in data["val_images"])
    np.savez(tmp_path / "x.npz", **data)  # type: ignore[arg-type]
    config = config_of("x.npz", data={"batch_size": 32, "image_size": 28})
    end = outcome(carry_out(datasets.job_of(config, tmp_path)))
    assert leaking > 0
    assert f"{leaking} validation samples are exact copies of training samples" in (end.reason or "")
