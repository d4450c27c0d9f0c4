# SPDX-License-Identifier: Apache-2.0
"""Times Flower's aggregation functions on updates of four layers; prints one JSON object."""

import argparse
import json
import statistics
import time

import numpy
from flwr.server.strategy import aggregate as flower

RULES = {
    "fedavg": lambda results: flower.aggregate(results),
    "median": lambda results: flower.aggregate_median(results),
    "trimmed-mean": lambda results: flower.aggregate_trimmed_avg(results, 0.2),
    "multi-krum": lambda results: flower.aggregate_krum(results, 20, len(results) - 22),
    "bulyan": lambda results: flower.aggregate_bulyan(results, 20, flower.aggregate_krum, to_keep=0),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--participants", type=int, required=True)
    parser.add_argument("--parameters", type=int, required=True)
    parser.add_argument("--rule", choices=RULES, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()

    generator = numpy.random.default_rng(1)
    cuts = [options.parameters // 2, options.parameters * 3 // 4, options.parameters * 7 // 8]
    results = [
        (numpy.split(generator.standard_normal(options.parameters, dtype=numpy.float32), cuts), 100 + number)
        for number in range(options.participants)
    ]
    seconds = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        RULES[options.rule](results)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(seconds)}))


if __name__ == "__main__":
    main()
