# SPDX-License-Identifier: Apache-2.0
"""One row at a time through LiteRT, from weights that Linnet wrote: prints one JSON object like the others."""

import flatbuffers
import numpy as np
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as schema

import inference
import workload


def model(widths: list[int], weights: workload.Weights) -> bytes:
    """A graph of fully connected layers, written with LiteRT's own schema."""
    graph, buffers = schema.SubGraphT(), [schema.BufferT()]
    graph.tensors, graph.operators, graph.inputs = [], [], [0]

    def tensor(name: str, shape: list[int], values: np.ndarray | None = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, shape, schema.TensorType.FLOAT32, 0
        if values is not None:
            made.buffer = len(buffers)
            buffers.append(schema.BufferT())
            buffers[-1].data = np.frombuffer(values.tobytes(), dtype=np.uint8)
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    last = tensor("x", [1, widths[0]])
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        weight = tensor(f"w{number}", [outputs, inputs], weights.take(outputs, inputs))
        bias = tensor(f"b{number}", [outputs], weights.take(outputs))
        y = tensor(f"y{number}", [1, outputs])
        layer, options = schema.OperatorT(), schema.FullyConnectedOptionsT()
        relu = schema.ActivationFunctionType.RELU
        options.fusedActivationFunction = relu if number < len(widths) - 2 else schema.ActivationFunctionType.NONE
        layer.opcodeIndex, layer.inputs, layer.outputs = 0, [last, weight, bias], [y]
        layer.builtinOptionsType, layer.builtinOptions = schema.BuiltinOptions.FullyConnectedOptions, options
        graph.operators.append(layer)
        last = y
    graph.outputs = [last]
    code, made = schema.OperatorCodeT(), schema.ModelT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 1
    made.version, made.operatorCodes, made.subgraphs, made.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(made.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def main() -> None:
    options = inference.arguments()
    _, _, _, widths = workload.NETWORKS[options.network]
    content = model(widths, workload.Weights(options.weights))
    interpreter = litert.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    x, y = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def copied(row):
        interpreter.set_tensor(x, row[None])
        interpreter.invoke()
        return interpreter.get_tensor(y)

    source, target = interpreter.tensor(x), interpreter.tensor(y)

    def viewed(row):
        # Views of the interpreter's own memory; it refuses to run while there is one, so the result is a copy.
        source()[0] = row
        interpreter.invoke()
        return target().copy()

    inference.time_rows(options, {"views": viewed, "copies": copied})


if __name__ == "__main__":
    main()
