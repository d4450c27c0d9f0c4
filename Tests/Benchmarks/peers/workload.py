# SPDX-License-Identifier: Apache-2.0
"""The rows and widths that every training benchmark shares; BenchmarkCase in Benchmark.swift forms the same numbers."""

import numpy as np

ROWS, WIDTHS = 20_000, [38, 32, 16, 8, 16, 32, 38]


def inputs() -> np.ndarray:
    r = np.arange(ROWS, dtype=np.float64)[:, None]
    c = np.arange(WIDTHS[0], dtype=np.float64)[None, :]
    return (np.sin(0.011 * r + 0.37 * c) + 0.5 * np.sin(0.0031 * r * (1 + c % 5))).astype(np.float32)
