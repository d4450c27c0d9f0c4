# SPDX-License-Identifier: Apache-2.0
"""What all sides of a benchmark share: rows and widths, and how they are run; BenchmarkCase in Benchmark.swift has the same."""

import json
import os
import pathlib
import subprocess

import numpy as np

# Rows and width of the data, rows of a step, and the kind of network; BenchmarkNetwork.swift has the same.
NETWORKS = {
    "A1": (20_000, 38, 32, [38, 32, 16, 8, 16, 32, 38]),
    "A2": (10_000, 8, 32, [8, 16, 4, 16, 8]),
    "A3": (5_000, 512, 128, [512, 128, 32, 128, 512]),
    "A4": (2_000, 480, 32, "convolutional"),
    "A5": (2_000, 80, 32, "lstm"),
}


def inputs(network: str = "A1") -> np.ndarray:
    rows, width, _, _ = NETWORKS[network]
    r = np.arange(rows, dtype=np.float64)[:, None]
    c = np.arange(width, dtype=np.float64)[None, :]
    return (np.sin(0.011 * r + 0.37 * c) + 0.5 * np.sin(0.0031 * r * (1 + c % 5))).astype(np.float32)


class Weights:
    """Linnet's first weights, handed out tensor by tensor in the order in which they lie in the flat vector."""

    def __init__(self, path: str):
        self.values = np.fromfile(path, dtype=np.float32)
        self.next = 0

    def take(self, *shape: int) -> np.ndarray:
        count = int(np.prod(shape))
        self.next += count
        return self.values[self.next - count : self.next].reshape(shape)


def order(directory: str, rows: int) -> np.ndarray:
    """The rows of each epoch in the order in which Linnet takes them, [epochs, rows]."""
    return np.fromfile(pathlib.Path(directory) / "order.i32", dtype=np.int32).reshape(-1, rows)


def measure(command: list[str], threads: int = 1, **extra: str) -> dict:
    """Runs one side, on one processor if it is to use one thread, and reads the JSON object that it prints."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | {name: str(threads) for name in names} | extra
    processors = sorted(os.sched_getaffinity(0))[-threads:]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, processors))
    return json.loads(result.stdout.splitlines()[-1])
