"""Custom networks: the example in docs/how-to/own-network.md, by setting and by entry point, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from experiments.training.callbacks.step_contract import fault
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.reports import Job, Message, Note
from experiments.training.models.spec import Blueprint, NetworkSpec, Options
from runs.events import FinalStats, TrainingStart
from tests.experiments.training.batch_normed import SmallImages
from tests.experiments.training.trainings import Network, SmallData, carry_out, job_of, of_type, outcome
from tests.installation import ROOT
from tests.prepared_home import prepared

DOCUMENT = (ROOT / "docs" / "how-to" / "own-network.md").read_text()
PATHS = ["wards.networks:PYRAMID", "wards.networks:LOGISTIC"]


def example(folder: Path, *, entry_points: bool = False) -> Path:
    """Write the document's files; with `entry_points` as `pip` would have installed them."""
    files = re.findall(r"```python\n# file: (\S+)\n(.*?)```", DOCUMENT, re.DOTALL)
    assert [name for name, _ in files] == ["wards/networks.py", "wards/building.py"]
    for name, text in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if entry_points:
        [block] = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
        lines = block.replace('[project.entry-points."livetrain.models"]', "[livetrain.models]").replace('"', "")
        information = folder / "wards-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: wards\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(lines)
    return folder


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make a folder that Python finds modules in, nothing of which is known yet."""
    monkeypatch.setattr(network_catalogue, "_added", {})
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "wards"]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def run(folder: Path, model: dict[str, Any], networks: list[str], **groups: Any) -> list[Message]:
    network_catalogue.install(networks)
    made = job_of(folder / "7", model=model, trainer={"max_epochs": 1}, **groups)
    own = {"networks": networks, "models_dir": str(folder)}
    job = Job(**{name: getattr(made, name) for name in made.__struct_fields__} | own)
    return carry_out(job, data=None if "source_path" in groups else SmallImages())


@pytest.mark.parametrize(("name", "by_entry_point"), [("pyramid", False), ("logistic", True)])
def test_the_documented_networks_train(fresh: Path, name: str, by_entry_point: bool) -> None:
    example(fresh, entry_points=by_entry_point)
    messages = run(fresh, {"name": name}, [] if by_entry_point else PATHS)
    assert outcome(messages).status == "completed", outcome(messages).reason
    [start] = of_type(messages, TrainingStart)
    pyramid = (8 * 9 + 8) + 2 * (8 * 8 * 9 + 8 + 16) + 9
    assert (start.model.name, start.model.parameters) == (name, pyramid if name == "pyramid" else 8 * 8 + 1)
    assert of_type(messages, FinalStats)


def test_the_documented_request_is_valid_and_its_option_reaches_the_network(fresh: Path) -> None:
    example(fresh)
    [body] = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    asked = json.loads(body)
    model, source = asked["model"] | {"trainable": "head"}, asked["source_path"]
    messages = run(fresh, model, PATHS, source_path=source, data={"batch_size": 512})
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert of_type(messages, TrainingStart)[0].model.trainable == 17


def test_a_whole_module_takes_starting_weights_too(fresh: Path) -> None:
    example(fresh)
    torch.save({"state_dict": {"scores.weight": torch.full((1, 64), 0.25)}}, fresh / "a.ckpt")
    messages = run(fresh, {"name": "logistic", "weights_file": "a.ckpt"}, PATHS, optimizer={"learning_rate": 1e-12})
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert "1 of the network's 2 tensors" in of_type(messages, Note)[0].text
    trained = torch.load(fresh / "7" / "checkpoints" / "a1" / "epoch0000.ckpt", weights_only=True)["state_dict"]
    torch.testing.assert_close(trained["scores.weight"], torch.full((1, 64), 0.25))


def test_the_table_of_fields_is_complete() -> None:
    rows = re.findall(r"^\| (`.*?) \|", DOCUMENT, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(NetworkSpec.__dataclass_fields__)


def test_a_network_of_the_setting_reaches_a_real_training_process(tmp_path: Path) -> None:
    """Through the environment, the settings, the job and the fork server."""
    request = {
        "experiment_name": "own",
        "source_path": "builtin:digits-is-8",
        "data": {"batch_size": 256},
        "model": {"name": "pyramid", "options": {"depth": 1}},
        "trainer": {"max_epochs": 1},
    }
    (tmp_path / "request.json").write_text(json.dumps(request))
    paths = os.pathsep.join([str(example(tmp_path / "site")), *filter(None, [os.environ.get("PYTHONPATH")])])
    installation = prepared(tmp_path / "home", PYTHONPATH=paths, LIVETRAIN_MODELS=",".join(PATHS))
    assert "Run 1 completed" in installation.manage("train", str(tmp_path / "request.json"))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("wards.nothing:SPEC", "^wards.nothing:SPEC: ModuleNotFoundError: No module named 'wards'"),
        ("json:dumps", "^json:dumps: TypeError: "),
        ("json:nothing", "^json:nothing: AttributeError: module 'json' has no attribute 'nothing'"),
        ("os:getcwd", "^os:getcwd is neither a NetworkSpec nor a function that returns one"),
    ],
)
def test_a_path_that_leads_to_no_network_is_named(fresh: Path, path: str, words: str) -> None:
    with pytest.raises(network_catalogue.CatalogueError, match=words):
        network_catalogue.install([path])


def test_a_function_may_give_the_description(fresh: Path) -> None:
    example(fresh)
    with (fresh / "wards" / "networks.py").open("a") as file:
        file.write("\n\ndef made() -> NetworkSpec:\n    return PYRAMID\n")
    network_catalogue.install(["wards.networks:made"])
    assert network_catalogue.find("pyramid").title == "Pyramid"


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ("wards.networks.SPEC", r"LIVETRAIN_MODELS='wards.networks.SPEC': expected package.module:SPEC"),
        (
            "heavy:SPEC",
            r"LIVETRAIN_MODELS or entry point\): heavy:SPEC: importing it loads torch, which the server must",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path, models: str, words: str) -> None:
    (tmp_path / "torch.py").write_text("")  # instead of the real one, which takes seconds
    (tmp_path / "heavy.py").write_text(
        "import torch\nfrom experiments.training.models.spec import NetworkSpec\n"
        "SPEC = NetworkSpec(name='heavy', title='', description='', factory='a:b')\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVETRAIN_")}
    own = {"LIVETRAIN_HOME": str(tmp_path / "home"), "LIVETRAIN_MODELS": models, "PYTHONPATH": str(tmp_path)}
    script = "import django; django.setup()"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=kept | own, capture_output=True, text=True, check=False
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured")
    assert re.search(words, last), last


class Wrong(Network):
    """A module that breaks the contract in the step and the way that is set."""

    broken, result = "training_step", staticmethod(lambda outputs: outputs)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        outputs = super().training_step(batch, batch_idx)
        return self.result(outputs) if self.broken == "training_step" else outputs

    def validation_step(self, batch: Any, batch_idx: int) -> Any:
        outputs = super().validation_step(batch, batch_idx)
        return self.result(outputs) if self.broken == "validation_step" else outputs

    def test_step(self, batch: Any, batch_idx: int) -> Any:
        outputs = super().test_step(batch, batch_idx)
        return self.result(outputs) if self.broken == "test_step" else outputs


@pytest.mark.parametrize("step", ["training_step", "validation_step", "test_step"])
@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda outputs: outputs["loss"], 'return {"loss": …, "logits": …, "target": …}, each a tensor.'),
        (lambda outputs: {"loss": outputs["loss"], "scores": outputs["logits"]}, "with loss, scores; return"),
        (
            lambda outputs: outputs | {"logits": outputs["logits"][:, None]},
            'returned "logits" of shape (16, 1); for 2 classes it must be (16,).',
        ),
    ],
)
def test_a_step_that_returns_something_else_ends_the_run_with_a_sentence(
    tmp_path: Path, step: str, result: Any, words: str
) -> None:
    module = Wrong()
    module.broken, module.result = step, result
    messages = carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 1}), data=SmallData(), model=module)
    reason = outcome(messages).reason or ""
    assert outcome(messages).status == "failed"
    assert reason.startswith(f"Wrong.{step} returned")
    assert words in reason, reason


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (None, "returned a NoneType; return"),
        ({"loss": 1.0, "logits": torch.zeros(4, 3), "target": torch.zeros(4)}, "returned a dict with loss"),
        ({"loss": torch.zeros(4), "logits": torch.zeros(4, 3), "target": torch.zeros(4)}, r'"loss" of shape \(4,\)'),
        ({"loss": torch.zeros(()), "logits": torch.zeros(4), "target": torch.zeros(4)}, r"must be \(4, 3\)"),
        ({"loss": torch.zeros(()), "logits": torch.zeros(4, 3), "target": torch.zeros(4, 3)}, r'"target" of shape'),
        ({"loss": torch.zeros(()), "logits": torch.zeros(4, 3), "target": torch.zeros(4)}, None),
    ],
)
def test_what_a_step_must_return(outputs: Any, words: str | None) -> None:
    found = fault(outputs, samples=4, num_classes=3)
    assert (found is None) if words is None else re.search(words, found or "")


class Bare(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Whole(LightningModule):
    """A class that is not a network."""


def build_bare(plan: Blueprint[Options]) -> nn.Module:
    return Bare()


def build_whole(plan: Blueprint[Options]) -> nn.Module:
    return Whole()


def build_nothing(plan: Blueprint[Options]) -> None:
    return None


@pytest.mark.parametrize(
    ("factory", "builds", "words"),
    [
        ("build_whole", "network", "gave a Whole, but wrong is to build a Module"),
        ("build_bare", "module", "gave a Bare, but wrong is to build a LightningModule"),
        ("build_nothing", "network", "gave a NoneType, but wrong is to build a Module"),
    ],
)
def test_a_factory_that_builds_something_else_ends_the_run_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factory: str, builds: Any, words: str
) -> None:
    spec = NetworkSpec(
        name="wrong", title="", description="", factory=f"{__name__}:{factory}", builds=builds, inputs="any"
    )
    monkeypatch.setattr(network_catalogue, "_added", {"wrong": spec})
    messages = carry_out(job_of(tmp_path / "7", model={"name": "wrong"}), data=SmallData())
    assert outcome(messages).status == "failed"
    assert words in (outcome(messages).reason or "")


def test_a_worker_that_lacks_a_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = NetworkSpec(name="elsewhere", title="", description="", factory="a:b", inputs="any")
    monkeypatch.setattr(network_catalogue, "_added", {"elsewhere": spec})
    job = job_of(tmp_path / "7", model={"name": "elsewhere"})
    monkeypatch.setattr(network_catalogue, "_added", {})
    reason = outcome(carry_out(job, data=SmallData())).reason or ""
    assert reason.startswith("model.name: Value error, 'elsewhere' is unknown; the networks are auto, cnn")
