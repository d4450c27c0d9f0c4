# SPDX-License-Identifier: Apache-2.0
"""The rows and widths that every training benchmark shares; BenchmarkCase in Benchmark.swift forms the same numbers."""

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
