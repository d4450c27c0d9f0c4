# SPDX-License-Identifier: Apache-2.0
"""Trains the same networks from the same weights with the same batches by Linnet and its peers, in turn: prints ratios."""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import workload

HERE = pathlib.Path(__file__).parent
LOOP = "C loop over OpenBLAS"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--linnet", required=True, help="path of linnet-benchmark")
    parser.add_argument("--loop", required=True, help="training.c as built with -march=native")
    parser.add_argument("--networks", nargs="+", choices=workload.NETWORKS, default=list(workload.NETWORKS))
    parser.add_argument("--threads", nargs="+", type=int, choices=(1, 2), default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs; the medians count")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    compared = [compare(network, threads, options) for network in options.networks for threads in options.threads]
    rows, others = ([row for pair in compared for row in pair[part]] for part in (0, 1))
    memory = [pair[2] for pair in compared if pair[2]["threads"] == options.threads[0]]
    if options.json:
        result = {"benchmark": "training", "rounds": options.rounds, "rows": rows, "others": others, "memory": memory}
        print(json.dumps(result))
        return
    print(f"Training with Adam: samples/s, medians of {options.rounds} alternating runs; Linnet uses one thread throughout")
    print(f"{'':4}{'threads':>8}  {'peer':30}{'Linnet':>12}{'peer':>12}{'loss':>11}{'its loss':>11}{'ratio':>9}")
    for title, some in (("the fastest peer, and the C loop", rows), ("the other peers", others)):
        print(title)
        for row in some:
            print(
                f"{row['network']:4}{row['threads']:>8}  {row['peer']:30}{row['samplesPerSecond']:>12,.0f}"
                f"{row['peerSamplesPerSecond']:>12,.0f}{row['loss']:>11.6f}{row['peerLoss']:>11.6f}{row['ratio']:>8.2f}x")
    print("\nMemory in MiB: parameters x (2 + Adam's two) + what a batch leaves, and Linnet's peak above what it held before")
    for row in memory:
        print(f"{row['network']:4}{row['neededMiB']:>10.1f}{row['extraMiB']:>10.1f}")


def peers(network: str, threads: int, directory: str, options: argparse.Namespace) -> dict[str, list[str]]:
    common = ["--network", network, "--epochs", str(options.epochs), "--directory", directory, "--threads", str(threads)]
    torch = [sys.executable, str(HERE / "torch_training.py"), *common]
    commands = {
        "PyTorch eager, default Adam": torch,
        "PyTorch eager, fused Adam": [*torch, "--fused"],
        "PyTorch compiled, fused Adam": [*torch, "--fused", "--compile"],
        "JAX, an epoch in one scan": [sys.executable, str(HERE / "jax_training.py"), *common],
    }
    rows, _, batch, kind = workload.NETWORKS[network]
    if isinstance(kind, list) and threads == 1:
        sizes = [rows, batch, options.epochs, *kind]
        commands[LOOP] = [options.loop, directory, *map(str, sizes)]
    return commands


def compare(network: str, threads: int, options: argparse.Namespace) -> tuple[list[dict], list[dict], dict]:
    with tempfile.TemporaryDirectory() as directory:
        own_command = [
            options.linnet, "training", "--json", "--network", network, "--epochs", str(options.epochs), "--export",
            directory]
        commands = peers(network, threads, directory, options)
        own, runs = [], {name: [] for name in commands}
        for number in range(options.rounds):
            print(f"{network}, {threads} thread(s), round {number + 1} of {options.rounds} ...", file=sys.stderr)
            own.append(workload.measure(own_command, threads))
            for name, command in commands.items():
                flags = "--xla_cpu_multi_thread_eigen=false" if threads == 1 else ""
                runs[name].append(workload.measure(command, threads, XLA_FLAGS=flags))
                speeds = own[-1]["samplesPerSecond"], runs[name][-1]["samplesPerSecond"]
                print(f"  {speeds[0]:,.0f}/s, {name} {speeds[1]:,.0f}/s", file=sys.stderr)

    def median(values: list[dict], key: str) -> float:
        return statistics.median(value[key] for value in values)

    speed = median(own, "samplesPerSecond")
    rows = [
        {"network": network, "threads": threads, "samplesPerSecond": speed, "peer": name,
         "peerSamplesPerSecond": median(some, "samplesPerSecond"), "ratio": speed / median(some, "samplesPerSecond"),
         "loss": median(own, "loss"), "peerLoss": median(some, "loss")}
        for name, some in runs.items()
    ]
    fastest = min((row for row in rows if row["peer"] != LOOP), key=lambda row: row["ratio"])
    shown = [fastest, *(row for row in rows if row["peer"] == LOOP)]
    memory = {"network": network, "threads": threads, "neededMiB": own[0]["neededMiB"], "extraMiB": median(own, "extraMiB")}
    return shown, [row for row in rows if row not in shown], memory


if __name__ == "__main__":
    main()
