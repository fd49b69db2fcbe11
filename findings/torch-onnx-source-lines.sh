#!/usr/bin/env bash
set -euo pipefail
# Version: torch 2.13.0 (on the CPU), onnx 1.23.2, onnxscript 0.7.2
# One would guess: an ONNX file that `torch.onnx.export(dynamo=True)` writes holds the network and nothing of the machine.
# Seen: the metadata of each node quote the lines of source code that led to it, each with the absolute path of its file:
#   the folders of the server, and in a home folder the name of its user, in a file that is made to be given away. `verbose`
#   and `report` change nothing of it, and there is no option that leaves it out.
# Cost: model files for strangers told where they were made, and that of a very small network was more than twice as large.
#   Clear `metadata_props` of all nodes and values of `program.model` before it is saved.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2

cat > finding.py <<'PYTHON'
import sys
from pathlib import Path

import torch

network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 1))


class Scores(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.network = network

    def forward(self, images):
        return torch.sigmoid(self.network(images / 127.5 - 1))


def written(name, clear):
    program = torch.onnx.export(Scores().eval(), (torch.zeros(2, 1, 8, 8),), dynamo=True, verbose=False)
    if clear:
        for node in program.model.graph.all_nodes():
            node.metadata_props.clear()
    program.save(name)
    return Path(name).read_bytes()


here = str(Path(__file__).resolve().parent).encode()
plain, cleared = written("plain.onnx", False), written("cleared.onnx", True)
for name, content in (("as it is", plain), ("cleared", cleared)):
    print(f"{name}: {content.count(here)} times the folder of this script in {len(content)} bytes")
if not plain.count(here):
    sys.exit("Changed: the file no longer quotes the lines of this script.")
PYTHON
venv/bin/python -W ignore "$folder/finding.py"
