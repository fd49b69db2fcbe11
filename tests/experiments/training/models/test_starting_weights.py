"""Weights from a file: which names match, what is adapted or left random, and what is refused."""

from __future__ import annotations

import hashlib
import pickle
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from experiments.training.contract.networks import weight_files
from experiments.training.contract.networks.builtin_networks import BUILTINS
from experiments.training.contract.networks.model_errors import ModelError
from experiments.training.contract.reports import Job, Message
from experiments.training.contract.source_errors import SourceError
from experiments.training.models import registry, starting_weights
from experiments.training.models.classifier import Classifier
from tests.experiments.training.batch_normed import BatchNormed, SmallImages, batch_normed
from tests.experiments.training.datasets import config_of
from tests.experiments.training.trainings import carry_out, job_of, notes_of, outcome

__all__ = ["batch_normed"]
Weights = dict[str, Tensor]


def weights_of(network: nn.Module) -> Weights:
    return {name: value.clone() for name, value in network.state_dict().items()}


def saved(folder: Path, content: Any, name: str = "start.pt") -> Path:
    torch.save(content, folder / name)
    return folder / name


def random(channels: int = 1, outputs: int = 1, seed: int = 0) -> BatchNormed:
    torch.manual_seed(seed)
    return BatchNormed(channels, outputs)


def network_of(name: str, *, channels: int = 3) -> nn.Module:
    config = config_of("builtin:digits-is-8", model={"name": name})
    module = registry.build(config, input_shape=(channels, 32, 32), num_classes=1000)
    assert isinstance(module, Classifier)
    return module.network


def run(folder: Path, name: str = "start.pt", **model: Any) -> list[Message]:
    """Train one epoch from the file, at a rate that changes hardly anything."""
    made = job_of(
        folder / "7",
        data={"image_size": 8},
        model={"name": "batch-normed", "weights_file": name, **model},
        optimizer={"name": "sgd", "learning_rate": 1e-12},
        trainer={"max_epochs": 1},
    )
    fields = {field: getattr(made, field) for field in made.__struct_fields__} | {"models_dir": str(folder)}
    return carry_out(Job(**fields), data=SmallImages())


@pytest.mark.parametrize("container", [None, "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "network.", "module.", "model.", "backbone.", "module.model.backbone."])
def test_containers_and_prefixes_are_looked_through(tmp_path: Path, container: str | None, prefix: str) -> None:
    source, target = random(seed=1), random(seed=2)
    weights: Any = {prefix + name: value for name, value in weights_of(source).items()}
    content = weights if container is None else {container: weights, "epoch": 3, "hyper_parameters": {"lr": 0.1}}
    match = starting_weights.load(target, saved(tmp_path, content))
    assert (match.missing, match.mismatched, match.unexpected, match.adapted) == ([], {}, [], [])
    for name, value in weights_of(source).items():
        assert torch.equal(target.state_dict()[name], value), name


def test_a_name_as_it_is_comes_before_one_made_shorter(tmp_path: Path) -> None:
    weights = weights_of(random(seed=1))
    others = {f"module.{name}": torch.zeros_like(value) for name, value in weights.items()}
    target = random(seed=2)
    match = starting_weights.load(target, saved(tmp_path, others | weights))
    assert all(torch.equal(target.state_dict()[name], value) for name, value in weights.items())
    assert match.unexpected == list(others)


def test_what_did_not_match_is_listed(tmp_path: Path) -> None:
    weights = weights_of(random(outputs=5, seed=1))
    del weights["body.0.bias"]
    weights["neck.weight"] = torch.zeros(3)
    target = random(outputs=1, seed=2)
    head = target.head.weight.detach().clone()
    match = starting_weights.load(target, saved(tmp_path, weights))
    assert match.missing == ["body.0.bias"]
    assert match.mismatched == {"head.weight": ((5, 4), (1, 4)), "head.bias": ((5,), (1,))}
    assert match.unexpected == ["neck.weight"]
    assert len(match.matched) == 21
    assert torch.equal(target.head.weight, head)
    assert match.summary("start.pt") == (
        "21 of the network's 24 tensors come from start.pt. "
        "Left new, of another shape in the file: head.weight ([5, 4] there, [1, 4] here), "
        "head.bias ([5] there, [1] here). "
        "Left new, not in the file: body.0.bias. Unused, in the file alone: neck.weight."
    )


def test_the_report_stands_in_the_log_and_with_the_run(
    tmp_path: Path, batch_normed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = weights_of(random(outputs=5, seed=1)) | {f"extra.{number}": torch.zeros(1) for number in range(9)}
    saved(tmp_path, weights)
    messages = run(tmp_path)
    assert outcome(messages).status == "completed", outcome(messages).reason
    [note] = notes_of(messages)
    assert note.code == "starting_weights"
    digest = hashlib.sha256((tmp_path / "start.pt").read_bytes()).hexdigest()[:16]
    assert note.text.startswith(f"22 of the network's 24 tensors come from start.pt (SHA-256 {digest}…). Left new")
    assert "extra.0, extra.1, extra.2 and 6 more" in note.text
    log = capsys.readouterr().out
    assert note.text in log
    assert [line for line in log.splitlines() if line.startswith("  ")] == [
        "  left new, of another shape in the file: head.weight ([5, 4] there, [1, 4] here)",
        "  left new, of another shape in the file: head.bias ([5] there, [1] here)",
        *(f"  unused, in the file alone: extra.{number}" for number in range(9)),
    ]


def test_three_channels_become_one_that_answers_grey_images_alike(tmp_path: Path) -> None:
    colour, grey = random(channels=3, seed=1).eval(), random(channels=1, seed=2).eval()
    match = starting_weights.load(grey, saved(tmp_path, colour.state_dict()))
    assert match.adapted == ["stem.0.weight"]
    assert torch.equal(grey.state_dict()["stem.0.weight"][:, 0], colour.state_dict()["stem.0.weight"].sum(dim=1))
    x = torch.randn((2, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(grey(x), colour(x.expand(-1, 3, -1, -1)))
    assert "Adapted to the number of channels: stem.0.weight." in match.summary("a")


def test_one_channel_becomes_three_that_answer_grey_images_alike(tmp_path: Path) -> None:
    grey, colour = random(channels=1, seed=1).eval(), random(channels=3, seed=2).eval()
    assert starting_weights.load(colour, saved(tmp_path, grey.state_dict())).adapted == ["stem.0.weight"]
    x = torch.randn((2, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(colour(x.expand(-1, 3, -1, -1)), grey(x))


def test_weights_of_torchvision_fit_a_resnet_for_grey_images(tmp_path: Path) -> None:
    """Our names are torchvision's, as another test shows."""
    path = saved(tmp_path, network_of("resnet18").state_dict())
    match = starting_weights.load(network_of("resnet18", channels=1), path)
    assert (len(match.matched), match.adapted, match.new, match.unexpected) == (122, ["conv1.weight"], [], [])


PUBLISHED: Mapping[str, list[dict[str, tuple[int, ...]]]] = {
    "densenet121": [
        {  # as torchvision's code names them
            "features.conv0.weight": (64, 3, 7, 7),
            "features.denseblock1.denselayer1.norm1.weight": (64,),
            "features.denseblock1.denselayer1.conv1.weight": (128, 64, 1, 1),
            "features.denseblock4.denselayer16.conv2.weight": (32, 128, 3, 3),
            "features.transition1.conv.weight": (128, 256, 1, 1),
            "features.norm5.running_mean": (1024,),
            "classifier.weight": (1000, 1024),
        },
        {  # as torchvision's published file does
            "features.denseblock1.denselayer1.norm.1.weight": (64,),
            "features.denseblock1.denselayer1.conv.1.weight": (128, 64, 1, 1),
            "features.denseblock4.denselayer16.conv.2.weight": (32, 128, 3, 3),
            "features.transition1.conv.weight": (128, 256, 1, 1),
            "classifier.bias": (1000,),
        },
    ],
    "efficientnet-b0": [
        {
            "_conv_stem.weight": (32, 3, 3, 3),
            "_blocks.0._depthwise_conv.weight": (32, 1, 3, 3),
            "_blocks.1._expand_conv.weight": (96, 16, 1, 1),
            "_blocks.15._project_conv.weight": (320, 1152, 1, 1),
            "_blocks.15._se_reduce.bias": (48,),
            "_bn1.running_var": (1280,),
            "_fc.weight": (1000, 1280),
        }
    ],
}


@pytest.mark.parametrize(
    ("name", "shapes"), [(name, shapes) for name, namings in PUBLISHED.items() for shapes in namings]
)
def test_names_of_published_files_are_understood(name: str, shapes: dict[str, tuple[int, ...]], tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {key: torch.randn(shape, generator=generator) for key, shape in shapes.items()}
    network = network_of(name)
    match = starting_weights.load(network, saved(tmp_path, weights), BUILTINS[name].aliases)
    assert (match.unexpected, match.mismatched, match.adapted) == ([], {}, [])
    loaded = [network.state_dict()[own] for own in match.matched]
    assert len(loaded) == len(weights)
    assert all(any(torch.equal(value, other) for other in loaded) for value in weights.values())


def test_a_checkpoint_of_an_earlier_run_is_a_weights_file(tmp_path: Path, batch_normed: Any) -> None:
    trainer = {"max_epochs": 2, "ema_decay": 0.5}
    job = job_of(tmp_path / "first" / "7", data={"image_size": 8}, model={"name": "batch-normed"}, trainer=trainer)
    carry_out(job, data=SmallImages())
    earlier = next((tmp_path / "first" / "7" / "checkpoints" / "a1").glob("*.ckpt"))
    shutil.copy(earlier, tmp_path / "earlier.ckpt")
    messages = run(tmp_path, "earlier.ckpt", trainable="head")
    assert outcome(messages).status == "completed", outcome(messages).reason
    [note] = notes_of(messages)
    assert re.fullmatch(r"24 of the network's 24 tensors come from earlier\.ckpt \(SHA-256 \w{16}…\)\.", note.text)
    best = torch.load(earlier, weights_only=True)["state_dict"]
    now = torch.load(tmp_path / "7" / "checkpoints" / "a1" / "epoch0000.ckpt", weights_only=True)["state_dict"]
    for name, value in best.items():
        torch.testing.assert_close(now[name], value, rtol=0, atol=1e-9)


class Attack:
    """An object that runs code when it is unpickled as an ordinary pickle."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("form", ["torch", "torch, old format", "pickle"])
def test_a_file_that_runs_code_is_refused_and_runs_none(tmp_path: Path, batch_normed: Any, form: str) -> None:
    marker, path = tmp_path / "was here", tmp_path / "start.pt"
    content = weights_of(random()) | {"attack": Attack(marker)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "torch")
    messages = run(tmp_path)
    assert outcome(messages).status == "failed"
    assert "start.pt was refused: it holds more than tensors" in (outcome(messages).reason or "")
    assert not marker.exists()
    torch.load(path, weights_only=False) if form != "pickle" else pickle.loads(path.read_bytes())
    assert marker.exists()  # the attack was real


def test_a_whole_saved_module_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Save the network's state_dict\(\) alone"):
        starting_weights.read(saved(tmp_path, random()))


@pytest.mark.parametrize(
    "content", [b"", b"not a file of torch", b"PK\x03\x04 nor a zip", b"\x80\x02}q\x00.", b"\x80\x05\x95"]
)
def test_what_is_no_file_of_torch_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ModelError, match=r"^a\.pt (was refused|cannot be read|holds no weights)"):
        starting_weights.read(tmp_path / "a.pt")


@pytest.mark.parametrize("content", [[torch.zeros(3)], {"a": 3}, {}, torch.zeros(2), {"state_dict": {"b": [1, 2]}}])
def test_a_file_without_weights_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ModelError, match=r"holds no weights.*'state_dict' and 'model'"):
        starting_weights.read(saved(tmp_path, content))


def test_a_file_of_another_network_is_a_failure_that_says_so(tmp_path: Path, batch_normed: Any) -> None:
    saved(tmp_path, nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).state_dict())
    messages = run(tmp_path)
    assert outcome(messages).status == "failed"
    assert re.search(r"^Nothing in start\.pt fits the network: the file has 0\.weight, .* the network scale, ",
                     outcome(messages).reason or "")  # fmt: skip


def test_a_path_is_one_inside_the_models_folder(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (folder / "sub").mkdir(parents=True)
    saved(folder / "sub", {}, "a.pth")
    (folder / "link.pt").symlink_to(folder / "sub" / "a.pth")
    assert weight_files.resolve("sub/a.pth", folder) == (folder / "sub" / "a.pth").resolve()
    assert weight_files.resolve("link.pt", folder) == (folder / "sub" / "a.pth").resolve()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../secret.pt", "without '..'"),
        ("sub/../../secret.pt", "without '..'"),
        ("{tmp}/secret.pt", "inside the models folder"),
        ("out.pt", "link that leads outside"),
        ("outer/secret.pt", "link that leads outside"),
        ("none.pt", "does not exist.*it holds loop.pt, out.pt, sub/a.pth"),
        ("sub", "must end in .pt, .pth, .ckpt"),
        ("sub/a.npz", "must end in"),
        ("folder.pt", "does not exist"),
        ("a\0b.pt", "cannot be opened|does not exist"),
        ("a" * 300 + ".pt", "cannot be opened|does not exist"),
        ("loop.pt", "cannot be opened|does not exist"),
    ],
)
def test_every_other_path_is_refused(tmp_path: Path, name: str, words: str) -> None:
    folder = tmp_path / "models"
    (folder / "sub").mkdir(parents=True)
    saved(folder / "sub", {}, "a.pth")
    saved(tmp_path, {}, "secret.pt")
    (folder / "out.pt").symlink_to(tmp_path / "secret.pt")
    (folder / "outer").symlink_to(tmp_path)
    (folder / "loop.pt").symlink_to(folder / "loop.pt")
    if name == "folder.pt":
        (folder / name).mkdir()
    with pytest.raises(SourceError, match=words) as refused:
        weight_files.resolve(name.replace("{tmp}", str(tmp_path)), folder)
    assert refused.value.field == "model.weights_file"


def test_without_a_folder_the_cure_is_to_put_the_file_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"does not exist in the models folder \\({tmp_path}/none\\); put the file"):
        weight_files.resolve("a.pt", tmp_path / "none")


def test_files_too_large_are_refused_packed_ones_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_files, "MAX_BYTES", 100_000)
    (tmp_path / "large.pt").write_bytes(bytes(100_001))
    with zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(100_001))
    assert (tmp_path / "packed.pt").stat().st_size < 1000
    with pytest.raises(SourceError, match="keep only weights in it"):
        weight_files.resolve("large.pt", tmp_path)
    with pytest.raises(SourceError, match="keep only weights in it"):
        starting_weights.read(weight_files.resolve("packed.pt", tmp_path))
