"""The losses of MobileAnoNet's classifiers and their gradients, by PyTorch in double precision.

Writes `reference.json` beside this script. Labels of -1 are missing. The third condition has a single row, the fourth none: both are
skipped. The mean over classifiers counts all four, as the published code does.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

N_FEATURES, N_CLASSES, N_VALUES = 5, 3, [4, 2, 3, 2]
CLASSES = [0, 1, 2, 0, 1, 2, 0, 1]
CONDITIONS = [
    [3, -1, -1, -1],
    [-1, 0, -1, -1],
    [-1, -1, 2, -1],
    [1, -1, -1, -1],
    [-1, 1, -1, -1],
    [-1, -1, -1, -1],
    [0, 1, -1, -1],
    [-1, 1, -1, -1],
]
CENTRE_WEIGHT = 0.2

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def draw(*shape):
    return torch.randn(*shape).requires_grad_()


embeddings = draw(len(CLASSES), N_FEATURES)
tensors = {
    "machine.linear.weight": draw(N_FEATURES, N_CLASSES),
    "machine.linear.bias": draw(N_CLASSES),
    "machine.norm.gamma": draw(N_CLASSES),
    "machine.norm.beta": draw(N_CLASSES),
    "machine.centres": draw(N_CLASSES, N_FEATURES),
}
for head, n_values in enumerate(N_VALUES):
    tensors[f"conditions.{head}.linear.weight"] = draw(N_FEATURES, n_values)
    tensors[f"conditions.{head}.norm.gamma"] = draw(n_values)
    tensors[f"conditions.{head}.norm.beta"] = draw(n_values)


def batch_norm(x, prefix):
    return F.batch_norm(x, None, None, tensors[f"{prefix}.norm.gamma"], tensors[f"{prefix}.norm.beta"], training=True)


def terms(has_machine_norm):
    classes = torch.tensor(CLASSES)
    logits = embeddings @ tensors["machine.linear.weight"] + tensors["machine.linear.bias"]
    if has_machine_norm:
        logits = batch_norm(logits, "machine")
    machine = F.cross_entropy(logits, classes)
    centre = ((embeddings - tensors["machine.centres"][classes]) ** 2).sum(1).mean()
    labels = torch.tensor(CONDITIONS)
    by_examples = by_heads = torch.zeros(())
    for head in range(len(N_VALUES)):
        mask = labels[:, head] >= 0
        if mask.sum() < 2:
            continue
        logits = batch_norm(embeddings[mask] @ tensors[f"conditions.{head}.linear.weight"], f"conditions.{head}")
        by_examples = by_examples + F.cross_entropy(logits, labels[mask, head], reduction="sum") / len(CLASSES)
        by_heads = by_heads + F.cross_entropy(logits, labels[mask, head]) / len(N_VALUES)
    return machine, centre, by_examples, by_heads


def flat(tensor):
    return tensor.detach().flatten().tolist()


def case(loss, averaging, has_machine_norm):
    machine, centre, by_examples, by_heads = terms(has_machine_norm)
    condition = by_heads if averaging == "heads" else by_examples
    of_machine = machine + CENTRE_WEIGHT * centre
    total = {"both": of_machine + condition, "machine": of_machine, "condition": condition}[loss]
    for tensor in [embeddings, *tensors.values()]:
        tensor.grad = None
    total.backward()
    gradients = {name: flat(tensor.grad) for name, tensor in tensors.items() if tensor.grad is not None}
    return {
        "loss": loss,
        "averaging": averaging,
        "has_machine_norm": has_machine_norm,
        "total": total.item(),
        "machine": machine.item(),
        "centre": centre.item(),
        "by_examples": by_examples.item(),
        "by_heads": by_heads.item(),
        "embedding_gradient": flat(embeddings.grad),
        "gradients": gradients,
    }


reference = {
    "n_features": N_FEATURES,
    "n_classes": N_CLASSES,
    "n_values": N_VALUES,
    "centre_weight": CENTRE_WEIGHT,
    "classes": CLASSES,
    "conditions": CONDITIONS,
    "embeddings": flat(embeddings),
    "tensors": {name: {"shape": list(tensor.shape), "values": flat(tensor)} for name, tensor in tensors.items()},
    "cases": [
        case("both", "examples", False),
        case("both", "heads", False),
        case("both", "examples", True),
        case("machine", "examples", False),
        case("condition", "examples", False),
        case("condition", "heads", False),
    ],
}
path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(reference, indent=1) + "\n")
