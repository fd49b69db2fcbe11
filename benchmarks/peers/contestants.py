"""Who takes part: what is installed for each into an environment of its own, and which driver does its work."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Contestant(NamedTuple):
    """A peer, or ourselves: `requirements` are pip's arguments, none of them means the project's own environment."""

    name: str
    driver: str
    requirements: tuple[str, ...]
    shown: tuple[str, ...]  # packages whose versions the results name


TORCH = ("-r", str(ROOT / "requirements-torch.txt"), "-c", str(ROOT / "constraints.txt"))

PANDAS = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("pandas=="))
"""The one that our client has."""

OURS = Contestant("Livetrain", "livetrain", (), ("Django", "daphne", "msgspec"))
CONTESTANTS = (
    OURS,
    # pandas: what its client reads becomes a DataFrame too.
    Contestant("Trackio", "trackio_store", ("trackio==0.43.0", PANDAS), ("trackio",)),
    Contestant("MLflow", "mlflow_server", ("mlflow==3.17.2",), ("mlflow", "SQLAlchemy")),
    Contestant("TensorBoard", "tensorboard_files", (*TORCH, "tensorboard==2.21.0"), ("tensorboard", "torch")),
    Contestant("CSVLogger", "csv_files", (*TORCH, "pytorch-lightning==2.6.6"), ("pytorch-lightning",)),
)
