# SPDX-License-Identifier: Apache-2.0
"""The same training in PyTorch, eager, one thread: prints one JSON object like `linnet-benchmark training --json`."""

import argparse
import json
import statistics
import time

import torch

import workload


def network() -> torch.nn.Sequential:
    layers = []
    for i, (inputs, outputs) in enumerate(zip(workload.WIDTHS, workload.WIDTHS[1:])):
        layer = torch.nn.Linear(inputs, outputs)
        torch.nn.init.xavier_uniform_(layer.weight)  # where Linnet starts too
        torch.nn.init.zeros_(layer.bias)
        layers.append(layer)
        if i < len(workload.WIDTHS) - 2:
            layers.append(torch.nn.ReLU())
    return torch.nn.Sequential(*layers)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--fused", action="store_true", help="fused Adam instead of the default one")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = network()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True if options.fused else None)
    error = torch.nn.MSELoss()
    x = torch.from_numpy(workload.inputs())
    seconds, loss = [], 0.0
    for epoch in range(options.epochs + 1):  # the first one warms up
        start = time.perf_counter()
        order, total = torch.randperm(len(x)), torch.zeros(())
        for first in range(0, len(x), options.batch_size):
            batch = x[order[first : first + options.batch_size]]
            adam.zero_grad()
            value = error(model(batch), batch)
            value.backward()
            adam.step()
            total += value.detach() * len(batch)
        loss = total.item() / len(x)
        if epoch > 0:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"samplesPerSecond": len(x) / statistics.median(seconds), "loss": loss}))


if __name__ == "__main__":
    main()
