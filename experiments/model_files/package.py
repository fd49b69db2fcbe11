"""A model file with a script and a text for people who have never heard of this server, as one zip."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from string import Template
from typing import Any

from experiments.model_files.file_names import SUFFIXES, name_of
from experiments.models import ModelJob
from runs.api.run_archive import Outlet
from runs.files.local_files import Content
from runs.models import Run

SHIPPED = Path(__file__).parent / "shipped"
SCRIPT, TEXT = "predict.py", "README.txt"
_MODES = 0o644 << 16
_ONNX = SUFFIXES["onnx"]


def script_of(kind: str) -> str:
    """Return the script that scores images, or rows of a table; kind: `image` or `table`."""
    return (SHIPPED / ("predict_rows.py" if kind == "table" else "predict_images.py")).read_text()


def text_of(job: ModelJob, run: Run, sha256: str) -> str:
    """Return the text for the user of the file."""
    name, result = name_of(job), job.result or {}
    template = Template((SHIPPED / TEXT).read_text())
    return template.substitute(
        name=name,
        underline="=" * len(name),
        product="Livetrain",
        run=run.pk,
        run_name=run.experiment_name,
        attempt=job.options["decides_by"]["attempt"],
        sha256=sha256,
        licence=job.options["licence"],
        samples=result["samples"],
        deviation=f"{result['deviation']:.1g}",
        **_usage(name, result["kind"]),
    )


def extras(job: ModelJob, run: Run, sha256: str) -> Mapping[str, str]:
    """Return the texts that lie beside the file, by name; the script reads ONNX files alone."""
    text = {TEXT: text_of(job, run, sha256)}
    return text | ({SCRIPT: script_of((job.result or {})["kind"])} if name_of(job).endswith(_ONNX) else {})


class PackageStream:
    """The zip as ASGI streams it: memory holds one piece of the model."""

    def __init__(self, name: str, model: Content, texts: Mapping[str, str]) -> None:
        self._name, self._model, self._texts = name, model, texts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the zip piece by piece."""
        outlet = Outlet()
        folder = Path(self._name).stem
        archive = zipfile.ZipFile(outlet, "w")
        for name, text in self._texts.items():
            archive.writestr(_entry(f"{folder}/{name}"), text)
        with archive.open(_entry(f"{folder}/{self._name}"), "w", force_zip64=True) as member:
            async for chunk in self._model:
                await asyncio.to_thread(member.write, chunk)
                yield outlet.taken()
        archive.close()
        yield outlet.taken()

    def close(self) -> None:
        """Close the model's file."""
        self._model.close()


def write(path: Path, name: str, model: Path, texts: Mapping[str, str]) -> None:
    """Write the same as a file. Raises OSError."""
    with zipfile.ZipFile(path, "w") as archive:
        for other, text in texts.items():
            archive.writestr(_entry(f"{Path(name).stem}/{other}"), text)
        archive.write(model, f"{Path(name).stem}/{name}")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = _MODES
    return entry


def _usage(name: str, kind: str) -> dict[str, Any]:
    sample = "row" if kind == "table" else "image"
    if not name.endswith(_ONNX):
        return {
            "script_words": "(not part of this archive: it reads ONNX files)",
            "usage": f'  model = torch.export.load("{name}").module(); model(inputs) returns the outputs by name.',
            "sample": sample,
            "metadata": f'  extra = {{"metadata.json": ""}}; torch.export.load("{name}", extra_files=extra)',
        }
    given, needs = ("ROWS.csv", "") if kind == "table" else ("IMAGE …", " pillow")
    return {
        "script_words": f"A script of some twenty lines that scores {sample}s by it.",
        "usage": f"  pip install onnxruntime numpy{needs}\n  python predict.py {name} {given}",
        "sample": sample,
        "metadata": f'  onnxruntime.InferenceSession("{name}").get_modelmeta().custom_metadata_map',
    }
