# SPDX-License-Identifier: Apache-2.0
"""The same training in PyTorch: prints one JSON object like `linnet-benchmark training --json`."""

import argparse
import json
import statistics
import time

import torch

import workload


def dense(widths: list[int]) -> torch.nn.Module:
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layer = torch.nn.Linear(inputs, outputs)
        torch.nn.init.xavier_uniform_(layer.weight)  # where Linnet starts too
        torch.nn.init.zeros_(layer.bias)
        layers.append(layer)
        if i < len(widths) - 2:
            layers.append(torch.nn.ReLU())
    return torch.nn.Sequential(*layers)


class Convolutional(torch.nn.Module):
    """Windows of 60 samples of 8 channels; PyTorch wants the channels first."""

    def __init__(self):
        super().__init__()
        options = {"kernel_size": 7, "stride": 2, "padding": 3}
        self.layers = torch.nn.Sequential(
            torch.nn.Conv1d(8, 32, **options),
            torch.nn.ReLU(),
            torch.nn.Conv1d(32, 16, **options),
            torch.nn.ReLU(),
            torch.nn.ConvTranspose1d(16, 32, output_padding=1, **options),
            torch.nn.ReLU(),
            torch.nn.ConvTranspose1d(32, 8, output_padding=1, **options),
        )

    def forward(self, x):
        return self.layers(x.reshape(-1, 60, 8).transpose(1, 2)).transpose(1, 2).reshape(len(x), -1)


class Recurrent(torch.nn.Module):
    """Windows of 10 samples of 8 channels."""

    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.LSTM(8, 100, batch_first=True)
        self.decoder = torch.nn.LSTM(100, 100, batch_first=True)
        self.output = torch.nn.Linear(100, 8)

    def forward(self, x):
        _, (state, _) = self.encoder(x.reshape(-1, 10, 8))
        states, _ = self.decoder(state[-1][:, None].expand(-1, 10, -1))
        return self.output(states).reshape(len(x), -1)


def network(kind) -> torch.nn.Module:
    if kind == "convolutional":
        return Convolutional()
    return Recurrent() if kind == "lstm" else dense(kind)


def load(model: torch.nn.Module, weights: workload.Weights) -> None:
    """Sets Linnet's weights; it has channels last, and one bias where PyTorch's LSTM has two."""
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear):
                tensors = {"weight": layer.weight.shape, "bias": layer.bias.shape}
            elif isinstance(layer, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
                first, second, kernel = layer.weight.shape
                values = torch.from_numpy(weights.take(first, kernel, second).copy())
                layer.weight.copy_(values.transpose(1, 2))
                tensors = {"bias": layer.bias.shape}
            elif isinstance(layer, torch.nn.LSTM):
                names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0")
                tensors = {name: getattr(layer, name).shape for name in names}
                layer.bias_hh_l0.zero_()
                layer.bias_hh_l0.requires_grad_(False)
            else:
                continue
            for name, shape in tensors.items():
                getattr(layer, name).copy_(torch.from_numpy(weights.take(*shape).copy()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--network", choices=workload.NETWORKS, default="A1")
    parser.add_argument("--directory", required=True, help="where Linnet wrote its first weights and the batches")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fused", action="store_true", help="fused Adam instead of the default one")
    parser.add_argument("--compile", action="store_true", help="loss and its gradient through torch.compile")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    rows, _, batch_size, kind = workload.NETWORKS[options.network]
    model = network(kind)
    load(model, workload.Weights(f"{options.directory}/weights.f32"))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    adam = torch.optim.Adam(trained, lr=1e-3, fused=True if options.fused else None)
    error = torch.nn.MSELoss()
    loss_of = lambda batch: error(model(batch), batch)
    if options.compile:
        loss_of = torch.compile(loss_of)
    x = torch.from_numpy(workload.inputs(options.network))
    seconds, loss = [], 0.0
    for epoch, indices in enumerate(workload.order(options.directory, rows)):  # the first one warms up
        order = torch.from_numpy(indices.astype("int64"))
        start = time.perf_counter()
        total = torch.zeros(())
        for first in range(0, rows, batch_size):
            batch = x[order[first : first + batch_size]]
            adam.zero_grad()
            value = loss_of(batch)
            value.backward()
            adam.step()
            total += value.detach() * len(batch)
        loss = total.item() / rows
        if epoch > 0:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"samplesPerSecond": rows / statistics.median(seconds), "loss": loss}))


if __name__ == "__main__":
    main()
