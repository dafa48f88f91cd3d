#!/usr/bin/env python3
"""Prints the focal loss and the attribute loss of a few logits by PyTorch; a test of `src/nn/stgram_mfn.rs` has the numbers.

    python3 losses.py        (PyTorch 2.x)

The focal loss is `mean(weight[class] * (1 - p)^2 * cross_entropy)` with p = exp(-cross_entropy), gamma 2, and as weights the inverse
sizes 1, 1/4, 1/2 of the classes divided by their sum.
"""
import torch
from torch.nn import functional as F

classes = torch.tensor([2, 0, 1, 1])
logits = torch.tensor([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0], [-0.25, 0.75, 2.0], [10.0, 20.0, -30.0]], dtype=torch.float64)
weights = 1 / torch.tensor([1.0, 4.0, 2.0], dtype=torch.float64)
weights = weights / weights.sum()
entropy = F.cross_entropy(logits, classes, reduction="none")
print("focal loss", float((weights[classes] * (1 - torch.exp(-entropy)) ** 2 * entropy).mean()))
attributes = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)[classes]
logits = torch.tensor([[1.0, -2.0], [0.5, 3.0], [0.0, -1.0], [-25.0, 40.0]], dtype=torch.float64)
print("attribute loss", float(F.binary_cross_entropy_with_logits(logits, attributes)))
