#!/usr/bin/env bash
set -euo pipefail
# Versions: pytorch-lightning 2.6.6, torch 2.13.0
# One would guess: `Trainer(accelerator="cpu", devices=1)` trains in this one process, wherever the process was started.
# Seen: in a batch job of Slurm with several tasks, of which the process sees SLURM_NTASKS alone, the Trainer cannot even
#   be made: RuntimeError, with the advice to give other options to the job. Lightning looks for a cluster in the
#   environment, whatever number of devices it was told.
# Cost: every training of a worker inside such a job failed. Take the variables out of the training's environment, or
#   pass `plugins=[LightningEnvironment()]`.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0
venv/bin/pip install --quiet torch==2.13.0 pytorch-lightning==2.6.6

cat > finding.py <<'PYTHON'
import os
import sys

for name in [name for name in os.environ if name.startswith("SLURM_")]:
    del os.environ[name]
os.environ["SLURM_NTASKS"] = "2"

from lightning_fabric.plugins.environments import LightningEnvironment
from pytorch_lightning import Trainer


def made(**options):
    try:
        return f"{Trainer(accelerator='cpu', devices=1, logger=False, **options).world_size} process"
    except RuntimeError as error:
        return f"RuntimeError: {error}"


seen = {"plain": made(), "told its environment": made(plugins=[LightningEnvironment()])}
print(seen)
if "--ntasks=2" not in seen["plain"] or seen["told its environment"] != "1 process":
    sys.exit("Changed: SLURM_NTASKS does not keep a Trainer of one device from being made, or nothing mends it.")
PYTHON
venv/bin/python finding.py
