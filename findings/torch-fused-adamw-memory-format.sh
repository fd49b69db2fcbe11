#!/usr/bin/env bash
set -euo pipefail
# Version: torch 2.13.0 (on the CPU)
# One would guess: `AdamW(fused=True)` goes on from the state of a checkpoint as the unfused one does, or refuses it, when
#   the weights have their channels last in memory and the moments of the checkpoint do not: `load_state_dict` and all
#   other operations take tensors of either arrangement.
# Seen: the moments stay as they were loaded, and the fused step pairs them with the weights by their places in memory, not
#   by their indices. No error, no warning; the weights after the next step are others.
# Cost: with a network newly arranged so, a run that went on from an older checkpoint trained with the moments of other
#   weights, and only a comparison showed it. After `load_state_dict`, copy each moment into its parameter's arrangement.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0

cat > finding.py <<'PYTHON'
import copy
import sys

import torch


def trained(fused, convolution, state=None, arranged=False):
    """Train for two steps; return the weights and the optimizer's state."""
    optimizer = torch.optim.AdamW(convolution.parameters(), lr=0.01, fused=fused)
    if state is not None:
        optimizer.load_state_dict(copy.deepcopy(state))
        optimizer.param_groups[0]["fused"] = fused  # the state brings that option, too
    if arranged:
        for weight, moments in optimizer.state.items():
            for name, value in moments.items():
                if value.shape == weight.shape:
                    moments[name] = torch.empty_like(weight, requires_grad=False).copy_(value)
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    for _ in range(2):
        optimizer.zero_grad()
        convolution(images).square().mean().backward()
        optimizer.step()
    return convolution.weight.detach().clone(), optimizer.state_dict()


def contiguous(state):
    """Copy a state as a checkpoint of a network with the common arrangement has it."""
    copied = copy.deepcopy(state)
    for moments in copied["state"].values():
        moments |= {name: value.contiguous() for name, value in moments.items()}
    return copied


torch.manual_seed(0)
first = torch.nn.Conv2d(3, 5, 3, bias=False).to(memory_format=torch.channels_last)
_, state = trained(True, first)
went_on = {
    "fused, the state as it was": trained(True, copy.deepcopy(first), state),
    "unfused, contiguous state": trained(False, copy.deepcopy(first), contiguous(state)),
    "fused, contiguous state": trained(True, copy.deepcopy(first), contiguous(state)),
    "fused, contiguous state, rearranged": trained(True, copy.deepcopy(first), contiguous(state), arranged=True),
}
right = went_on["fused, the state as it was"][0]
far = {name: float((weights - right).abs().max()) for name, (weights, _) in went_on.items()}
for name, difference in far.items():
    print(f"{name}: weights differ by at most {difference:.1e}")
if max(far["unfused, contiguous state"], far["fused, contiguous state, rearranged"]) > 1e-5:
    sys.exit("Changed: contiguous state is not the cause, or to rearrange it does not suffice.")
if far["fused, contiguous state"] < 1e-3:
    sys.exit("Changed: the fused optimizer takes a state of either arrangement.")
PYTHON
venv/bin/python -W ignore finding.py
