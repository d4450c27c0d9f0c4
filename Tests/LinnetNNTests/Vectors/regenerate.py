# SPDX-License-Identifier: Apache-2.0
"""Writes the golden vectors beside this file, from PyTorch and from the safetensors package.

    python3 -m venv .venv-vectors && .venv-vectors/bin/pip install torch==2.13.0 numpy safetensors
    .venv-vectors/bin/python Tests/LinnetNNTests/Vectors/regenerate.py

steps.json: for each activation and optimizer one small network with fixed weights and rows, computed in float64:
its output, mean squared error, gradient, and the weights after each of three steps.
package.safetensors.hex: a file written by the safetensors package.
types.safetensors.hex: one with every element type that Linnet reads.
"""

import json
import pathlib

import numpy as np
import safetensors.numpy
import torch

HERE = pathlib.Path(__file__).parent
INPUT_WIDTH, HIDDEN, ROWS, STEPS = 5, [4, 3], 7, 3
ACTIVATIONS = {
    "identity": torch.nn.Identity,
    "relu": torch.nn.ReLU,
    "tanh": torch.nn.Tanh,
    "sigmoid": torch.nn.Sigmoid,
}
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
}


def network(activation: str) -> torch.nn.Sequential:
    widths = [INPUT_WIDTH, *HIDDEN, *HIDDEN[-2::-1], INPUT_WIDTH]
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(torch.nn.Linear(inputs, outputs, dtype=torch.float64))
        if i < len(widths) - 2:
            layers.append(ACTIVATIONS[activation]())
    return torch.nn.Sequential(*layers)


def flat(tensors) -> list[float]:
    # Nine digits name every Float exactly, and are a hundred times finer than the comparison.
    return [float(f"{value:.9g}") for value in torch.cat([t.detach().reshape(-1) for t in tensors]).tolist()]


def case(activation: str, optimizer: str) -> dict:
    model = network(activation)
    x = torch.randn(ROWS, INPUT_WIDTH, dtype=torch.float64).float().double()  # exact in both precisions
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((torch.randn_like(p) * 0.6).float().double())
    result = {
        "activation": activation,
        "optimizer": optimizer,
        "inputWidth": INPUT_WIDTH,
        "hidden": HIDDEN,
        "rows": ROWS,
        "input": flat([x]),
        "parameters": flat(model.parameters()),
        "steps": [],
    }
    rule = OPTIMIZERS[optimizer](model.parameters())
    for step in range(STEPS):
        rule.zero_grad()
        output = model(x)
        loss = torch.nn.functional.mse_loss(output, x)
        loss.backward()
        gradient = flat(p.grad for p in model.parameters())
        rule.step()
        result["steps"].append(
            {
                "output": flat([output]),
                "loss": loss.item(),
                "gradient": gradient,
                "parameters": flat(model.parameters()),
            }
        )
    return result


def main() -> None:
    torch.manual_seed(20)
    cases = [case(a, o) for a in ACTIVATIONS for o in OPTIMIZERS]
    (HERE / "steps.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")

    tensors = {
        "weight": np.array([[1.5, -2.0, 3.25], [0.0, 1e-30, -65504.0]], dtype=np.float32),
        "bias": np.array([0.5], dtype=np.float32),
        "none": np.zeros((0, 4), dtype=np.float32),
        "scalar": np.array(7.0, dtype=np.float32),
    }
    data = safetensors.numpy.save(tensors, metadata={"note": 'quote " backslash \\ umlaut ü tab \t'})
    (HERE / "package.safetensors.hex").write_text(data.hex() + "\n")
    typed = {
        "delta": np.array([-127, 0, 1, 126, -128], np.int8),
        "half": np.array([[1.5, -65504], [6e-8, 0]], np.float16),
        "indices": np.array([0, 7, 2147483647], np.int32),
        "scales": np.array([0.25, -1e30], np.float32),
    }
    (HERE / "types.safetensors.hex").write_text(safetensors.numpy.save(typed).hex() + "\n")


if __name__ == "__main__":
    main()
