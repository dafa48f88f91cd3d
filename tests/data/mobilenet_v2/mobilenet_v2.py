#!/usr/bin/env python3
"""Writes mobilenet_v2.json: what PyTorch computes for Keras' MobileNetV2(alpha=0.5) with weights and a picture made by a formula.

    python3 mobilenet_v2.py > mobilenet_v2.json        (PyTorch 2.x)

The layers are those that `keras.applications.MobileNetV2(input_shape=(64, 128, 3), alpha=0.5, weights=None, classes=3)` lists:
channels are multiples of 8 and at least 8, batch norms have an epsilon of 1e-3, activations are ReLU6, and at stride 2 an even map is
padded by a row below and a column on the right only. Keras counts 706,224 numbers without the dense layer, running statistics of
the batch norms among them.

Every number is `2 * x / 2**32 - 1` of x = (idx * 2654435761 + 40503 * tensor_idx) mod 2**32, times a bound; so no weights need to
be stored.
"""
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

N_FRAMES, N_BANDS, N_CLASSES, STARTS = 64, 128, 3, [0, 5, 6]


def numbers(shape, tensor_idx):
    n = int(np.prod(shape))
    x = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(40503 * tensor_idx)) % np.uint64(2**32)
    return torch.from_numpy((x.astype(np.float64) * (2 / 2**32) - 1).astype(np.float32)).reshape(shape)


def divisible(channels):
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class Layer(nn.Module):
    """Convolution, batch norm, and ReLU6 where there is one."""

    def __init__(self, i, o, kernel=1, stride=1, groups=1, activated=True):
        super().__init__()
        self.conv = nn.Conv2d(i, o, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(o, eps=1e-3)
        self.activated = activated

    def forward(self, x):
        kernel, stride = self.conv.kernel_size[0], self.conv.stride[0]
        pads = []
        for size in (x.shape[3], x.shape[2]):
            # TensorFlow's "same": what is needed for ceil(size / stride) outputs, the odd one at the end.
            needed = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [needed // 2, needed - needed // 2]
        x = self.norm(self.conv(F.pad(x, pads)))
        return F.relu6(x) if self.activated else x


class Bottleneck(nn.Module):
    def __init__(self, i, o, stride, expansion):
        super().__init__()
        wide = i * expansion
        layers = [Layer(i, wide)] if expansion > 1 else []
        layers += [Layer(wide, wide, 3, stride, wide), Layer(wide, o, activated=False)]
        self.layers = nn.Sequential(*layers)
        self.has_residual = stride == 1 and i == o

    def forward(self, x):
        return x + self.layers(x) if self.has_residual else self.layers(x)


layers, channels = [Layer(3, divisible(32 * 0.5), 3, 2)], divisible(32 * 0.5)
for t, c, n, s in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
    for repeat in range(n):
        layers.append(Bottleneck(channels, divisible(c * 0.5), s if repeat == 0 else 1, t))
        channels = divisible(c * 0.5)
layers.append(Layer(channels, 1280))
features = nn.Sequential(*layers).eval()
head = nn.Linear(1280, N_CLASSES)

with torch.no_grad():
    tensors = [item for item in features.state_dict().items() if not item[0].endswith("num_batches_tracked")]
    n_without_head = sum(tensor.numel() for _, tensor in tensors)
    tensors += list(head.state_dict().items())
    for idx, (name, tensor) in enumerate(tensors):
        values = numbers(tuple(tensor.shape), idx)
        if tensor.dim() == 4:
            values = values * 1.2 * (6 / tensor[0].numel()) ** 0.5
        elif tensor.dim() == 2:
            values = values * 0.2
        elif name.endswith("running_var"):
            values = 1.2 + 0.4 * values
        elif name.endswith("norm.weight"):
            values = 1.0 + 0.1 * values
        else:
            values = 0.1 * values
        tensor.copy_(values)
    picture = 2.0 * numbers((N_FRAMES + max(STARTS), N_BANDS), len(tensors))
    segments = torch.stack([picture[start:start + N_FRAMES] for start in STARTS])
    maps = features(segments[:, None].repeat(1, 3, 1, 1))
    embeddings = maps.mean((2, 3))
    probabilities = torch.softmax(head(embeddings).double(), 1)

print(json.dumps({
    "torch": torch.__version__,
    "n_without_head": n_without_head,
    "starts": STARTS,
    # Every 13th number of each embedding.
    "embeddings": [[float(x) for x in embedding[::13]] for embedding in embeddings],
    "probabilities": probabilities.tolist(),
}))
