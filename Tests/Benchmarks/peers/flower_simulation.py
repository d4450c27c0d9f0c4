# SPDX-License-Identifier: Apache-2.0
"""Runs rounds of a fleet in Flower's simulation engine, PyTorch clients on Ray; prints one JSON object."""

import argparse
import json
import logging
import os
import statistics
import time

os.environ.setdefault("RAY_DEDUP_LOGS", "0")
os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")

import torch
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation

import torch_training
import workload

client, server = ClientApp(), ServerApp()
ROWS, _, BATCH, WIDTHS = workload.NETWORKS["A1"]


@client.train()
def train(message: Message, context: Context) -> Message:
    torch.set_num_threads(1)
    model = torch_training.network(WIDTHS)
    model.load_state_dict(message.content["arrays"].to_torch_state_dict())
    count = int(os.environ["LINNET_WINDOWS"])
    first = int(context.node_config["partition-id"]) * 97 % (ROWS - count)
    x = torch.from_numpy(workload.inputs()[first : first + count])
    adam, error = torch.optim.Adam(model.parameters(), lr=1e-3), torch.nn.MSELoss()
    order = torch.randperm(count)
    for start in range(0, count, BATCH):
        batch = x[order[start : start + BATCH]]
        adam.zero_grad()
        error(model(batch), batch).backward()
        adam.step()
    content = {"arrays": ArrayRecord(model.state_dict()), "metrics": MetricRecord({"num-examples": count})}
    return Message(content=RecordDict(content), reply_to=message)


class Timed(FedAvg):
    """Notes when each round's updates have been combined."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.ends = [time.perf_counter()]

    def aggregate_train(self, server_round, replies):
        result = super().aggregate_train(server_round, replies)
        self.ends.append(time.perf_counter())
        return result


@server.main()
def main(grid: Grid, context: Context) -> None:
    strategy = Timed(fraction_train=1.0, fraction_evaluate=0.0)
    strategy.start(
        grid=grid, initial_arrays=ArrayRecord(torch_training.network(WIDTHS).state_dict()),
        num_rounds=int(os.environ["LINNET_ROUNDS"]))
    seconds = [end - start for start, end in zip(strategy.ends, strategy.ends[1:])]
    # The first round starts Ray's workers: it is told apart.
    print(json.dumps({"secondsPerRound": statistics.median(seconds[1:]), "firstRoundSeconds": seconds[0]}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--agents", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--windows", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    os.environ["LINNET_ROUNDS"], os.environ["LINNET_WINDOWS"] = str(options.rounds), str(options.windows)
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    logging.disable(logging.INFO)
    run_simulation(
        server_app=server, client_app=client, num_supernodes=options.agents,
        backend_config={"init_args": {"num_cpus": options.threads, "include_dashboard": False},
                        "client_resources": {"num_cpus": 1.0, "num_gpus": 0.0}})
