"""A model file with a script and a text for people who have never heard of this server, as one zip."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from string import Template
from typing import NamedTuple

from experiments.model_files.file_names import SUFFIXES
from experiments.model_files.run_facts import PRODUCT
from experiments.models import ModelJob
from experiments.training.exporting.file_request import ONNX
from runs.api.run_archive import Outlet
from runs.files.local_files import Content

SHIPPED = Path(__file__).parent / "shipped"
SCRIPT, TEXT = "predict.py", "README.txt"
TABLE = "table"
_SCRIPTS = {TABLE: "predict_rows.py", "image": "predict_images.py"}
_SEEN_BY_ALL = 0o644 << 16
_NO_SCRIPT = "There is no script here: it reads ONNX files."


class About(NamedTuple):
    """What the text says of a file: of which run it is, and how it was verified; `kind` is `image` or `table`."""

    run_id: int
    run_name: str
    attempt: int
    licence: str
    kind: str
    samples: int
    deviation: float


def about(job: ModelJob) -> About:
    """Return what a job's result and options say."""
    result = job.result or {}
    facts = (result[name] for name in ("kind", "samples", "deviation"))
    attempt = job.options["decides_by"]["attempt"]
    return About(job.run_id, job.run.experiment_name, attempt, job.options["licence"], *facts)


def script_of(kind: str) -> str:
    """Return the script that scores images, or rows of a table."""
    return (SHIPPED / _SCRIPTS[kind]).read_text()


def texts(name: str, about: About, sha256: str) -> Mapping[str, str]:
    """Return the texts that lie beside the file of that name; the script reads ONNX files alone."""
    is_onnx = name.endswith(SUFFIXES[ONNX])
    usage, metadata = _use_of_onnx(name, about.kind) if is_onnx else _use_of_torch(name)
    template = Template((SHIPPED / TEXT).read_text())
    text = template.substitute(
        about._asdict() | {"deviation": f"{about.deviation:.1g}"},
        name=name,
        underline="=" * len(name),
        product=PRODUCT,
        sha256=sha256,
        sample="row" if about.kind == TABLE else "image",
        script="predict.py\n      A script of some twenty lines that scores by it." if is_onnx else _NO_SCRIPT,
        usage=usage,
        metadata=metadata,
    )
    return {TEXT: text} | ({SCRIPT: script_of(about.kind)} if is_onnx else {})


class PackageStream:
    """The zip as ASGI streams it: memory holds one piece of the model."""

    def __init__(self, name: str, model: Content, texts: Mapping[str, str]) -> None:
        self._name, self._model, self._texts = name, model, texts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the zip piece by piece."""
        outlet = Outlet()
        archive = zipfile.ZipFile(outlet, "w")
        _add_texts(archive, self._name, self._texts)
        with archive.open(_entry(self._name, self._name), "w", force_zip64=True) as member:
            async for chunk in self._model:
                await asyncio.to_thread(member.write, chunk)
                yield outlet.taken()
        archive.close()
        yield outlet.taken()

    def close(self) -> None:
        """Close the model's file."""
        self._model.close()


def write(path: Path, model: Path, texts: Mapping[str, str]) -> None:
    """Write the same as a file. Raises OSError."""
    with zipfile.ZipFile(path, "w") as archive:
        _add_texts(archive, model.name, texts)
        with model.open("rb") as file, archive.open(_entry(model.name, model.name), "w", force_zip64=True) as member:
            while chunk := file.read(1 << 20):
                member.write(chunk)


def _add_texts(archive: zipfile.ZipFile, name: str, texts: Mapping[str, str]) -> None:
    for own, text in texts.items():
        archive.writestr(_entry(name, own), text)


def _entry(model: str, name: str) -> zipfile.ZipInfo:
    """Describe a file in a folder that is named after the model."""
    entry = zipfile.ZipInfo(f"{Path(model).stem}/{name}")
    entry.external_attr = _SEEN_BY_ALL
    return entry


def _use_of_onnx(name: str, kind: str) -> tuple[str, str]:
    given, needed = ("ROWS.csv", "numpy") if kind == TABLE else ("IMAGE …", "numpy pillow")
    return (
        f"  pip install onnxruntime {needed}\n  python predict.py {name} {given}",
        f'  onnxruntime.InferenceSession("{name}").get_modelmeta().custom_metadata_map',
    )


def _use_of_torch(name: str) -> tuple[str, str]:
    return (
        f'  model = torch.export.load("{name}").module()\n  outputs = model(inputs)  # by name',
        f'  extra = {{"metadata.json": ""}}; torch.export.load("{name}", extra_files=extra)',
    )
