# SPDX-License-Identifier: Apache-2.0
"""Times Flower's aggregation of updates of four layers; prints one JSON object.

By default through the strategies of its current API, which take messages, as a Flower server does. With --functions through
the older functions over NumPy arrays, which leave out unpacking and metrics.
"""

import argparse
import json
import statistics
import time

import numpy
from flwr.app import ArrayRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.server.strategy import aggregate as functions
from flwr.serverapp import strategy
from flwr.supercore.task_identity import TaskIdentity

MALICIOUS = 20
# What a Flower server sets before it makes its first message.
TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1


def layers(options: argparse.Namespace, generator: numpy.random.Generator) -> list[numpy.ndarray]:
    cuts = [options.parameters // 2, options.parameters * 3 // 4, options.parameters * 7 // 8]
    return numpy.split(generator.standard_normal(options.parameters, dtype=numpy.float32), cuts)


def reply(number: int, update: list[numpy.ndarray]) -> Message:
    content = RecordDict({
        "arrays": ArrayRecord(update),
        "metrics": MetricRecord({"num-examples": 100 + number}),
    })
    # A reply has to answer something; what was asked does not matter here.
    return Message(content, reply_to=Message(RecordDict(), dst_node_id=number + 1, message_type=MessageType.TRAIN))


def strategies(options: argparse.Namespace):
    updates = options.participants
    rule = {
        "fedavg": lambda: strategy.FedAvg(),
        "median": lambda: strategy.FedMedian(),
        "trimmed-mean": lambda: strategy.FedTrimmedAvg(beta=0.2),
        "multi-krum": lambda: strategy.MultiKrum(
            num_malicious_nodes=MALICIOUS, num_nodes_to_select=updates - MALICIOUS - 2),
        "bulyan": lambda: strategy.Bulyan(num_malicious_nodes=MALICIOUS),
    }[options.rule]()
    return lambda replies: rule.aggregate_train(1, replies)


FUNCTIONS = {
    "fedavg": lambda results: functions.aggregate(results),
    "median": lambda results: functions.aggregate_median(results),
    "trimmed-mean": lambda results: functions.aggregate_trimmed_avg(results, 0.2),
    "multi-krum": lambda results: functions.aggregate_krum(results, MALICIOUS, len(results) - MALICIOUS - 2),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--participants", type=int, required=True)
    parser.add_argument("--parameters", type=int, required=True)
    parser.add_argument("--rule", choices=[*FUNCTIONS, "bulyan"], required=True)
    parser.add_argument("--functions", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()

    generator = numpy.random.default_rng(1)
    updates = [layers(options, generator) for _ in range(options.participants)]
    seconds = []
    for _ in range(options.repeats):
        # Made anew each time: some strategies take the arrays out of the messages.
        if options.functions:
            aggregate = FUNCTIONS[options.rule]
            results = [(update, 100 + number) for number, update in enumerate(updates)]
        else:
            aggregate = strategies(options)
            results = [reply(number, update) for number, update in enumerate(updates)]
        start = time.perf_counter()
        aggregate(results)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(seconds)}))


if __name__ == "__main__":
    main()
