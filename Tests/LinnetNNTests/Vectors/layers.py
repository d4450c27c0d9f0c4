# SPDX-License-Identifier: Apache-2.0
"""Linnet's layers in PyTorch's functions, in float64: the same JSON, the same order and layout of the parameters.

Values lie channels last, [rows, height, width, channels]; PyTorch wants channels first, so convolutions permute.
"""

import math

import torch
import torch.nn.functional as F

import noise

ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": F.relu,
    "leakyRelu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "softmax": lambda z: F.softmax(z, dim=-1),
}


class Network:
    def __init__(self, width: int, layers: list[dict]):
        self.width, self.layers = width, layers
        self.noise, self.training = noise.Generator(1), False
        self.parameters: list[torch.Tensor] = []
        shape = (1, 1, width)
        self.steps = []
        for layer in layers:
            make = getattr(self, layer.get("kind", "dense"))
            step, shape = make(layer, shape)
            self.steps.append(step)

    def __call__(self, x: torch.Tensor, training: bool = False):
        """The output, [rows, values], and what the layers add to the loss."""
        self.training = training
        y, penalty = x.reshape(len(x), 1, 1, self.width), torch.zeros((), dtype=torch.float64)
        for step in self.steps:
            y = step(y)
            if isinstance(y, tuple):
                y, added = y
                penalty = penalty + added
        return y.reshape(len(x), -1), penalty

    def parameter(self, *shape: int) -> torch.Tensor:
        self.parameters.append(torch.zeros(*shape, dtype=torch.float64, requires_grad=True))
        return self.parameters[-1]

    def dense(self, layer, shape):
        weight, bias = self.parameter(layer["width"], shape[2]), self.parameter(layer["width"])
        f = ACTIVATIONS[layer["activation"]]
        return lambda x: f(F.linear(x, weight, bias)), (shape[0], shape[1], layer["width"])

    def activation(self, layer, shape):
        return ACTIVATIONS[layer["activation"]], shape

    def reshape(self, layer, shape):
        sizes = tuple([1] * (3 - len(layer["shape"])) + layer["shape"])
        return lambda x: x.reshape(len(x), *sizes), sizes

    def flatten(self, layer, shape):
        return lambda x: x.reshape(len(x), 1, 1, -1), (1, 1, math.prod(shape))

    def convolution(self, layer, shape):
        kernel, options = geometry(layer)
        weight = self.parameter(layer["filters"], *kernel, shape[2])
        bias, f = self.parameter(layer["filters"]), ACTIVATIONS[layer["activation"]]

        def step(x):
            y = F.conv2d(x.permute(0, 3, 1, 2), weight.permute(0, 3, 1, 2), bias, **options)
            return f(y.permute(0, 2, 3, 1))

        return step, after(step, shape)

    def transposedConvolution(self, layer, shape):
        kernel, options = geometry(layer)
        options["output_padding"] = pair(layer["outputPadding"], 0)
        weight = self.parameter(shape[2], *kernel, layer["filters"])
        bias, f = self.parameter(layer["filters"]), ACTIVATIONS[layer["activation"]]

        def step(x):
            y = F.conv_transpose2d(x.permute(0, 3, 1, 2), weight.permute(0, 3, 1, 2), bias, **options)
            return f(y.permute(0, 2, 3, 1))

        return step, after(step, shape)

    def pooling(self, layer, shape):
        pool = F.max_pool2d if layer["method"] == "maximum" else F.avg_pool2d
        size, stride = pair(layer["size"], 1), pair(layer["stride"], 1)

        def step(x):
            return pool(x.permute(0, 3, 1, 2), size, stride).permute(0, 2, 3, 1)

        return step, after(step, shape)

    def upsampling(self, layer, shape):
        factors = pair(layer["factors"], 1)

        def step(x):
            return x.repeat_interleave(factors[0], dim=1).repeat_interleave(factors[1], dim=2)

        return step, after(step, shape)

    def recurrent(self, layer, shape):
        gates = {"simple": 1, "lstm": 4, "gru": 3}[layer["cell"]]
        units = layer["units"]
        module = {"simple": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[layer["cell"]]
        module = module(shape[2], units, batch_first=True, dtype=torch.float64)
        weight, recurrent = self.parameter(gates * units, shape[2]), self.parameter(gates * units, units)
        bias, last = self.parameter(gates * units), self.parameter(units) if layer["cell"] == "gru" else None

        def step(x):
            # Where PyTorch has two biases that are only ever added, Linnet has one.
            zeros = torch.zeros(gates * units, dtype=torch.float64)
            second = zeros if last is None else torch.cat([zeros[: 2 * units], last])
            names = {"weight_ih_l0": weight, "weight_hh_l0": recurrent, "bias_ih_l0": bias, "bias_hh_l0": second}
            states, _ = torch.func.functional_call(module, names, (x.reshape(len(x), -1, shape[2]),))
            return (states if layer["returnsSequence"] else states[:, -1:]).unsqueeze(1)

        return step, (1, shape[1] if layer["returnsSequence"] else 1, units)

    def repeatVector(self, layer, shape):
        return lambda x: x.repeat_interleave(layer["steps"], dim=2), (1, layer["steps"], shape[2])

    def firstSteps(self, layer, shape):
        return lambda x: x[:, :, : layer["steps"]], (1, layer["steps"], shape[2])

    def random(self, draw, shape):
        """Numbers in the order in which Linnet draws them: row after row."""
        return torch.tensor([draw() for _ in range(math.prod(shape))], dtype=torch.float64).reshape(shape)

    def dropout(self, layer, shape):
        rate = layer["rate"]

        def step(x):
            if not self.training:
                return x
            return x * (self.random(self.noise.uniform, x.shape) >= rate) / (1 - rate)

        return step, shape

    def gaussianNoise(self, layer, shape):
        def step(x):
            return x + layer["standardDeviation"] * self.random(self.noise.gaussian, x.shape) if self.training else x

        return step, shape

    def activityPenalty(self, layer, shape):
        return lambda x: (x, layer["l1"] * x.abs().sum() / len(x)), shape

    def gaussianLatent(self, layer, shape):
        def step(x):
            mean, log_variance = x.chunk(2, dim=-1)
            divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum() / len(x)
            z = mean
            if self.training:
                z = mean + self.random(self.noise.gaussian, mean.shape) * (log_variance / 2).exp()
            return z, layer["divergenceWeight"] * divergence

        return step, (*shape[:2], shape[2] // 2)

    def layerNormalization(self, layer, shape):
        weight, bias = self.parameter(shape[2]), self.parameter(shape[2])
        return lambda x: F.layer_norm(x, (shape[2],), weight, bias), shape

    def batchNormalization(self, layer, shape):
        weight, bias = self.parameter(shape[2]), self.parameter(shape[2])
        mean, variance = self.parameter(shape[2]), self.parameter(shape[2])

        def step(x):
            flat = x.reshape(-1, shape[2])
            y = F.batch_norm(flat, mean.data, variance.data.abs_(), weight, bias, training=self.training)
            return y.reshape(x.shape)

        return step, shape


def pair(numbers: list[int], single: int) -> tuple[int, int]:
    """Height and width; a single number is the width's."""
    return (single, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])


def geometry(layer: dict) -> tuple[tuple[int, int], dict]:
    options = {"stride": pair(layer["stride"], 1), "padding": pair(layer["padding"], 0)}
    return pair(layer["kernel"], 1), options | {"dilation": pair(layer["dilation"], 1)}


def after(step, shape):
    return tuple(step(torch.zeros(1, *shape, dtype=torch.float64)).shape[1:])
