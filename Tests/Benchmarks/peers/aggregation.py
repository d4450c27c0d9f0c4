# SPDX-License-Identifier: Apache-2.0
"""Combines the same numbers of updates with Linnet, with Flower and with a C loop, in turn, and prints the ratios."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
SIZES = [(1000, 10_000), (1000, 100_000), (100, 1_000_000)]
# Linnet's name for each rule; both sides are told of the same number of malicious participants.
STRATEGIES = {
    "fedavg": "fedavg:clip-factor=1000",
    "median": "median",
    "trimmed-mean": "trimmed-mean",
    "multi-krum": "multi-krum:maximum-malicious=20",
    "bulyan": "bulyan:maximum-malicious=20",
}


def measure(command: list[str], threads: int) -> dict:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | {name: str(threads) for name in names}
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(result.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--linnet", required=True, help="path of linnet-benchmark")
    parser.add_argument("--loop", required=True, help="path of the compiled weighted_mean.c")
    parser.add_argument("--full", action="store_true", help="Bulyan at every size: Flower takes minutes for it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    rows = []
    for participants, parameters in SIZES:
        size = ["--participants", str(participants), "--parameters", str(parameters)]
        rules = [rule for rule in STRATEGIES if rule != "bulyan" or options.full]
        for threads in (1, 2):
            for rule in rules:
                slow = rule in ("multi-krum", "bulyan")
                repeats = ["--repeats", "1" if slow else "3"]
                print(f"{rule}, {participants} x {parameters:,}, {threads} thread(s) ...", file=sys.stderr)
                own = measure(
                    [options.linnet, "aggregation", "--json", "--strategy", STRATEGIES[rule], *size, *repeats,
                     "--threads", str(threads)], threads)
                flower = [sys.executable, str(HERE / "flower_aggregation.py"), "--rule", rule, *size, *repeats]
                peers = {"Flower": measure(flower, threads)["seconds"]}
                if rule == "fedavg" and threads == 1:
                    loop = [options.loop, str(participants), str(parameters), "5"]
                    peers["C loop"] = measure(loop, threads)["seconds"]
                for peer, seconds in peers.items():
                    rows.append({
                        "rule": rule, "participants": participants, "parameters": parameters, "threads": threads,
                        "seconds": own["seconds"], "extraMiB": own["extraMiB"], "peer": peer,
                        "peerSeconds": seconds, "ratio": seconds / own["seconds"],
                    })
    if options.json:
        print(json.dumps({"benchmark": "aggregation", "rows": rows}))
        return
    print(f"{'rule':14}{'updates':>9}{'parameters':>12}{'threads':>9}{'Linnet':>11}{'peer':>11}  {'':8}{'Linnet is':>10}")
    for row in rows:
        print(
            f"{row['rule']:14}{row['participants']:>9}{row['parameters']:>12,}{row['threads']:>9}"
            f"{row['seconds'] * 1000:>8,.1f} ms{row['peerSeconds'] * 1000:>8,.1f} ms  {row['peer']:8}"
            f"{row['ratio']:>8.1f} x as fast")


if __name__ == "__main__":
    main()
