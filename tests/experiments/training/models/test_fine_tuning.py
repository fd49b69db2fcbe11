"""Freezing, unfreezing and learning rates by block: what changes, when, by how much, and after a resume."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from experiments.training.contract.networks.model_errors import ModelError
from experiments.training.contract.networks.network_spec import NetworkSpec
from experiments.training.contract.reports import CheckpointSaved, Job, Message
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import requirements
from experiments.training.models import registry
from experiments.training.models.blocks import split
from experiments.training.models.classifier import Classifier
from runs.events import EpochEnd, FinalStats, GradientStats, TrainingStart
from tests.experiments.training.batch_normed import BLOCKS, BatchNormed, SmallImages, batch_normed
from tests.experiments.training.datasets import config_of
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    metrics_by_epoch,
    notes_of,
    of_type,
    outcome,
)

__all__ = ["batch_normed"]
pytestmark = pytest.mark.usefixtures("batch_normed")
Weights = dict[str, Tensor]


def asked(epochs: int, *, optimizer: dict[str, Any] | None = None, ema: float | None = None, **model: Any) -> Any:
    return {
        "data": {"image_size": 8},
        "model": {"name": "batch-normed", **model},
        "optimizer": {"learning_rate": 0.01, **(optimizer or {})},
        "trainer": {"max_epochs": epochs, "ema_decay": ema},
        "callbacks": {
            "early_stopping": False, "monitor": "val_loss", "save_top_k": epochs, "gradient_stats_every": 4,
        },
    }  # fmt: skip


def job(run_dir: Path, config: Any, **attempt: Any) -> Job:
    made = job_of(run_dir, **config, **attempt)
    return Job(**{name: getattr(made, name) for name in made.__struct_fields__} | {"models_dir": str(run_dir.parent)})


def train(made: Job, **options: Any) -> list[Message]:
    messages = carry_out(made, data=SmallImages(), **options)
    if "stop_at" not in options:
        assert outcome(messages).status == "completed", outcome(messages).reason
    return messages


def checkpoint(run_dir: Path, epoch: int) -> Weights:
    """Load the network's weights of the epoch, by the names it has for them."""
    state = torch.load(run_dir / "checkpoints" / "a1" / f"epoch{epoch:04d}.ckpt", weights_only=True)["state_dict"]
    return {name.removeprefix("network."): value for name, value in state.items()}


def start(folder: Path) -> Weights:
    """Write the weights to start from, running statistics included, and return them."""
    torch.manual_seed(5)
    network = BatchNormed(1, 1)
    network.train()(torch.randn(16, 1, 8, 8))
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / "start.pt")
    return {name: value.clone() for name, value in network.state_dict().items()}


def changed(before: Weights, after: Weights) -> list[str]:
    """Return the blocks in which anything changed; each changes wholly, running statistics too, or not at all."""
    found = []
    for block in BLOCKS:
        names = [name for name in before if name.startswith(f"{block}.") or (block == "stem" and name == "scale")]
        equal = [torch.equal(before[name], after[name]) for name in names]
        assert len(set(equal)) == 1, dict(zip(names, equal, strict=True))
        found += [] if equal[0] else [block]
    return found


@pytest.mark.parametrize(
    ("trainable", "learning", "ema"),
    [("all", 4, None), ("head", 1, None), ("head", 1, 0.5), (1, 2, 0.5), (2, 3, None), (3, 4, None)],
)
def test_what_is_frozen_stays_as_it_was_running_statistics_too(
    tmp_path: Path, trainable: str | int, learning: int, ema: float | None
) -> None:
    before = start(tmp_path)
    config = asked(1, trainable=trainable, weights_file="start.pt", ema=ema)
    messages = train(job(tmp_path / "7", config))
    assert changed(before, checkpoint(tmp_path / "7", 0)) == list(BLOCKS[-learning:])
    [told_start] = of_type(messages, TrainingStart)
    network = BatchNormed(1, 1)
    parts = [getattr(network, name) for name in BLOCKS[-learning:]]
    counts = sum(p.numel() for part in parts for p in part.parameters()) + (learning == 4)
    assert (told_start.model.trainable, told_start.model.parameters) == (
        counts,
        sum(p.numel() for p in network.parameters()),
    )


def test_blocks_learn_from_their_epoch_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    states = [start(tmp_path)]
    config = asked(5, trainable="head", unfreeze_every=1, weights_file="start.pt")
    messages = train(job(tmp_path / "7", config))
    states += [checkpoint(tmp_path / "7", epoch) for epoch in range(5)]
    steps = [changed(before, after) for before, after in itertools.pairwise(states)]
    assert steps == [list(BLOCKS[-learning:]) for learning in (1, 2, 3, 4, 4)]
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("Frozen", "Epoch"))]
    assert lines == [
        "Frozen: stem, body, top",
        "Epoch 2: from now on top learns, 161 weights in all; frozen: stem, body",
        "Epoch 3: from now on body learns, 317 weights in all; frozen: stem",
        "Epoch 4: from now on stem learns, 366 weights in all; frozen: nothing",
    ]
    assert of_type(messages, TrainingStart)[0].model.trainable == 5
    norms = {event.epoch: list(event.layer_norms) for event in of_type(messages, GradientStats)}
    assert norms == {epoch: list(BLOCKS[-min(epoch + 1, 4) :]) for epoch in range(5)}


class Wrapped(Network):
    """A custom module that froze its own first layer."""

    def __init__(self) -> None:
        super().__init__()
        del self.first, self.second
        parts = {"first": nn.Sequential(nn.Linear(5, 4)), "last": nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))}
        self.inner = nn.ModuleDict(parts)
        self.inner["first"].requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.inner["last"](self.inner["first"](x))
        return scores[:, 0]


def test_layers_keep_their_names_when_others_are_frozen(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 1}), data=SmallData(), model=Wrapped())
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert [list(event.layer_norms) for event in of_type(messages, GradientStats)] == [["last"]]


def test_several_epochs_may_pass_between_two_blocks(tmp_path: Path) -> None:
    states = [start(tmp_path)]
    train(job(tmp_path / "7", asked(4, trainable=2, unfreeze_every=3, weights_file="start.pt")))
    states += [checkpoint(tmp_path / "7", epoch) for epoch in range(4)]
    steps = [changed(before, after) for before, after in itertools.pairwise(states)]
    assert steps == [list(BLOCKS[-learning:]) for learning in (3, 3, 3, 4)]


@pytest.mark.parametrize(
    ("scheduler", "ema", "after"),
    [("cosine", None, 0), ("cosine", 0.9, 1), ("one_cycle", None, 1), ("plateau", 0.9, 0)],
)
def test_a_resume_in_the_middle_gives_the_same_numbers(
    tmp_path: Path, scheduler: str, ema: float | None, after: int
) -> None:
    optimizer = {"backbone_factor": 0.5, "layer_decay": 0.5, "scheduler": scheduler, "warmup_epochs": 1}
    config = asked(3, optimizer=optimizer, trainable="head", unfreeze_every=1, ema=ema, weights_file="start.pt")
    start(tmp_path)
    start(tmp_path / "whole")
    whole = train(job(tmp_path / "whole" / "7", config))
    run_dir = tmp_path / "7"
    first = train(job(run_dir, config), stop_at=lambda m: isinstance(m, CheckpointSaved) and m.epoch == after)
    (tmp_path / "start.pt").unlink()  # a resumed run starts from its checkpoint alone
    saved = of_type(first, CheckpointSaved)[-1]
    second = train(job(run_dir, config, attempt=2, resume=(run_dir / saved.last, after)))
    for phase in ("train", "val"):
        assert metrics_by_epoch(first, phase) | metrics_by_epoch(second, phase) == metrics_by_epoch(whole, phase)
    assert of_type(second, FinalStats) == of_type(whole, FinalStats)
    assert of_type(second, TrainingStart)[0].model.trainable == (161 if after == 0 else 317)
    assert notes_of(second) == []


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_blocks_begin_to_learn_beside_others_that_have_momentum(tmp_path: Path, name: str) -> None:
    start(tmp_path)
    config = asked(2, optimizer={"name": name}, trainable="head", unfreeze_every=1, weights_file="start.pt")
    messages = train(job(tmp_path / "7", config))
    assert {event.epoch for event in of_type(messages, EpochEnd)} == {0, 1}


def module_of(**groups: Any) -> Classifier:
    config = config_of("builtin:digits-is-8", **{"model": {"name": "batch-normed"}, **groups})
    torch.manual_seed(3)
    module = registry.build(config, input_shape=(1, 8, 8), num_classes=2)
    assert isinstance(module, Classifier)
    return module


def test_each_block_learns_at_its_own_rate() -> None:
    """Plain gradient descent changes each weight by its rate times its gradient."""
    optimizer = {"name": "sgd", "momentum": 0.0, "weight_decay": 0.0, "learning_rate": 0.5}
    module = module_of(optimizer=optimizer | {"backbone_factor": 0.2, "layer_decay": 0.5})
    made = module.configure_optimizers()
    assert isinstance(made, torch.optim.Optimizer)
    before = {name: value.detach().clone() for name, value in module.network.named_parameters()}
    generator = torch.Generator().manual_seed(0)
    batch = torch.randn((8, 1, 8, 8), generator=generator), torch.arange(8) % 2, torch.arange(8)
    torch.autograd.backward(module.training_step(batch, 0)["loss"])
    made.step()
    rates = {"head": 0.5, "top": 0.5 * 0.2 * 0.5, "body": 0.5 * 0.2 * 0.25, "stem": 0.5 * 0.2 * 0.125}
    assert [group["lr"] for group in made.param_groups] == pytest.approx(list(rates.values()))
    for name, parameter in module.network.named_parameters():
        assert parameter.grad is not None
        rate = rates["stem" if name == "scale" else name.split(".")[0]]
        torch.testing.assert_close(before[name] - parameter.detach(), rate * parameter.grad, rtol=1e-4, atol=1e-7)


def test_without_differing_rates_there_is_one_group_of_all_that_ever_learns() -> None:
    for model, blocks in (({}, 4), ({"trainable": 1}, 2), ({"trainable": 1, "unfreeze_every": 5}, 4)):
        module = module_of(model={"name": "batch-normed", **model})
        made = module.configure_optimizers()
        assert isinstance(made, torch.optim.Optimizer)
        [group] = made.param_groups
        expected = [p for block in split(module.network, {})[-blocks:] for p in block.parameters]
        assert {id(parameter) for parameter in group["params"]} == {id(parameter) for parameter in expected}


@pytest.mark.parametrize("scheduler", ["cosine", "cosine_restarts", "one_cycle", "plateau", "step"])
def test_the_reported_rate_is_the_heads_whatever_the_schedule(tmp_path: Path, scheduler: str) -> None:
    schedule = {"scheduler": scheduler, "warmup_epochs": 1, "plateau_patience": 0, "step_size": 1}

    def rates(name: str, **factors: float) -> list[float | None]:
        config = asked(3, optimizer=schedule | factors, trainable=1, unfreeze_every=1)
        messages = train(job(tmp_path / name / "7", config))
        state = torch.load(tmp_path / name / "7" / "checkpoints" / "a1" / "epoch0002.ckpt", weights_only=True)
        groups = [group["lr"] for group in state["optimizer_states"][0]["param_groups"]]
        assert groups == pytest.approx([groups[0] * share for share in (1, 0.1, 0.05, 0.025)][: len(groups)])
        return [numbers["learning_rate"] for numbers in metrics_by_epoch(messages, "train").values()]

    differing = rates("differing", backbone_factor=0.2, layer_decay=0.5)
    if scheduler == "plateau":  # of the monitored value, which differs
        assert differing[0] == pytest.approx(0.005)
    else:
        assert differing == pytest.approx(rates("same"))


def test_what_is_frozen_computes_as_in_evaluation_until_it_learns() -> None:
    module = module_of(model={"name": "batch-normed", "trainable": 1, "unfreeze_every": 1})

    def modes() -> dict[str, bool]:
        return {name: part.training for name, part in module.network.named_children()}

    assert modes() == {"stem": False, "body": False, "top": True, "head": True}
    module.train()
    assert modes() == {"stem": False, "body": False, "top": True, "head": True}
    assert not any(part.training for part in module.network.get_submodule("stem").modules())
    module.eval()
    assert not any(modes().values())
    module.train()
    assert module.fine_tuning.enter(1) == ["body"]
    assert modes() == {"stem": False, "body": True, "top": True, "head": True}


def test_frozen_noise_is_noted(tmp_path: Path) -> None:
    """Without a file, or where the file has nothing."""
    [note] = notes_of(train(job(tmp_path / "a" / "7", asked(1, trainable="head"))))
    assert note.code == "frozen_random"
    assert "stem.0.weight" in note.text
    weights = start(tmp_path)
    del weights["body.0.weight"]
    torch.save(weights, tmp_path / "part.pt")
    notes = notes_of(train(job(tmp_path / "7", asked(1, trainable="head", weights_file="part.pt"))))
    assert [note.code for note in notes] == ["starting_weights", "frozen_random"]
    assert re.search(r"stay random.*: body\.0\.weight\.$", notes[1].text)
    assert notes_of(train(job(tmp_path / "b" / "7", asked(1, trainable="all")))) == []


def test_more_blocks_than_there_are_is_refused_before_anything_is_queued() -> None:
    config = config_of("builtin:digits-is-8", model={"name": "cnn", "trainable": 4})
    with pytest.raises(
        SourceError, match=r"only 3 blocks before the head \(stem, block1, block2\), so 4 of"
    ) as refused:
        requirements.check(config, {"a": 10, "b": 10}, training=10, table=False)
    assert refused.value.field == "model.trainable"


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ({"unfreeze_every": 2}, "unfreeze_every frees what trainable froze"),
        ({"trainable": 0}, "model.trainable"),
        ({"trainable": "tail"}, "model.trainable"),
        ({"trainable": "head", "unfreeze_every": 0}, "model.unfreeze_every"),
    ],
)
def test_what_cannot_be_is_refused(model: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        config_of("builtin:digits-is-8", model=model)


def test_a_network_without_blocks_is_divided_by_its_children() -> None:
    network = nn.Module()
    network.scale = nn.Parameter(torch.ones(1))
    network.first, network.act, network.last = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
    blocks = split(network, {})
    assert [(block.name, block.names) for block in blocks] == [
        ("first", ["scale", "first.weight", "first.bias"]),
        ("last", ["last.weight", "last.bias"]),
    ]


def test_blocks_that_leave_a_weight_out_are_refused(batch_normed: NetworkSpec) -> None:
    layout = {name: parts for name, parts in batch_normed.blocks.items() if name != "body"}
    with pytest.raises(ModelError, match=r"leave out 'body\.0\.weight'.*NetworkSpec\.blocks"):
        split(BatchNormed(1, 1), layout)
