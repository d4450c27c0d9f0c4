# SPDX-License-Identifier: Apache-2.0
"""Runs fleets in Linnet's simulation and in Flower's, and prints how many agents' rounds a second each gets through."""

import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
WINDOWS = 1000
# Rounds that Linnet's rate is taken from.
MORE = 20


def linnet(binary: str, agents: int, rounds: int, threads: int, *more: str) -> dict:
    print(f"Linnet, {agents:,} agents, {rounds} rounds, {threads} thread(s) ...", file=sys.stderr)
    command = [binary, "simulate", "--json", "--agents", str(agents), "--rounds", str(rounds), "--threads", str(threads)]
    result = subprocess.run(command + list(more), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(result.stdout)


def flower(agents: int, rounds: int, threads: int) -> dict:
    print(f"Flower, {agents:,} agents, {rounds} rounds, {threads} thread(s) ...", file=sys.stderr)
    command = [sys.executable, str(HERE / "flower_simulation.py"), "--agents", str(agents), "--rounds", str(rounds),
               "--windows", str(WINDOWS), "--threads", str(threads)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads([line for line in result.stdout.splitlines() if line.startswith("{")][-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--linnet", required=True, help="path of linnet")
    parser.add_argument("--agents", type=int, default=100, help="agents of the fleet that both run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", type=int, default=10_000, help="agents of the fleet that Linnet runs alone; 0 for none")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    rows = []
    for threads in (1, 2):
        # The same network, rows, passes and batches on both sides; and as Flower's first round, in which it starts its
        # workers, is left out, so is the start of Linnet's run, in which it makes the data.
        same = ("--windows", str(WINDOWS), "--epochs", "1", "--strategy", "fedavg")
        start = linnet(options.linnet, options.agents, options.rounds, threads, *same)
        own = linnet(options.linnet, options.agents, options.rounds + MORE, threads, *same)
        rate = options.agents * MORE / (own["wallSeconds"] - start["wallSeconds"])
        peer = flower(options.agents, options.rounds, threads)
        peer_rate = options.agents / peer["secondsPerRound"]
        rows.append({
            "agents": options.agents, "rounds": options.rounds, "threads": threads, "seconds": start["wallSeconds"],
            "clientRoundsPerSecond": rate, "peakMiB": own["peakMiB"], "peer": "Flower",
            "peerClientRoundsPerSecond": peer_rate, "peerFirstRoundSeconds": peer["firstRoundSeconds"],
            "ratio": rate / peer_rate,
        })
    if options.large:
        own = linnet(options.linnet, options.large, 20, 2)
        rows.append({
            "agents": options.large, "rounds": 20, "threads": 2, "seconds": own["wallSeconds"],
            "clientRoundsPerSecond": own["clientRoundsPerSecond"], "peakMiB": own["peakMiB"],
        })
    if options.json:
        print(json.dumps({"benchmark": "simulation", "rows": rows}))
        return
    print(f"{'agents':>8}{'rounds':>8}{'threads':>9}{'seconds':>10}{'peak memory':>13}{'agents x rounds / s':>21}{'Flower':>10}"
          f"{'ratio':>9}")
    for row in rows:
        peer = f"{row['peerClientRoundsPerSecond']:>10,.0f}{row['ratio']:>8.1f}x" if "ratio" in row else ""
        print(f"{row['agents']:>8,}{row['rounds']:>8}{row['threads']:>9}{row['seconds']:>10,.1f}{row['peakMiB']:>9,.0f} MiB"
              f"{row['clientRoundsPerSecond']:>21,.0f}{peer}")


if __name__ == "__main__":
    main()
