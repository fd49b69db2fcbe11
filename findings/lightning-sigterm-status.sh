#!/usr/bin/env bash
set -euo pipefail
# Versions: pytorch-lightning 2.6.6, torch 2.13.0
# One would guess: a training that is told to end by SIGTERM ends with a status that says so, 143 or at least not 0, or it
#   writes a checkpoint of where it was.
# Seen: the process ends with status 0, as if it were done, and writes no checkpoint of the interrupted epoch. Lightning
#   raises a SystemExit without a code; what stands after `fit` is not reached.
# Cost: a supervisor that believed the status recorded interrupted trainings as completed. Put your own handler in place
#   when the training starts, and believe a message that the training sends at its end instead of the status.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0
venv/bin/pip install --quiet torch==2.13.0 pytorch-lightning==2.6.6

cat > training.py <<'PYTHON'
import os
import signal

import torch
from lightning_fabric.plugins.environments import LightningEnvironment
from pytorch_lightning import LightningModule, Trainer
from torch.utils.data import DataLoader, TensorDataset


class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch, index):
        if (self.current_epoch, index) == (1, 2):
            os.kill(os.getpid(), signal.SIGTERM)
        return self.layer(batch[0]).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


trainer = Trainer(
    max_epochs=4,
    accelerator="cpu",
    devices=1,
    plugins=[LightningEnvironment()],
    logger=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(Model(), DataLoader(TensorDataset(torch.ones(8, 1)), batch_size=2))
print("fit returned")
PYTHON
status=0
venv/bin/python training.py > said.txt 2>&1 || status=$?
written=$(find checkpoints -name '*.ckpt' -printf '%f ')
returned=no
if grep --quiet "fit returned" said.txt; then returned=yes; fi
echo "In epoch 1, step 6: status $status, fit returned: $returned, checkpoints: $written"
if [ "$status/$returned/$written" != "0/no/epoch=0-step=4.ckpt " ]; then
    cat said.txt >&2
    echo "Changed: a training that SIGTERM ends has another status, or writes a checkpoint." >&2
    exit 1
fi
