#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what Linnet wrote with onnxruntime and with the safetensors package, and compares the numbers.

  check_exports.py CASES.json

CASES.json is a list of {name, onnx, safetensors, windows, length, channels, scores, expected, tensors}: files, windows
[n, length, channels] and what Linnet says of them, and for each tensor of the safetensors file the sum of its values.
Ends with status 1 at the first number that is off by more than 1e-5 of the larger of 1 and itself.
"""
import json
import sys

import numpy as np
import onnxruntime
from safetensors import safe_open

TOLERANCE = 1e-5


def difference(name, found, wanted):
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    if found.shape != wanted.shape:
        sys.exit(f"{name}: shape {found.shape}, not {wanted.shape}")
    worst = float(np.max(np.abs(found - wanted) / np.maximum(1, np.abs(wanted))))
    if not worst <= TOLERANCE:
        sys.exit(f"{name}: off by {worst:.2e}")
    return worst


def check(case):
    session = onnxruntime.InferenceSession(case["onnx"], providers=["CPUExecutionProvider"])
    windows = np.asarray(case["windows"], np.float32).reshape(-1, case["length"], case["channels"])
    scores, expected = session.run(["score", "expected"], {"window": windows})
    worst = difference(f"{case['name']}, scores", scores, case["scores"])
    worst = max(worst, difference(f"{case['name']}, outputs", expected.reshape(-1), case["expected"]))
    with safe_open(case["safetensors"], framework="numpy") as file:
        names = set(file.keys())
        if names != set(case["tensors"]):
            sys.exit(f"{case['name']}: tensors {sorted(names)}, not {sorted(case['tensors'])}")
        for name, total in case["tensors"].items():
            values = file.get_tensor(name).astype(np.float64)
            worst = max(worst, difference(f"{case['name']}, {name}", values.sum(), total))
        if file.metadata()["family"] == "":
            sys.exit(f"{case['name']}: no family in the metadata")
    return worst


def main():
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    worst = max(check(case) for case in cases)
    print(f"{len(cases)} models agree, the worst number off by {worst:.1e}")


main()
