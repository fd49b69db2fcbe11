"""How long the prediction of one image takes in the process that keeps a model, and over REST.

Default networks are trained for an epoch on small synthetic images. Then the same files are predicted in turn by the
function that answers a request there, with the run's ONNX file and without, and by onnxruntime alone with Pillow:
decoded, resized, scaled, run, in the same process with one thread each. Last, the same file is sent over REST to a real
server, whose process is warm and has no ONNX file.

Needs the extra `onnx`.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 200
NETWORKS = {28: (28,), 96: (96, 512, 1024)}
"""The pixels that a network gets -> those of the files, on a side."""


def main() -> None:
    home = Path(tempfile.mkdtemp())
    os.environ |= {"DJANGO_SETTINGS_MODULE": "project.settings", "LIVETRAIN_HOME": str(home / "home")}
    import django  # noqa: PLC0415

    django.setup()
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    for side, sides in NETWORKS.items():
        run = _stored_run(home / str(side), side)
        _beside_onnx(run, sides, home / str(side))
    _over_rest(run, _files(sides), home)


def _beside_onnx(run: Any, sides: tuple[int, ...], home: Path) -> None:
    """Predict the same files in turn."""
    from experiments.trained_models.sources import source_of  # noqa: PLC0415
    from experiments.training.prediction import trained_model  # noqa: PLC0415

    plain = trained_model.load(source_of(run))
    quick = _with_onnx_file(plain, run, home / "model.onnx")
    session = _session(plain, home / "network.onnx")
    for name, content in _files(sides).items():
        ways = (lambda: _ours(quick, content), lambda: _ours(plain, content), lambda: _onnx(session, plain, content))  # noqa: B023
        ours, by_torch, onnx = (1e3 * seconds for seconds in _in_turn(*ways))
        print(
            f"{name} -> {plain.input_shape[-1]}: {ours:.2f} ms with the ONNX file, {by_torch:.2f} without; onnxruntime "
            f"alone {onnx:.2f} ms; ratio {ours / onnx:.2f} with, {by_torch / onnx:.2f} without"
        )


def _with_onnx_file(model: Any, run: Any, path: Path) -> Any:
    """Write the run's model file as a worker does, and load the model as the process does that keeps one."""
    import msgspec  # noqa: PLC0415

    from experiments.model_files import run_facts  # noqa: PLC0415
    from experiments.training.exporting import building  # noqa: PLC0415
    from experiments.training.prediction import trained_model  # noqa: PLC0415

    building.write(model, run_facts.facts_of(run, "none"), "onnx", path, lambda _text: None)
    found = trained_model.load(msgspec.structs.replace(model.source, onnx_file=str(path)))
    found.prefer_onnx()
    return found


def _files(sides: tuple[int, ...]) -> dict[str, bytes]:
    return {f"{side} x {side} {kind}": _image(side, kind) for side in sides for kind in ("PNG", "JPEG")}


def _stored_run(home: Path, side: int) -> Any:
    """Train on images of that size, and store the run as the server would."""
    import numpy as np  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    from tests.experiments.predictions.trained_runs import run_of, trained  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    noise = np.random.default_rng(7)
    for number, name in enumerate(("dark", "light")):
        folder = home / "data" / name
        folder.mkdir(parents=True)
        for at in range(20):
            pixels = noise.normal(90 + 60 * number, 25, (side, side)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{name[0]}{at}.png")
    (home / "training").mkdir()
    found = trained(home / "data", home / "training", model={"positive_class": "light"})
    return run_of(found, User.objects.create_superuser(f"ada{side}"))


def _session(model: Any, path: Path) -> Any:
    import onnxruntime  # noqa: PLC0415
    import torch  # noqa: PLC0415

    example = torch.zeros(1, *model.input_shape)
    torch.onnx.export(model.module, (example,), str(path), dynamo=True, external_data=False, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _image(side: int, kind: str) -> bytes:
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    content = io.BytesIO()
    smooth = np.random.default_rng(7).normal(120, 40, (16, 16)).clip(0, 255).astype(np.uint8)
    Image.fromarray(smooth).resize((side, side), Image.Resampling.BICUBIC).save(content, kind)
    return content.getvalue()


def _ours(model: Any, content: bytes) -> float:
    from experiments.training.prediction.serving import item_scores  # noqa: PLC0415
    from experiments.training.prediction.serving.messages import UploadedFile  # noqa: PLC0415

    [item] = item_scores.of_images(model, [UploadedFile("a.png", content)])
    assert item.logit is not None, item.problem
    return item.logit


def _onnx(session: Any, model: Any, content: bytes) -> float:
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    channels, side, _ = model.input_shape
    image = Image.open(io.BytesIO(content)).convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), np.float32)
    batch = (pixels.reshape(side, side, channels).transpose(2, 0, 1) / 127.5 - 1)[None]
    [found] = session.run(None, {session.get_inputs()[0].name: batch})
    return float(np.ravel(found)[0])


def _in_turn(*ways: Callable[[], float]) -> list[float]:
    """Return the median seconds of each way; they take turns, so that a busy moment meets all."""
    for way in ways:
        way()
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, seconds in zip(ways, taken, strict=True):
            began = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds) for seconds in taken]


def _over_rest(run: Any, files: dict[str, bytes], home: Path) -> None:
    """Send the same files to a server of its own over a connection each, as a script would."""
    from tests.tokens import new_token  # noqa: PLC0415

    token = new_token(run.owner)
    port = "18799"
    log = (home / "server.log").open("wb")
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", port, "project.asgi:application"]
    server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}/api/runs/{run.pk}/predict/"
        _send(address, token, files[next(iter(files))])
        for name, content in files.items():
            [seconds] = _in_turn(lambda: _send(address, token, content))  # noqa: B023
            print(f"{name} over REST, warm: {1e3 * seconds:.1f} ms")
    finally:
        server.terminate()
        server.wait()


def _send(address: str, token: str, content: bytes) -> float:
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    headers = {"Authorization": f"Token {token}", "Content-Type": "multipart/form-data; boundary=b"}
    asked = urllib.request.Request(address, head + content + b"\r\n--b--\r\n", headers)
    until = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(asked) as answer:
                return float(json.load(answer)["items"][0]["logit"])
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > until:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
