"""Parameters and both means after five steps of PyTorch's Adam, without and with an L2 penalty: adam.json.

    python adam.py > adam.json
"""
import json

import torch

START = [0.5, -1.25, 2.0, 0.0, 1e-3]


def gradient(step):
    return [0.1 * step, -2.0 / step, 1e-4 * step, 3.0, -((-1.0) ** step)]


def trained(weight_decay):
    parameters = torch.tensor(START, requires_grad=True)
    adam = torch.optim.Adam([parameters], lr=0.01, weight_decay=weight_decay)
    for step in range(1, 6):
        parameters.grad = torch.tensor(gradient(step))
        adam.step()
    state = adam.state[parameters]
    found = {"parameters": parameters.detach(), "means": state["exp_avg"], "squares": state["exp_avg_sq"]}
    return {"weight_decay": weight_decay} | {name: values.tolist() for name, values in found.items()}


print(json.dumps({
    "torch": torch.__version__,
    "learning_rate": 0.01,
    "start": START,
    "gradients": [gradient(step) for step in range(1, 6)],
    "runs": [trained(0.0), trained(0.01)],
}, indent=1))
