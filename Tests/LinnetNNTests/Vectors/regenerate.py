# SPDX-License-Identifier: Apache-2.0
"""Writes the golden vectors beside this file, from PyTorch and from the safetensors package.

    python3 -m venv .venv-vectors && .venv-vectors/bin/pip install torch==2.13.0 numpy safetensors
    .venv-vectors/bin/python Tests/LinnetNNTests/Vectors/regenerate.py

steps.json: small networks with fixed weights and rows, computed in float64: output, loss, gradient, and the weights
after each of three steps. There is one for each activation, layer, loss and optimizer. Layers are described in Linnet's
JSON, and weights lie as they do there; layers.py puts them into PyTorch's functions.
adversarial.json: three steps of each adversarial family, by adversarial.py.
package.safetensors.hex: a file written by the safetensors package.
types.safetensors.hex: one with every element type that Linnet reads.
"""

import json
import pathlib

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F

import adversarial
import layers as linnet

HERE = pathlib.Path(__file__).parent
ROWS, STEPS = 4, 3
ADAM = {"method": "adam", "momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "rho": 0.99, "epsilon": 1e-8, "weightDecay": 0.01}
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05, eps=1e-10),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.01),
}
MSE = {"formula": "meanSquaredError", "delta": 1, "positiveWeight": 1, "classWeights": []}


def loss_of(description: dict, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    formula = description["formula"]
    if formula == "meanSquaredError":
        return F.mse_loss(output, target)
    if formula == "meanAbsoluteError":
        return F.l1_loss(output, target)
    if formula == "huber":
        return F.huber_loss(output, target, delta=description["delta"])
    if formula == "binaryCrossEntropy":
        weight = torch.tensor(description["positiveWeight"], dtype=torch.float64)
        return F.binary_cross_entropy_with_logits(output, target, pos_weight=weight)
    weights = torch.tensor(description["classWeights"] or [1] * output.shape[-1], dtype=torch.float64)
    # The mean over rows, not over weights as PyTorch's own reduction would have it.
    return -(weights * target * F.log_softmax(output, dim=-1)).sum(dim=-1).mean()


def flat(tensors, digits: int = 7) -> list[float]:
    # Seven digits are ten times finer than the comparison; nine name every Float exactly.
    return [float(f"{value:.{digits}g}") for value in torch.cat([t.detach().reshape(-1) for t in tensors]).tolist()]


def draw(*shape: int, scale: float = 1) -> torch.Tensor:
    return (torch.randn(*shape, dtype=torch.float64) * scale).float().double()  # exact in both precisions


def case(
    name: str, width: int, layers: list[dict], optimizer: str = "adam", loss: dict = MSE, target=None,
    family: str = "classifier", scale: float = 0.6
) -> dict:
    x = draw(ROWS, width)
    network = linnet.Network(width, layers)
    for p in network.parameters:
        p.data = draw(*p.shape, scale=scale)
    network(x)  # a batch normalization makes its variances positive
    target = x if target is None else target
    result = {
        "name": name,
        "architecture": {"family": family, "inputWidth": width, "layers": layers},
        "optimizer": ADAM | {"method": optimizer} | ({"epsilon": 1e-10} if optimizer == "adagrad" else {}),
        "loss": loss,
        "rows": ROWS,
        "input": flat([x], 9),
        "target": flat([target], 9),
        "parameters": flat(network.parameters, 9),
        "steps": [],
    }
    rule = OPTIMIZERS[optimizer](network.parameters)
    for step in range(STEPS):
        rule.zero_grad()
        in_use, _ = network(x)
        in_use = flat([in_use])
        output, penalty = network(x, training=True)
        value = loss_of(loss, output, target) + penalty
        value.backward()
        gradient = flat(torch.zeros_like(p) if p.grad is None else p.grad for p in network.parameters)
        rule.step()
        result["steps"].append(
            {
                "output": in_use,
                "loss": value.item(),
                "gradient": gradient,
                "parameters": flat(network.parameters),
            }
        )
    return result


def dense(width: int, activation: str = "identity") -> dict:
    return {"width": width, "activation": activation}


def convolution(filters: int, kernel: list[int], kind: str = "convolution", **options) -> dict:
    defaults = {"stride": [1], "padding": [0], "dilation": [1], "outputPadding": [0], "activation": "identity"}
    return {"kind": kind, "filters": filters, "kernel": kernel} | defaults | options


def pooling(method: str, size: list[int], stride: list[int]) -> dict:
    return {"kind": "pooling", "method": method, "size": size, "stride": stride}


def recurrent(cell: str, units: int, returns_sequence: bool = False) -> dict:
    return {"kind": "recurrent", "cell": cell, "units": units, "returnsSequence": returns_sequence}


def reshape(*shape: int) -> dict:
    return {"kind": "reshape", "shape": list(shape)}


def layer_cases() -> list[dict]:
    flatten, transposed = {"kind": "flatten"}, "transposedConvolution"
    end = [flatten, dense(4, "tanh")]
    result = []

    def add(name: str, shape: list[int], *layers: dict) -> None:
        # A dense layer before and after, so that slopes come from behind and go on to the front.
        width = int(np.prod(shape))
        front = [dense(width, "tanh"), reshape(*shape)]
        net = linnet.Network(3, [*front, *layers])
        target = draw(ROWS, net(torch.zeros(1, 3, dtype=torch.float64))[0].shape[1])
        result.append(case(f"layer {name}", 3, [*front, *layers], target=target, scale=0.3))

    add("convolution of 7", [7, 3], convolution(4, [3], stride=[2], padding=[1], activation="tanh"), *end)
    add("convolution dilated", [9, 2], convolution(3, [3], padding=[2], dilation=[2], activation="gelu"), *end)
    add("convolution wide padding", [4, 2], convolution(2, [3], padding=[4]), *end)
    add("convolution of a grid", [5, 4, 2], convolution(3, [3, 2], stride=[2, 1], padding=[1, 0], dilation=[1, 2]), *end)
    add("transposed of 4", [4, 3], convolution(2, [3], transposed, stride=[2], padding=[1], outputPadding=[1]))
    add("transposed dilated", [3, 2], convolution(3, [2], transposed, dilation=[3], activation="elu"))
    grid = convolution(2, [3, 2], transposed, stride=[2, 3], padding=[1, 0], outputPadding=[1, 2], activation="tanh")
    add("transposed of a grid", [3, 2, 2], grid)
    add("maximum of 7", [7, 2], pooling("maximum", [3], [2]), *end)
    add("maximum of a grid", [5, 4, 2], pooling("maximum", [2, 3], [1, 1]), *end)
    add("average of 7", [7, 2], pooling("average", [2], [2]), *end)
    add("average of a grid", [5, 4, 2], pooling("average", [2, 2], [2, 1]), *end)
    add("upsampling", [3, 2], {"kind": "upsampling", "factors": [3]}, convolution(2, [3], padding=[1]))
    add("upsampling of a grid", [2, 3, 1], {"kind": "upsampling", "factors": [2, 3]}, convolution(1, [3, 3]))
    for cell in ("simple", "lstm", "gru"):
        add(f"{cell} of sequences", [5, 2], recurrent(cell, 3, True), recurrent(cell, 2, True))
        add(f"{cell} of last", [4, 3], recurrent(cell, 3), dense(2))
        decoder = [{"kind": "repeatVector", "steps": 3}, recurrent(cell, 3, True), dense(2)]
        add(f"{cell} repeated", [3, 2], recurrent(cell, 4), *decoder)
    add("first steps", [5, 2], {"kind": "firstSteps", "steps": 3}, *end)
    add("dropout", [7], {"kind": "dropout", "rate": 0.4}, dense(4, "tanh"))
    add("gaussian noise", [5], {"kind": "gaussianNoise", "standardDeviation": 0.5}, dense(4, "tanh"))
    add("activity penalty", [5], {"kind": "activityPenalty", "l1": 0.03}, dense(4, "tanh"))
    add("gaussian latent", [6], {"kind": "gaussianLatent", "divergenceWeight": 0.25}, dense(4, "tanh"))
    add("layer normalization", [3, 5], {"kind": "layerNormalization"}, *end)
    add("batch normalization", [3, 2], {"kind": "batchNormalization"}, *end)
    add("dense at every place", [5, 3], dense(4, "softmax"), dense(2, "tanh"))
    return result


def cases() -> list[dict]:
    result = []
    for activation in linnet.ACTIVATIONS:
        result.append(case(f"activation {activation}", 5, [dense(4, activation), dense(3, activation), dense(5)]))
        result.append(case(f"layer {activation}", 5, [dense(4), {"kind": "activation", "activation": activation}, dense(5)]))
    for optimizer in OPTIMIZERS:
        result.append(case(f"optimizer {optimizer}", 5, [dense(4, "tanh"), dense(5)], optimizer))
    targets = {
        "meanSquaredError": draw(ROWS, 5),
        "meanAbsoluteError": draw(ROWS, 5),
        "huber": draw(ROWS, 5, scale=2),
        "binaryCrossEntropy": (draw(ROWS, 5) > 0).double(),
        "categoricalCrossEntropy": F.one_hot(torch.tensor([0, 3, 1, 3]), 5).double(),
    }
    for formula, target in targets.items():
        loss = MSE | {"formula": formula}
        result.append(case(f"loss {formula}", 5, [dense(4, "tanh"), dense(5)], loss=loss, target=target))
    weighted = MSE | {"formula": "categoricalCrossEntropy", "classWeights": [1, 0.5, 2, 3, 0.25]}
    target = targets["categoricalCrossEntropy"]
    result.append(case("loss classWeights", 5, [dense(4, "tanh"), dense(5)], loss=weighted, target=target))
    weighted = MSE | {"formula": "binaryCrossEntropy", "positiveWeight": 3}
    target = targets["binaryCrossEntropy"]
    result.append(case("loss positiveWeight", 5, [dense(4, "tanh"), dense(5)], loss=weighted, target=target))
    return result + layer_cases()


def main() -> None:
    torch.manual_seed(20)
    (HERE / "steps.json").write_text(json.dumps(cases(), separators=(",", ":")) + "\n")
    games = adversarial.cases(draw, flat)
    (HERE / "adversarial.json").write_text(json.dumps(games, separators=(",", ":")) + "\n")

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
