#!/usr/bin/env python3
"""Writes stgram_mfn.json: what PyTorch computes for STgram-MFN with weights and a clip made by a formula.

    python3 stgram_mfn.py > stgram_mfn.json        (PyTorch 2.x)

The layers are those that the attribute classifier of Guan et al. (2022) lists, for a clip of one second: 33 frames, so that layer
norms are over 33 and the global kernel is 8 x 3. Counted are the trainable numbers for 10 s (313 frames, 8 x 20) too.

Every number is `2 * x / 2**32 - 1` of x = (idx * 2654435761 + 40503 * tensor_idx) mod 2**32, times a bound; so no weights need to
be stored.
"""
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

N_BANDS, N_CLASSES, N_ATTRIBUTES = 128, 3, 2


def numbers(shape, tensor_idx):
    n = int(np.prod(shape))
    x = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(40503 * tensor_idx)) % np.uint64(2**32)
    return torch.from_numpy((x.astype(np.float64) * (2 / 2**32) - 1).astype(np.float32)).reshape(shape)


class WaveformLayer(nn.Module):
    def __init__(self, n_frames):
        super().__init__()
        self.norm = nn.LayerNorm(n_frames)
        self.conv = nn.Conv1d(N_BANDS, N_BANDS, 3, 1, 1, bias=False)

    def forward(self, x):
        return self.conv(F.leaky_relu(self.norm(x), 0.2))


class ConvBlock(nn.Module):
    def __init__(self, i, o, kernel, stride, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(o)
        self.activation = nn.PReLU(o)

    def forward(self, x):
        return self.activation(self.norm(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, i, t, o, stride):
        super().__init__()
        self.expand = ConvBlock(i, t * i, 1, 1)
        self.depthwise = ConvBlock(t * i, t * i, 3, stride, t * i)
        self.project = nn.Conv2d(t * i, o, 1, bias=False)
        self.norm = nn.BatchNorm2d(o)
        self.has_residual = stride == 1 and i == o

    def forward(self, x):
        y = self.norm(self.project(self.depthwise(self.expand(x))))
        return x + y if self.has_residual else y


class Network(nn.Module):
    def __init__(self, n_frames):
        super().__init__()
        self.first = nn.Conv1d(1, N_BANDS, 1024, 512, 512, bias=False)
        self.waveform = nn.Sequential(*[WaveformLayer(n_frames) for _ in range(3)])
        self.stem = ConvBlock(2, 64, 3, 2)
        self.depthwise = ConvBlock(64, 64, 3, 1, 64)
        blocks, channels = [], 64
        for t, c, n, s in [(2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)]:
            for repeat in range(n):
                blocks.append(Bottleneck(channels, t, c, s if repeat == 0 else 1))
                channels = c
        self.bottlenecks = nn.Sequential(*blocks)
        self.widen = ConvBlock(128, 512, 1, 1)
        self.global_ = nn.Conv2d(512, 512, (8, -(-n_frames // 16)), groups=512, bias=False)
        self.global_norm = nn.BatchNorm2d(512)
        self.narrow = nn.Conv2d(512, 128, 1, bias=False)
        self.narrow_norm = nn.BatchNorm2d(128)
        self.head = nn.Linear(128, N_CLASSES)
        self.attributes = nn.Linear(128, N_ATTRIBUTES)

    def forward(self, log_mel, samples):
        waveform = self.waveform(self.first(samples[:, None]))
        x = torch.stack([log_mel, waveform], 1)
        x = self.widen(self.bottlenecks(self.depthwise(self.stem(x))))
        x = self.narrow_norm(self.narrow(self.global_norm(self.global_(x))))
        embedding = x.flatten(1)
        return embedding, self.head(embedding)


def n_parameters(n_frames):
    return sum(p.numel() for p in Network(n_frames).parameters())


N_SAMPLES = 16_400
N_FRAMES = N_SAMPLES // 512 + 1
network = Network(N_FRAMES).eval()
with torch.no_grad():
    tensors = [item for item in network.state_dict().items() if not item[0].endswith("num_batches_tracked")]
    for idx, (name, tensor) in enumerate(tensors):
        values = numbers(tuple(tensor.shape), idx)
        if tensor.dim() > 1:
            values = values * (6 / tensor[0].numel()) ** 0.5
        elif name.endswith("running_var"):
            values = 1.2 + 0.4 * values
        elif name.endswith("activation.weight"):
            values = 0.25 + 0.1 * values
        elif name.endswith("norm.weight"):
            values = 1.0 + 0.1 * values
        else:
            values = 0.1 * values
        tensor.copy_(values)
    # As an example lies in memory: the levels frame by frame, then the samples.
    example = numbers((N_FRAMES * N_BANDS + N_SAMPLES,), len(tensors))
    log_mel = example[:N_FRAMES * N_BANDS].reshape(1, N_FRAMES, N_BANDS).transpose(1, 2)
    embedding, logits = network(log_mel, example[None, N_FRAMES * N_BANDS:])

print(json.dumps({
    "torch": torch.__version__,
    "n_samples": N_SAMPLES,
    "n_parameters": n_parameters(N_FRAMES),
    "n_parameters_10_s": n_parameters(313),
    "embedding": embedding[0].tolist(),
    "probabilities": torch.softmax(logits.double(), 1)[0].tolist(),
}))
