# SPDX-License-Identifier: Apache-2.0
"""Runs Linnet and its peers in turn, so that all meet the same machine, and prints the ratio of the medians."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def measure(command: list[str]) -> dict:
    # One thread is what an agent has on an industrial host; the peers get the same.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(result.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--linnet", required=True, help="path of linnet-benchmark")
    parser.add_argument("--networks", nargs="+", default=["A1", "A2", "A3", "A4", "A5"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    rows = [row for network in options.networks for row in compare(network, options)]
    if options.json:
        print(json.dumps({"benchmark": "training", "rounds": options.rounds, "rows": rows}))
        return
    print(f"Training with Adam on one thread: samples/s, median of {options.rounds} alternating runs")
    print(f"{'':4}{'peer':32}{'Linnet':>12}{'peer':>12}{'loss':>10}{'its loss':>10}{'Linnet / peer':>15}")
    for row in rows:
        speeds = f"{row['samplesPerSecond']:>12,.0f}{row['peerSamplesPerSecond']:>12,.0f}"
        losses = f"{row['loss']:>10.5f}{row['peerLoss']:>10.5f}"
        print(f"{row['network']:4}{row['peer']:32}{speeds}{losses}{row['ratio']:>14.1f}x")
    print("Both sides start from random weights of their own, which alone moves the loss.")


def compare(network: str, options: argparse.Namespace) -> list[dict]:
    common = ["--network", network, "--epochs", str(options.epochs)]
    torch = [sys.executable, str(HERE / "torch_training.py"), *common]
    peers = {"PyTorch eager, default Adam": torch, "PyTorch eager, fused Adam": [*torch, "--fused"]}
    linnet: list[dict] = []
    others: dict[str, list[dict]] = {name: [] for name in peers}
    for number in range(options.rounds):
        print(f"{network}, round {number + 1} of {options.rounds} ...", file=sys.stderr)
        linnet.append(measure([options.linnet, "training", "--json", *common]))
        for name, command in peers.items():
            others[name].append(measure(command))

    def median(runs: list[dict], key: str) -> float:
        return statistics.median(run[key] for run in runs)

    own = median(linnet, "samplesPerSecond")
    return [
        {
            "network": network,
            "threads": 1,
            "samplesPerSecond": own,
            "peer": name,
            "peerSamplesPerSecond": median(runs, "samplesPerSecond"),
            "ratio": own / median(runs, "samplesPerSecond"),
            "loss": median(linnet, "loss"),
            "peerLoss": median(runs, "loss"),
        }
        for name, runs in others.items()
    ]


if __name__ == "__main__":
    main()
