# SPDX-License-Identifier: Apache-2.0
"""One row at a time through ONNX Runtime, from weights that Linnet wrote: prints one JSON object like the others."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import inference
import workload


def model(widths: list[int], weights: workload.Weights) -> bytes:
    nodes, tensors, name = [], [], "x"
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        last = number == len(widths) - 2
        tensors.append(numpy_helper.from_array(weights.take(outputs, inputs).T.copy(), f"w{number}"))
        tensors.append(numpy_helper.from_array(weights.take(outputs).copy(), f"b{number}"))
        sums = "y" if last else f"z{number}"
        nodes.append(helper.make_node("Gemm", [name, f"w{number}", f"b{number}"], [sums]))
        if not last:
            name = f"y{number}"
            nodes.append(helper.make_node("Relu", [sums], [name]))
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, widths[0]]) for end in ("x", "y")]
    graph = helper.make_graph(nodes, "autoencoder", ends[:1], ends[1:], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def main() -> None:
    options = inference.arguments()
    _, _, _, widths = workload.NETWORKS[options.network]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model(widths, workload.Weights(options.weights)), settings, providers=["CPUExecutionProvider"])
    # Bound once, and changed in place: the shortest way there is from a row to its reconstruction.
    x, y = np.zeros((1, widths[0]), np.float32), np.zeros((1, widths[0]), np.float32)
    binding = session.io_binding()
    binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)

    def bound(row):
        x[0] = row
        session.run_with_iobinding(binding)
        return y

    inference.time_rows(options, {"bound memory": bound, "run": lambda row: session.run(None, {"x": row[None]})[0]})


if __name__ == "__main__":
    main()
