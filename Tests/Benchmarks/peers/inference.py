# SPDX-License-Identifier: Apache-2.0
"""Reconstructs one row at a time by Linnet, LiteRT, ONNX Runtime and C loops, in turn, and prints the ratios."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import workload

HERE = pathlib.Path(__file__).parent
NETWORKS = ("A1", "A2", "A3")


def arguments() -> argparse.Namespace:
    """What a peer is called with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--weights", required=True, help="a file that Linnet wrote")
    parser.add_argument("--passes", type=int, default=1)
    return parser.parse_args()


def time_rows(options: argparse.Namespace, ways: dict) -> None:
    """Times every row each way, and prints one JSON object for all ways."""
    rows = workload.inputs(options.network)
    results = {}
    for way, run in ways.items():
        times, total = [], 0.0
        for row in list(rows[:100]) + list(rows) * options.passes:  # the first ones warm up
            start = time.perf_counter()
            y = run(row)
            times.append((time.perf_counter() - start) * 1e6)
            total += float(y.sum()) if len(times) > 100 else 0
        times = sorted(times[100:])
        results[way] = {"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100],
                        "check": total / len(times) / rows.shape[1]}
    print(json.dumps(results))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--linnet", required=True, help="path of linnet-benchmark")
    parser.add_argument("--loops", required=True, nargs=2, help="inference.c as built by default, and with -march=native")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs; the medians count")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [row for network in options.networks for row in compare(network, options)]
    if options.json:
        print(json.dumps({"benchmark": "inference", "rounds": options.rounds, "rows": rows}))
        return
    print(f"One row at a time, one thread: microseconds, medians of {options.rounds} alternating runs")
    print(f"{'':4}{'peer':28}{'p50':>9}{'p99':>9}{'its p50':>9}{'its p99':>9}{'ratio':>8}")
    for row in rows:
        if "missing" in row:
            print(f"{row['network']:4}{row['peer']:28}left out: {row['missing']}")
            continue
        print(f"{row['network']:4}{row['peer']:28}{row['p50']:>9.2f}{row['p99']:>9.2f}{row['peerP50']:>9.2f}"
              f"{row['peerP99']:>9.2f}{row['ratio']:>7.1f}x")
    print("Allocations while Linnet ran:", sum(row.get("allocations", 0) for row in rows))


def compare(network: str, options: argparse.Namespace) -> list[dict]:
    count, _, _, widths = workload.NETWORKS[network]
    with tempfile.TemporaryDirectory() as directory:
        weights = f"{directory}/weights.f32"
        own_command = [options.linnet, "inference", "--json", "--network", network, "--weights", weights]
        common = ["--network", network, "--weights", weights]
        sizes = [weights, str(count), "3", *map(str, widths)]
        commands = {
            "LiteRT": [sys.executable, str(HERE / "litert_inference.py"), *common],
            "ONNX Runtime": [sys.executable, str(HERE / "onnx_inference.py"), *common],
            "C loop": [options.loops[0], *sizes],
            "C loop, -march=native": [options.loops[1], *sizes],
        }
        own, runs, missing = [], {}, {}
        for number in range(options.rounds):
            print(f"{network}, round {number + 1} of {options.rounds} ...", file=sys.stderr)
            own.append(workload.measure(own_command))
            for name, command in commands.items():
                if name in missing:
                    continue
                try:
                    result = workload.measure(command)
                except subprocess.CalledProcessError as error:
                    missing[name] = f"it ended with {error.returncode}; see above"
                    continue
                ways = {name: result} if "p50" in result else {f"{name}, {way}": result[way] for way in result}
                for way, times in ways.items():
                    runs.setdefault(way, []).append(times)

    def median(values: list[dict], key: str) -> float:
        return statistics.median(value[key] for value in values)

    p50, check = median(own, "p50"), own[0]["check"]
    rows = [{"network": network, "threads": 1, "peer": name, "missing": reason} for name, reason in missing.items()]
    for name, some in runs.items():
        row = {"network": network, "threads": 1, "peer": name}
        if abs(some[0]["check"] - check) > 1e-4 * max(1, abs(check)):
            raise SystemExit(f"{name} computes something else: {some[0]['check']}, not {check}")
        rows.append(row | {
            "p50": p50, "p99": median(own, "p99"), "allocations": max(run["allocations"] for run in own),
            "peerP50": median(some, "p50"), "peerP99": median(some, "p99"), "ratio": median(some, "p50") / p50})
    return rows


if __name__ == "__main__":
    main()
