# SPDX-License-Identifier: Apache-2.0
"""Combines the same numbers of updates with Linnet, with Flower and with a C loop, in turn, and prints the ratios."""

import argparse
import json
import pathlib
import sys

from workload import measure

HERE = pathlib.Path(__file__).parent
SIZES = [(1000, 10_000), (1000, 100_000), (100, 1_000_000)]
# Linnet's name for each rule; both sides are told of the same number of malicious participants. "mean" is FedAvg without the
# norm cap that Linnet's fedavg always has: what the C loop does.
STRATEGIES = {
    "mean": "mean",
    "fedavg": "fedavg",
    "median": "median",
    "trimmed-mean": "trimmed-mean",
    "multi-krum": "multi-krum:maximum-malicious=20",
    "bulyan": "bulyan:maximum-malicious=20",
    "robust": "robust",
}
SLOW = ("multi-krum", "bulyan", "robust")
# Of what is read from a database, how much memory it takes.
STORED = ["fedavg", "median", "multi-krum", "robust"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--linnet", required=True, help="path of linnet-benchmark")
    parser.add_argument("--loops", required=True, nargs=2, help="weighted_mean.c as built by default, and with -march=native")
    parser.add_argument("--full", action="store_true", help="Bulyan at every size: Flower takes minutes for it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    def linnet(rule: str, size: list[str], repeats: list[str], threads: int, *flags: str) -> dict:
        command = [options.linnet, "aggregation", "--json", "--strategy", STRATEGIES[rule], *size, *repeats]
        return measure([*command, "--threads", str(threads), *flags], threads)

    def peers(rule: str, size: list[str], repeats: list[str], threads: int) -> dict[str, float]:
        flower = [sys.executable, str(HERE / "flower_aggregation.py"), "--rule", rule, *size, *repeats]
        times = {}
        if rule in ("mean", "fedavg") and threads == 1:
            for name, loop in zip(("C loop", "C loop, -march=native"), options.loops):
                times[name] = measure([loop, size[1], size[3], "5"], 1)["seconds"]
        if rule not in ("mean", "robust"):
            times["Flower"] = measure(flower, threads)["seconds"]
            if rule != "bulyan":
                times["Flower (NumPy functions)"] = measure([*flower, "--functions"], threads)["seconds"]
        return times

    rows = []
    for participants, parameters in SIZES:
        size = ["--participants", str(participants), "--parameters", str(parameters)]
        rules = [rule for rule in STRATEGIES if rule != "bulyan" or parameters == 10_000 or options.full]
        for threads in (1, 2):
            for rule in rules:
                repeats = ["--repeats", "1" if rule in SLOW else "3"]
                print(f"{rule}, {participants} x {parameters:,}, {threads} thread(s) ...", file=sys.stderr)
                own = linnet(rule, size, repeats, threads)
                row = {"rule": rule, "participants": participants, "parameters": parameters, "threads": threads,
                       "seconds": own["seconds"], "extraMiB": own["extraMiB"]}
                times = peers(rule, size, repeats, threads)
                for peer, seconds in times.items():
                    rows.append(row | {"peer": peer, "peerSeconds": seconds, "ratio": seconds / own["seconds"]})
                    print(f"  {own['seconds']:.4f} s, {peer} {seconds:.4f} s", file=sys.stderr)
                if not times:
                    rows.append(row)
    stored = []
    for rule in STORED:
        print(f"{rule}, 1000 x 100,000 from a database ...", file=sys.stderr)
        size = ["--participants", "1000", "--parameters", "100000"]
        stored.append(linnet(rule, size, ["--repeats", "1"], 2, "--stored"))
    if options.json:
        print(json.dumps({"benchmark": "aggregation", "rows": rows, "stored": stored}))
        return
    show(rows, stored)


def show(rows: list[dict], stored: list[dict]) -> None:
    print(f"{'rule':14}{'updates':>9}{'parameters':>12}{'threads':>9}{'Linnet':>11}{'memory':>10}{'peer':>13}")
    for row in rows:
        line = (f"{row['rule']:14}{row['participants']:>9}{row['parameters']:>12,}{row['threads']:>9}"
                f"{row['seconds'] * 1000:>8,.1f} ms{row['extraMiB']:>6.0f} MiB")
        if "peer" in row:
            line += f"{row['peerSeconds'] * 1000:>10,.1f} ms  {row['peer']:25}{row['ratio']:>7.1f} x as fast"
        print(line)
    print("\nThe same from a coordinator's database, on two threads; memory is all that the process takes for it:")
    for row in stored:
        print(f"{row['strategy']:34}{row['participants']:>6} x {row['parameters']:,}"
              f"{row['seconds']:>8.2f} s{row['extraMiB']:>6.0f} MiB")


if __name__ == "__main__":
    main()
