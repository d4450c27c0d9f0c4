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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    epochs = ["--epochs", str(options.epochs)]
    torch = [sys.executable, str(HERE / "torch_training.py"), *epochs]
    peers = {"PyTorch eager, default Adam": torch, "PyTorch eager, fused Adam": [*torch, "--fused"]}
    linnet: list[dict] = []
    others: dict[str, list[dict]] = {name: [] for name in peers}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds} ...", file=sys.stderr)
        linnet.append(measure([options.linnet, "training", "--json", *epochs]))
        for name, command in peers.items():
            others[name].append(measure(command))

    def median(runs: list[dict], key: str) -> float:
        return statistics.median(run[key] for run in runs)

    own = median(linnet, "samplesPerSecond")
    rows = [
        {
            "case": "38-32-16-8-16-32-38, batch 32, Adam, 1 thread",
            "peer": name,
            "linnet": own,
            "peerSamplesPerSecond": median(runs, "samplesPerSecond"),
            "ratio": own / median(runs, "samplesPerSecond"),
            "linnetLoss": median(linnet, "loss"),
            "peerLoss": median(runs, "loss"),
        }
        for name, runs in others.items()
    ]
    if options.json:
        print(json.dumps({"benchmark": "training", "rounds": options.rounds, "rows": rows}))
        return
    print(f"Training {rows[0]['case']}: samples/s, median of {options.rounds} alternating runs")
    print(f"{'':32}{'samples/s':>12}{'loss':>12}{'Linnet / peer':>16}")
    print(f"{'Linnet':32}{own:>12,.0f}{rows[0]['linnetLoss']:>12.5f}{'':>16}")
    for row in rows:
        print(f"{row['peer']:32}{row['peerSamplesPerSecond']:>12,.0f}{row['peerLoss']:>12.5f}{row['ratio']:>15.1f}x")
    print("Both sides start from random weights of their own, which alone moves the loss between 0.0004 and 0.01.")


if __name__ == "__main__":
    main()
