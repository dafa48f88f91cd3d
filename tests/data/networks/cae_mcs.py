#!/usr/bin/env python3
"""Writes cae_mcs.json: what PyTorch computes for CAE-MCS with weights and windows made by a formula.

    python3 cae_mcs.py > cae_mcs.json        (PyTorch 2.x)

Every number is `2 * x / 2**32 - 1` of x = (idx * 2654435761 + 40503 * tensor_idx) mod 2**32, times a bound; so no weights need
to be stored. The layers follow Ribeiro et al. 2020: batch norms with Keras' epsilon, strides over frames and bands.
"""
import json

import numpy as np
import torch
from torch import nn

EPSILON = 1e-3


def numbers(shape, tensor_idx):
    n = int(np.prod(shape))
    x = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(40503 * tensor_idx)) % np.uint64(2**32)
    return torch.from_numpy((x.astype(np.float64) * (2 / 2**32) - 1).astype(np.float32)).reshape(shape)


def down(i, o, kernel, stride):
    return [nn.Conv2d(i, o, kernel, stride, kernel // 2), nn.BatchNorm2d(o, eps=EPSILON), nn.ReLU()]


def up(i, o, kernel, stride, last=False):
    layer = nn.ConvTranspose2d(i, o, kernel, stride, kernel // 2, tuple(s - 1 for s in stride))
    return [layer] if last else [layer, nn.BatchNorm2d(o, eps=EPSILON), nn.ReLU()]


network = nn.Sequential(
    *down(1, 32, 5, (1, 2)), *down(32, 64, 5, (1, 2)), *down(64, 128, 5, (2, 2)), *down(128, 256, 3, (2, 2)),
    *down(256, 512, 3, (2, 2)), nn.Conv2d(512, 40, 4), nn.Flatten(), nn.Linear(40, 8192), nn.Unflatten(1, (512, 4, 4)),
    *up(512, 256, 3, (2, 2)), *up(256, 128, 3, (2, 2)), *up(128, 64, 5, (2, 2)), *up(64, 32, 5, (1, 2)),
    *up(32, 1, 5, (1, 2), last=True)).eval()

with torch.no_grad():
    tensors = [tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")]
    kinds = [name.split(".")[1] for name in network.state_dict() if not name.endswith("num_batches_tracked")]
    for idx, (kind, tensor) in enumerate(zip(kinds, tensors)):
        values = numbers(tuple(tensor.shape), idx)
        if tensor.dim() > 1:
            values = values * (6 / (tensor[0].numel() + tensor[:, 0].numel())) ** 0.5
        elif kind == "running_var":
            # Below 1, so that windows still differ behind the code.
            values = 0.1 + 0.04 * (values + 1)
        else:
            values = (1.0 if kind == "weight" else 0.0) + 0.1 * values
        tensor.copy_(values)
    windows = numbers((3, 1, 32, 128), len(tensors))
    redrawn = network(windows)

print(json.dumps({
    "torch": torch.__version__,
    "n_parameters": sum(p.numel() for p in network.parameters()),
    "mean_squared_errors": [float(e) for e in (redrawn - windows).double().square().mean((1, 2, 3))],
    # Every 61st number of each reconstruction.
    "reconstructions": [[float(x) for x in window.flatten()[::61]] for window in redrawn],
}))
